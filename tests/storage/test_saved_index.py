"""The Plex index finds files by name, path and item, and a failed listing leaves the old one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.models import ItemRef
from storage.saved_index import INDEX_FILE, IndexRow, SectionIndexStore


@pytest.fixture
def index(tmp_path: Path) -> Iterator[SectionIndexStore]:
    warnings: list[str] = []
    with SectionIndexStore(tmp_path, warnings.append) as opened:
        yield opened
    assert warnings == []


def row(section: str, key: str, path: str, size: int | None = 1) -> IndexRow:
    return IndexRow(ItemRef(section, key), path, size, 2.5, 7)


ONE = row("1", "a", "/m/one.mp4")
ONE_B = row("1", "a", "/m/one-4k.mp4", None)
TWIN = row("1", "b", "/n/one.mp4")
ELSEWHERE = row("2", "a", "/o/one.mp4")


def by_path(row: IndexRow) -> str:
    return row.path


def paths(index: SectionIndexStore) -> set[str]:
    return {found.path for found in index.rows("1")}


def test_files_are_found_by_name(index: SectionIndexStore) -> None:
    index.replace("1", [ONE, ONE_B, TWIN], 5.0, b"5.0")
    index.replace("2", [ELSEWHERE], 6.0, b"6.0")

    assert sorted(index.by_name(["one.mp4", "one.mp4", "no.mp4"]), key=by_path) == [
        ONE, TWIN, ELSEWHERE,
    ]  # fmt: skip
    assert set(index.rows("1")) == {ONE, ONE_B, TWIN}
    assert index.by_name([]) == []
    assert (index.saved_at("1"), index.total("1")) == (5.0, 2)
    assert (index.saved_at("3"), index.total("3")) == (None, 0)


def test_a_listing_replaces_the_one_before(index: SectionIndexStore) -> None:
    index.replace("1", [ONE, TWIN], 5.0, b"5.0")
    index.replace("2", [ELSEWHERE], 5.0, b"5.0")
    index.replace("1", iter([ONE_B]), 9.0, b"9.0")

    assert index.rows("1") == [ONE_B]
    assert index.rows("2") == [ELSEWHERE]
    assert (index.saved_at("1"), index.total("1")) == (9.0, 1)


def test_the_same_listing_again_is_not_even_read(index: SectionIndexStore) -> None:
    index.replace("1", [ONE, TWIN], 5.0, b"same")
    index.replace("1", iter([ONE_B]), 9.0, b"same")

    assert set(index.rows("1")) == {ONE, TWIN}
    assert index.saved_at("1") == 9.0


def test_what_was_changed_since_is_put_right(index: SectionIndexStore) -> None:
    index.replace("1", [ONE, TWIN], 5.0, b"same")
    index.upsert([row("1", "a", "/m/renamed.mp4")])

    index.replace("1", [ONE, TWIN], 9.0, b"same")

    assert set(index.rows("1")) == {ONE, TWIN}


def test_a_listing_that_breaks_off_changes_nothing(index: SectionIndexStore) -> None:
    index.replace("1", [ONE, TWIN], 5.0, b"5.0")

    def broken() -> Iterator[IndexRow]:
        yield ONE_B
        raise ConnectionError("Plex went away")

    with pytest.raises(ConnectionError):
        index.replace("1", broken(), 9.0, b"9.0")

    assert set(index.rows("1")) == {ONE, TWIN}
    assert index.saved_at("1") == 5.0


def test_items_are_refreshed_and_dropped(index: SectionIndexStore) -> None:
    index.replace("1", [ONE, ONE_B, TWIN], 5.0, b"5.0")

    index.upsert([row("1", "a", "/m/renamed.mp4"), row("1", "new", "/m/new.mp4")])
    assert paths(index) == {"/n/one.mp4", "/m/renamed.mp4", "/m/new.mp4"}

    index.clear()
    assert index.rows("1") == []
    assert index.saved_at("1") is None


def test_many_names_at_once(index: SectionIndexStore) -> None:
    rows = [row("1", str(n), f"/m/{n}.mp4") for n in range(1200)]
    index.replace("1", rows, 1.0, b"1.0")

    assert sorted(index.by_name([f"{n}.mp4" for n in range(3000)]), key=by_path) == sorted(
        rows, key=by_path
    )


def test_a_damaged_index_is_started_anew(tmp_path: Path) -> None:
    warnings: list[str] = []
    (tmp_path / INDEX_FILE).write_bytes(b"\x00" * 5000)

    with SectionIndexStore(tmp_path, warnings.append) as index:
        assert index.saved_at("1") is None

    assert len(warnings) == 1
    assert "lists Plex anew" in warnings[0]
