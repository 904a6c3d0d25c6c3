"""What the journal keeps of a value besides: what was known of it, and what it takes to undo it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.models import Role
from core.records import FieldRecord, PictureRecord, PictureRecords
from storage.state_tables.journal import JournalEntry
from tests.core.builders import item_record, record, ref
from tests.worker.builders import change, edit, plan
from worker.executor.before_image import (
    BeforeImage,
    field_entry,
    known_in,
    next_in,
    picture_entry,
    roles_in,
    says_next,
    title_sort_in,
)
from worker.plan import ItemEdit

ITEM = ref("7")
KNOWN, POSTER = FieldRecord("Old", "Old"), PictureRecord("ab12", 9)
RECORD = replace(
    record(item_record(fields={"title": KNOWN}), item_record(key="8"), fingerprint="f"),
    pictures=PictureRecords(pictures={("poster", ITEM): POSTER, ("background", ITEM): POSTER}),
    undone=True,
)
CHANGES = (change("title", "Old", "New"), change("performers", ("Ana",), ("Jan",)))
ROLES = (Role("Ana", "Cook", "/ana"),)


def edited(**more: Any) -> ItemEdit:
    made = edit(*CHANGES, **more)
    item = replace(made.item, roles=ROLES, title_sort="Old, The")
    return replace(made, plan=replace(made.plan, item=item))


@pytest.mark.parametrize("name", ["title", "performers"])
def test_what_was_known_of_a_field_comes_back(name: str) -> None:
    made = edited()
    entry = field_entry(plan(made, record=RECORD, applied="g"), made, name, 5.0)

    known = KNOWN if name == "title" else None
    assert known_in(entry) == BeforeImage(known, "f", "g", True, {})
    told = next(each for each in CHANGES if each.field == name)
    assert (entry.before, entry.after, entry.at) == (told.before, told.after, 5.0)
    assert roles_in(entry) == (ROLES if name == "performers" else ())
    assert title_sort_in(entry) == ("Old, The" if name == "title" else "")
    assert not says_next(entry)


def test_what_was_known_of_a_picture_comes_back_and_that_of_no_other() -> None:
    made = edited()
    entry = picture_entry(plan(made, record=RECORD), ITEM, "poster", "a", "b", True, 5.0)
    assert known_in(entry) == BeforeImage(None, "f", "", True, {("poster", ITEM): POSTER})
    assert (entry.before, entry.after) == ("a", "b")


def test_where_nothing_was_known_nothing_is() -> None:
    made = edited(next={"title": None, "performers": KNOWN})
    title, performers = (field_entry(plan(made), made, each.field, 5.0) for each in CHANGES)
    assert known_in(title) == BeforeImage()
    assert (says_next(title), next_in(title), next_in(performers)) == (True, None, KNOWN)
    bare = JournalEntry(1, ITEM, "title", "Old", "New", 5.0, False, {})
    assert (known_in(bare), next_in(bare)) == (BeforeImage(), None)
