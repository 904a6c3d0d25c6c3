"""Guards, backoff and the few rules that live in the models."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.backoff import FIRST_DELAY, LONGEST_DELAY, delay
from core.clear_limit import Tally, clears_too_much, tally
from core.fields import listed_value
from core.models import Change, ChangeKind, ItemRef, Section
from core.scopes import SCOPES
from core.setting_values import BadValueError, addresses, tag_rules
from tests.core.builders import listed


@pytest.mark.parametrize(
    ("change", "counted", "kinds"),
    [
        (Change("title", None, "A"), Tally(1, 0), ["set"]),
        (Change("title", "A", "B"), Tally(1, 0), ["change"]),
        (Change("summary", "A", None), Tally(1, 1), ["clear"]),
        (Change("rating", 7.0, None), Tally(1, 1), ["clear"]),
        (Change("tags", (), ("a", "b"), added=("a", "b")), Tally(2, 0), ["add"]),
        (Change("tags", ("a", "b", "c"), ("c",), removed=("a", "b")), Tally(2, 2), ["remove"]),
        (Change("tags", ("a",), (), removed=("a",)), Tally(1, 1), ["remove"]),
        (Change("tags", ("a",), ("b", "c"), ("b", "c"), ("a",)), Tally(3, 1), ["add", "remove"]),
        (Change("tags", ("a",), ("b",), ("b",), ("a",), 1), Tally(1, 0), ["add", "remove"]),
        (
            Change("tags", ("a", "x"), ("b", "c"), ("b", "c"), ("a", "x"), 1),
            Tally(3, 1),
            ["add", "remove"],
        ),
    ],
)
def test_what_a_change_touches_and_takes(change: Change, counted: Tally, kinds: list[str]) -> None:
    assert list(change.kinds) == [ChangeKind(kind) for kind in kinds]
    assert tally([change]) == counted
    assert tally([change, change]) == counted + counted


def test_no_change_touches_nothing() -> None:
    assert tally([]) == Tally()


@pytest.mark.parametrize(
    ("cleared", "touched", "percent", "too_much"),
    [
        (0, 0, 10, False),
        (50, 50, 10, False),  # so many may always go
        (51, 51, 10, True),
        (51, 510, 10, False),  # exactly the share is not more than it
        (51, 509, 10, True),
        (100_000, 1_000_000, 10, False),
        (100_001, 1_000_000, 10, True),
        (51, 51, 100, False),
        (51, 10_000, 0, True),
    ],
)
def test_clearing_too_much(cleared: int, touched: int, percent: int, too_much: bool) -> None:
    assert clears_too_much(Tally(touched, cleared), percent) is too_much


@pytest.mark.parametrize(
    ("attempts", "full"),
    [(0, 30.0), (1, 30.0), (2, 60.0), (3, 120.0), (7, 1920.0), (8, 3600.0), (10**9, 3600.0)],
)
def test_backoff_doubles_up_to_an_hour(attempts: int, full: float) -> None:
    assert delay(attempts, 0.0) == full / 2
    assert delay(attempts, 1.0) == full


@given(st.integers(-5, 10_000), st.floats(0, 1, exclude_max=True))
def test_backoff_stays_within_its_bounds(attempts: int, jitter: float) -> None:
    assert FIRST_DELAY / 2 <= delay(attempts, jitter) <= LONGEST_DELAY
    assert delay(attempts, jitter) <= delay(attempts + 1, jitter)


@pytest.mark.parametrize(
    ("kind", "agent", "item_type", "has_agent"),
    [
        ("movie", "tv.plex.agents.movie", 1, True),
        ("movie", "com.plexapp.agents.none", 1, False),
        ("movie", "tv.plex.agents.none", 1, False),
        ("show", "tv.plex.agents.series", 4, True),
    ],
)
def test_sections(kind: str, agent: str, item_type: int, has_agent: bool) -> None:
    section = Section("1", "A", kind, agent, (), refreshing=False)
    assert (section.item_type, section.has_agent) == (item_type, has_agent)


def test_a_listed_item_tells_its_scalars() -> None:
    item = listed(title="A", summary="B", studio="C", date="2024-01-02", rating=7.5)
    names = ("title", "summary", "studio", "date", "rating")
    assert [listed_value(item, name) for name in names] == ["A", "B", "C", "2024-01-02", 7.5]
    assert str(ItemRef("2", "15")) == "2:15"


def test_a_scope_says_which_scenes_it_is_about_and_since_when() -> None:
    everything, day, _ = SCOPES
    assert (everything.words, everything.since(5e6)) == ("all scenes", None)
    assert day.words == "the scenes of the last 24 hours"
    assert day.since(5e6) == 5e6 - 86_400
    found = [[one.covers(other) for other in SCOPES] for one in SCOPES]
    assert found == [[True] * 3, [False, True, False], [False, True, True]]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("https://a/b , json://c,https://a/b,", ("https://a/b", "json://c")),
        ("", ()),
        ("https://a, b", None),
        ("example.org/b", None),
        ("1a://b", None),
    ],
)
def test_addresses_between_commas(typed: str, found: tuple[str, ...] | None) -> None:
    if found is None:
        with pytest.raises(BadValueError, match="each with its scheme"):
            addresses(typed)
    else:
        assert addresses(typed) == found


def test_rules_that_cannot_be_read_are_refused_with_the_reason() -> None:
    assert tag_rules("TAG solo=>label") == "tag solo => label"
    with pytest.raises(BadValueError, match="one of"):
        tag_rules("solo => label")
