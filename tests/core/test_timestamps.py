"""Stash's timestamps, and times for people."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.timestamps import in_words, parse_timestamp, rfc3339

MOMENT = 1_768_115_273.0  # 2026-01-11 07:07:53 UTC


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-01-11T07:07:53Z", MOMENT),
        ("2026-01-11T07:07:53z", MOMENT),
        ("2026-01-11T18:07:53+11:00", MOMENT),
        ("2026-01-11T03:37:53-03:30", MOMENT),
        ("2026-01-11T18:07:53+1100", MOMENT),
        ("2026-01-11 07:07:53", MOMENT),
        (" 2026-01-11T07:07:53.25Z\n", MOMENT + 0.25),
        ("2026-01-11T07:07:53.123456789Z", MOMENT + 0.123456789),
        ("1969-12-31T23:59:59Z", -1.0),
    ],
)
def test_moments(text: str, seconds: float) -> None:
    assert parse_timestamp(text) == pytest.approx(seconds, abs=1e-6)


@pytest.mark.parametrize(
    "text",
    [
        None,
        5,
        "",
        "today",
        "2026-01-11",
        "2026-02-30T00:00:00Z",
        "2026-01-11T25:00:00Z",
        "2026-01-11T07:07:53+25:00",
        "2026-01-11T07:07:53Z and more",
    ],
)
def test_what_is_no_moment(text: object) -> None:
    assert parse_timestamp(text) is None


@given(
    st.datetimes(),
    st.integers(-14 * 60, 14 * 60).map(
        lambda minutes: datetime.timezone(datetime.timedelta(minutes=minutes))
    ),
)
def test_it_reads_what_isoformat_writes(moment: datetime.datetime, zone: datetime.timezone) -> None:
    aware = moment.replace(tzinfo=zone)
    assert parse_timestamp(aware.isoformat()) == pytest.approx(aware.timestamp(), abs=1e-5)
    assert parse_timestamp(aware) == parse_timestamp(aware.isoformat())
    assert parse_timestamp(moment) == parse_timestamp(f"{moment.isoformat()}Z")


MOMENTS = st.floats(-6e10, 2.5e11) | st.integers(0, 2**61).map(lambda nanos: nanos / 1e9)


@given(MOMENTS)
def test_a_moment_that_was_written_is_read_as_none_that_is_later(at: float) -> None:
    read = parse_timestamp(rfc3339(at))
    assert read is not None
    assert at - 1 <= read <= at


@given(MOMENTS, st.integers(0, 999_999_999))
def test_later_moments_are_never_read_as_earlier_ones(at: float, nanos: int) -> None:
    second = rfc3339(at).removesuffix("Z")
    read = [parse_timestamp(f"{second}.{each:09}Z") for each in (nanos // 2, nanos)]
    first, later = (one for one in read if one is not None)
    assert parse_timestamp(f"{second}Z") <= first <= later  # type: ignore[operator]


@pytest.mark.parametrize("at", [float("inf"), float("-inf"), float("nan"), 1e300, -1e300])
def test_any_number_is_some_moment(at: float) -> None:
    assert parse_timestamp(rfc3339(at)) is not None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s"),
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (89 * 60, "89 min"),
        (90 * 60, "2 h"),
        (35 * 3600, "35 h"),
        (36 * 3600, "2 days"),
        (700 * 3600, "29 days"),
    ],
)
def test_a_length_of_time_in_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words
