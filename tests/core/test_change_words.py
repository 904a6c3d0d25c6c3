"""Changes in words, and how names in them are told from the words around them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.change_words import change_line, closed, counted, line_of, listed, named, scene_called
from core.models import Change, Value
from core.redaction import Redactor

NAMES = st.text(min_size=1, max_size=80).filter(str.strip)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (Change("title", "Was", "Is"), "title “Was” → “Is”"),
        (Change("studio", "Was", None), "studio cleared, was “Was”"),
        (Change("summary", None, "Is"), "summary = “Is”"),
        (Change("rating", 8.0, 9.5), "rating 8 → 9.5"),
        (Change("poster", "a", "b"), "poster → the cover in Stash"),
        (Change("poster", "b", "a"), "poster → the cover in Stash"),
        (Change("poster", "a", "a"), "poster locked as it is"),
        (Change("title", "", "Is"), "title nothing → “Is”"),
        (Change("tags", ("Sea",), ()), "tags “Sea” → nothing"),
        (Change("tags", ("Sea", "Jazz"), ("Sea",), (), ("Jazz",)), "tags − “Jazz”"),
        (Change("tags", (), (), ("Jazz", "Sea"), ("Night",)), "tags + “Jazz”, “Sea” − “Night”"),
        (Change("title", "x" * 99, "two\nlines “quoted”"), f'“{"x" * 59}…” → “two lines "quoted"”'),
    ],
)
def test_changes_in_words(change: Change, words: str) -> None:
    assert change_line(12, "Title", change).endswith(words)
    assert change_line(12, "Title", change).startswith("scene 12 “Title”: ")
    assert scene_called(12, "") == "scene 12"


@given(NAMES, st.lists(NAMES, min_size=1, max_size=3), NAMES | st.floats(0, 10))
def test_names_can_be_hidden_whatever_they_are(title: str, tags: list[str], value: Value) -> None:
    hidden = Redactor(hides_names=True)
    lines = [
        change_line(5, title, Change("tags", (), (), tuple(tags), (title,))),
        change_line(5, title, Change("title", value, title)),
    ]
    for line in lines:
        bare = re.sub(r"“name-[0-9a-f]{10}”", "“”", hidden.clean(line))
        assert re.fullmatch(
            r"scene 5( “”)?: (tags \+ “”(, “”)* − “”|title (nothing|“”|[\de.+-]+) → “”)", bare
        ), bare
    assert hidden.clean(named(title)) == hidden.clean(f"{named(title)}")
    assert Redactor().clean(named("Title")) == "“Title”"


def test_numbers_and_sentences() -> None:
    assert [counted(number, "scene") for number in (0, 1, 2_000)] == [
        *("0 scenes", "1 scene", "2,000 scenes")
    ]
    assert counted(2, "query", "queries") == "2 queries"
    assert listed([(2, "tags"), (0, "studios"), (1, "date")]) == "2 tags, 1 date"
    assert [closed(text) for text in ("Is it?", "It is")] == ["Is it?", "It is."]
    assert named("x" * 60) == f"“{'x' * 60}”"


def test_of_many_phrases_the_first_are_told_and_the_others_counted() -> None:
    phrases = [f"phrase {number}" for number in range(20)]

    called, _, told = line_of("item 3", phrases).partition(": ")
    *first, more = told.split("; ")

    assert called == "item 3"
    assert first == phrases[: len(first)]
    assert more == f"and {20 - len(first)} more"
    assert line_of("item 3", first) == f"item 3: {'; '.join(first)}"
