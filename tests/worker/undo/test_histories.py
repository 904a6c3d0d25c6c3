"""What a run did to one field where it changed it more than once."""

from __future__ import annotations

import pytest

from core.models import ItemRef, Value
from storage.state_tables.journal import JournalEntry
from worker.undo.item_undo_plan import histories


@pytest.mark.parametrize(
    ("field", "first", "second", "restored"),
    [
        ("title", ("A", "B"), ("B", "C"), "A"),
        ("title", ("A", "B"), ("A", "B"), "A"),  # the first never arrived
        ("title", ("A", "B"), ("By hand", "C"), "By hand"),
        ("poster", ("upload://posters/a", "upload://posters/b"), ("media://x", "c"), "media://x"),
        ("tags", (("a", "b"), ("c",)), (("b", "c"), ("c",)), ("a", "b")),  # a part arrived
        ("tags", (("a",), ("a", "b")), (("b",), ("a", "b")), ("b",)),
        ("tags", (("a",), ("b",)), (("b", "By hand"), ("b",)), ("b", "By hand")),
    ],
)
def test_what_somebody_changed_in_between_is_what_comes_back(
    field: str, first: tuple[Value, Value], second: tuple[Value, Value], restored: Value
) -> None:
    entries = [JournalEntry(1, ItemRef("1", "2"), field, *pair, 0.0) for pair in (first, second)]

    history = histories(entries)[field]

    assert history.before == restored
    assert history.last is entries[1]
