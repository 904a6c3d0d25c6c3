"""The figures of a run: told by the names of its reply, and gone on with where it was cut off."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields

import pytest

from storage.record_codec import dumps
from worker.executor.figures import APPLY, DRAIN, LISTED, RELEASE, UNDO, CountOf, Figures, Listing

REPLIES = {"drain": DRAIN, "apply": APPLY, "undo": UNDO, "release": RELEASE}
NUMBERS = [each.name for each in fields(Figures) if each.default_factory is not Listing]
LISTINGS = [each.name for each in fields(Figures) if each.default_factory is Listing]


def some_figures(start: int) -> Figures:
    """Each with a number of its own, and more lines than there was room for."""
    numbers = {name: start + n for n, name in enumerate(NUMBERS)}
    told = {name: Listing(start + 50 + n, [name, "more"]) for n, name in enumerate(LISTINGS)}
    return Figures(**numbers, **told)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", REPLIES)
def test_what_a_run_has_told_is_where_it_goes_on(kind: str) -> None:
    names, figures = REPLIES[kind], some_figures(1)
    told = figures.reply(names)
    stored = json.loads(dumps(told))
    again = Figures()

    again.restore({**stored, "run_id": 5, "kind": "other"}, names)

    assert told.keys() == names.keys()
    assert again.reply(names) == told
    # What is counted on is the new figures', and nothing of the stored ones changes with it.
    for name in LISTINGS:
        getattr(again, name).note("one more")
    assert stored == json.loads(dumps(told))


@pytest.mark.parametrize("kind", REPLIES)
def test_every_listing_is_told_with_its_count(kind: str) -> None:
    """So that what goes on counts on, whatever of the lines had room."""
    figures = set(REPLIES[kind].values())
    for name in LISTINGS:
        assert name not in figures or name == "plans" or CountOf(name) in figures
    assert figures <= {*NUMBERS, *LISTINGS, *map(CountOf, LISTINGS)}


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"processed": "many", "succeeded": None, "refused": 3, "refused_count": ["line"]},
        {"processed": [1], "conflicts": "line", "conflict_count": {}},
    ],
)
def test_figures_that_make_no_sense_are_left_out(stored: Mapping[str, object]) -> None:
    figures = Figures()

    figures.restore(stored, DRAIN)

    assert figures == Figures()


def test_the_figures_of_several_runs_add_up() -> None:
    figures, second = some_figures(1), some_figures(100)
    figures.add(second)

    for n, name in enumerate(NUMBERS):
        expected = 100 + n if name == "remaining" else 101 + 2 * n
        assert getattr(figures, name) == expected
    for n, name in enumerate(LISTINGS):
        assert getattr(figures, name) == Listing(201 + 2 * n, [name, "more"] * 2)


def test_of_lines_all_are_counted_and_the_first_are_kept() -> None:
    listing = Listing()
    for number in range(LISTED + 5):
        listing.note(str(number))
    assert (listing.count, len(listing.lines)) == (LISTED + 5, LISTED)
    assert listing.lines[-1] == str(LISTED - 1)

    first, second = Figures(), Figures(failures=Listing(LISTED + 5, listing.lines))
    first.failures.note("first")
    first.add(second)

    assert first.failures.count == LISTED + 6
    assert first.failures.lines == ["first", *listing.lines[:-1]]
