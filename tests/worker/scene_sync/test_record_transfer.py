"""What of a record passes on with an item that another scene has now."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.models import MediaFile
from core.records import FieldRecord, ItemRecord, Record, unwritten
from storage.state import State
from tests.core.builders import full, ref
from worker.scene_sync.record_transfer import with_transferred_items

OURS = {"title": FieldRecord("Night", "Night"), "tags": FieldRecord(("A", "B"), ("A", "B"))}
LOST = ItemRecord(ref("7"), ("/m/old.mp4",), 1, OURS)


@pytest.mark.parametrize(
    ("path", "title", "is_known"),
    [
        ("/m/old.mp4", "By hand", True),
        ("/m/moved.mp4", "Night", True),
        ("/m/moved.mp4", "Another film", False),
        ("/m/moved.mp4", None, False),  # what no title was left at may be any film
    ],
)
def test_an_item_that_its_scene_has_lost_is_known_by_its_file_or_by_all_that_it_shows(
    tmp_path: Path, path: str, title: str | None, is_known: bool
) -> None:
    fields = {name: known for name, known in OURS.items() if title or name != "title"}
    lost = replace(LOST, fields=fields)
    item = full(path, values={"title": title, "tags": ("A", "B")})
    before = Record(1, 1.0, "", (MediaFile("/s/other.mp4", 5),), None, (), (), (), former=(lost,))
    bare = unwritten(2, (MediaFile("/s/moved.mp4", 9),))
    with State(tmp_path, pytest.fail) as state:
        state.records.save_many([before])
        found = with_transferred_items(state.records, bare, None, {item.ref: item}, {item.ref: 1})

    assert (found is not None and found.items == (lost,)) == is_known
