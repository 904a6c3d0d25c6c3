"""Whatever order changes are seen in, each is dealt with once, and none is missed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.watermark import BACK, OVERLAP, SETTLED, Watermark

NOW = 1_000_000.0
LATER = NOW + 100
TIMES = st.integers(-40, 40).map(lambda seconds: NOW + seconds)


def test_what_was_touched_later_or_added_is_fresh() -> None:
    mark = Watermark(NOW, 10)
    touched = [(1, NOW + 1), (2, NOW - OVERLAP - 1), (11, NOW - 1e6)]
    assert mark.fresh(touched, NOW) == {1: NOW + 1, 11: NOW - 1e6}


def test_what_was_seen_is_not_fresh_again_until_it_is_touched() -> None:
    mark = Watermark(NOW, 10).after([(1, NOW + 1), (11, 5.0)], NOW + 9)
    assert (mark.at, mark.last_id) == (NOW + 1, 11)
    assert mark.fresh([(1, NOW + 1), (11, 5.0)], NOW + 9) == {}
    assert mark.fresh([(1, NOW + 2), (2, NOW - 5)], NOW + 9) == {1: NOW + 2, 2: NOW - 5}


def test_what_was_seen_in_the_second_of_its_change_is_fresh_once_more() -> None:
    """Another change in that second leaves the same time."""
    touched = [(1, NOW), (2, NOW - SETTLED)]
    mark = Watermark(NOW - 9, 10).after(touched, NOW + 0.5)
    assert mark.fresh(touched, NOW + 0.5) == {1: NOW}
    assert mark.after(touched, NOW + SETTLED).fresh(touched, NOW + SETTLED) == {}


def test_a_time_ahead_raises_no_watermark_and_is_fresh_once() -> None:
    mark = Watermark(NOW - 5, 10).after([(1, NOW + 9e4), (2, NOW + 60), (3, NOW - 3)], NOW)
    assert mark.at == NOW - 3
    assert mark.fresh([(1, NOW + 9e4), (2, NOW + 60)], NOW) == {}


def test_it_never_goes_back() -> None:
    assert Watermark(NOW, 10).after([(1, NOW - 9e5)], NOW) == Watermark(NOW, 10)


def test_after_the_clock_was_set_back_a_day_is_looked_at_again() -> None:
    mark, now = Watermark(NOW, 10, {1: NOW}), NOW - 3600
    touched = [(2, now - 600), (1, NOW), (3, now - BACK - 1)]
    assert mark.fresh(touched, now) == {2: now - 600}
    after = mark.after(touched, now)
    assert after.at == now
    assert after.fresh([*touched, (4, now + 5)], now + 5) == {4: now + 5}


def test_it_is_kept_as_json() -> None:
    mark = Watermark(NOW, 10, {3: NOW})
    assert Watermark.from_dict(mark.as_dict()) == mark


@given(st.lists(st.dictionaries(st.integers(1, 6), TIMES), max_size=8))
def test_each_change_within_the_overlap_is_dealt_with_once(looks: list[dict[int, float]]) -> None:
    """Of changes that come up late, by no more than the overlap."""
    mark, dealt_with = Watermark(NOW, 6), list[tuple[int, float]]()
    known: dict[int, float] = {}
    for changes in looks:
        late = mark.at - OVERLAP
        known.update({scene: at for scene, at in changes.items() if at >= late})
        fresh = mark.fresh(known.items(), LATER)
        dealt_with += fresh.items()
        mark = mark.after(known.items(), LATER)
        assert all(pair in dealt_with for pair in known.items())
    assert len(set(dealt_with)) == len([*dict.fromkeys(dealt_with)])
