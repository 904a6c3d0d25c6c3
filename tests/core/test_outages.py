"""Figures of outages, worked out by hand."""

from __future__ import annotations

import pytest

from core.outages import Outage, OutageFigures, as_of, figures

HOUR, DAY = 3600.0, 86_400.0


def outage(began: float, ended: float | None) -> Outage:
    return Outage("plex", began, ended, "refused the connection")


def test_an_outage_of_a_time_to_come_is_none_unless_it_lasts() -> None:
    over, ahead = outage(1, 5), outage(11, 15)
    lasting, since_ahead = outage(2, None), outage(12, None)
    assert as_of([over, ahead, lasting, since_ahead], 10) == [over, lasting, outage(10, None)]
    assert as_of([over], 1) == [over]


def test_without_an_outage() -> None:
    assert figures([], 0, 30 * DAY) == OutageFigures(0, 0, None, None, 1.0)


def test_three_outages_in_thirty_days() -> None:
    """One hour, two hours and six hours: 9 h down of 720 h, so 711 h up, 237 h for each."""
    told = [outage(DAY, DAY + HOUR), outage(5 * DAY, 5 * DAY + 2 * HOUR)]
    told.append(outage(20 * DAY, 20 * DAY + 6 * HOUR))
    found = figures(told, 0, 30 * DAY)
    assert (found.count, found.downtime, found.mttr) == (3, 9 * HOUR, 3 * HOUR)
    assert found.mtbf == 237 * HOUR
    assert found.availability == pytest.approx(0.9875)


def test_one_that_lasts_counts_until_now_and_is_not_repaired() -> None:
    """Ten hours watched, of which the last two are an outage that goes on."""
    found = figures([outage(8 * HOUR, None)], 0, 10 * HOUR)
    assert found == OutageFigures(1, 2 * HOUR, None, 8 * HOUR, 0.8)


def test_of_one_that_began_before_only_a_part_is_downtime() -> None:
    """Three hours long, of which one lies in the ten hours that are looked at."""
    found = figures([outage(-2 * HOUR, HOUR)], 0, 10 * HOUR)
    assert found == OutageFigures(1, HOUR, 3 * HOUR, 9 * HOUR, 0.9)


def test_the_time_of_two_that_overlap_counts_once() -> None:
    """The clock was set back by an hour in between: from the second to the sixth hour."""
    told = [outage(2 * HOUR, 5 * HOUR), outage(4 * HOUR, 6 * HOUR), outage(4 * HOUR, 4.5 * HOUR)]
    found = figures(told, 0, 10 * HOUR)
    assert (found.count, found.downtime, found.mtbf) == (3, 4 * HOUR, 2 * HOUR)
    assert found.availability == 0.6


def test_what_ended_before_or_begins_later_is_none() -> None:
    old, later = outage(-9 * HOUR, -HOUR), outage(11 * HOUR, None)
    assert figures([old, later], 0, 10 * HOUR).count == 0


def test_watched_for_no_time_at_all() -> None:
    assert figures([outage(5, None)], 5, 5) == OutageFigures(1, 0, None, 0, 1.0)
