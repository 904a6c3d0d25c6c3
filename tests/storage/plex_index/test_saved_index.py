"""The Plex index finds items by name, path and key, and a listing counts only once it is whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from core.matching.index import BIG_BUCKET
from core.matching.match_outcome import Claim, Evidence
from core.models import ItemRef, ListedItem, MediaFile
from storage.plex_index.index_rows import FILE_INDEXES
from storage.plex_index.saved_index import INDEX_FILE, ItemQuery, SectionIndexStore


@pytest.fixture
def index(tmp_path: Path) -> Iterator[SectionIndexStore]:
    warnings: list[str] = []
    with SectionIndexStore(tmp_path, warnings.append) as opened:
        yield opened
    assert warnings == []


def item(section: str, key: str, *files: MediaFile, added_at: int | None = 1) -> ListedItem:
    scalars = (f"Title {key}", "", "", "", None)
    return ListedItem(ItemRef(section, key), files, scalars, True, False, added_at, 7)


def file(path: str, size: int | None = 1) -> MediaFile:
    return MediaFile(path, size, 2.5)


ONE = item("1", "a", file("/m/one.mp4"), file("/m/one-4k.mp4", None))
TWIN = item("1", "b", file("/n/One.mp4"))
ELSEWHERE = item("2", "a", file("/o/one.mp4"))


def put(
    index: SectionIndexStore, *items: ListedItem, at: float = 5.0, is_whole: bool = True
) -> None:
    section = items[0].ref.section
    listing = index.listing(section)
    for each in items:
        listing.add([each])
    assert listing.keep(at, index.code(), is_whole=is_whole)


def bare(item: ListedItem) -> ListedItem:
    """As a listing tells it."""
    return item._replace(digest=b"")


def found(index: SectionIndexStore, wanted: ItemQuery) -> list[ListedItem]:
    return sorted(map(bare, index.look_up(wanted)), key=lambda each: each.ref)


def of(index: SectionIndexStore, section: str) -> list[ListedItem]:
    return [bare(each) for some in index.claims().orphans([section], ()) for each in some]


def named(*names: str) -> ItemQuery:
    return ItemQuery({name: {None} for name in names})


def test_items_are_found_whole_by_name_path_and_key(index: SectionIndexStore) -> None:
    put(index, ONE, TWIN)
    put(index, ELSEWHERE, at=6.0)

    assert found(index, named("one.mp4", "no.mp4")) == [ONE, TWIN, ELSEWHERE]
    assert found(index, ItemQuery(paths={"/m/one-4k.mp4", "/m/no.mp4"})) == [ONE]
    assert found(index, ItemQuery(refs={TWIN.ref, ItemRef("9", "b")})) == [TWIN]
    assert found(index, ItemQuery()) == []
    assert (index.saved_at("1"), index.total("1"), index.count("1")) == (5.0, 2, 2)
    assert (index.saved_at("3"), index.total("3"), index.count("3")) == (None, 0, 0)


def test_what_was_edited_since_a_seal_is_known_while_files_and_items_stay(
    index: SectionIndexStore,
) -> None:
    put(index, ONE, TWIN)
    seal = index.seal()
    assert index.moves.edited_since(seal, 0) == set()
    index.moves.watch(seal)

    put(index, ONE._replace(updated_at=8), TWIN)
    index.upsert([ONE._replace(updated_at=9)])

    assert index.moves.edited_since(seal, 1) == {ONE.ref}
    assert index.moves.edited_since(seal, 0) is None
    assert index.moves.edited_since(seal + 1, 1) is None
    later = index.seal()
    index.moves.watch(seal)  # too late
    assert index.moves.edited_since(seal, 1) is None
    index.moves.watch(later)
    index.upsert([TWIN._replace(updated_at=9)])
    assert index.moves.edited_since(later, 1) == {TWIN.ref}


@pytest.mark.parametrize(
    "now",
    [
        [ONE],
        [ONE, TWIN, item("1", "c", file("/n/two.mp4"))],
        [ONE, item("1", "b", file("/n/two.mp4"))],
        [ONE, item("1", "b", file("/n/One.mp4", 2))],
        [ONE, TWIN._replace(added_at=2)],
    ],
    ids=["gone", "new", "renamed", "another size", "added again"],
)
def test_any_other_change_is_more_than_an_edit(
    index: SectionIndexStore, now: list[ListedItem]
) -> None:
    put(index, ONE, TWIN)
    seal = index.seal()
    index.moves.watch(seal)

    put(index, *now)

    assert index.moves.edited_since(seal, 9) is None


def test_a_listing_replaces_the_one_before(index: SectionIndexStore) -> None:
    put(index, ONE, TWIN)
    put(index, ELSEWHERE)
    moved = item("1", "a", file("/m/renamed.mp4"))
    put(index, moved, at=9.0)

    assert of(index, "1") == [moved]
    assert of(index, "2") == [ELSEWHERE]
    assert found(index, named("one.mp4")) == [ELSEWHERE]
    assert (index.saved_at("1"), index.total("1")) == (9.0, 1)


def test_however_much_is_new_files_have_their_indexes(
    index: SectionIndexStore, tmp_path: Path
) -> None:
    put(index, ONE, TWIN)
    put(index, ELSEWHERE)

    with closing(sqlite3.connect(tmp_path / INDEX_FILE)) as other:
        sql = "SELECT name, sql FROM sqlite_master WHERE tbl_name = 'files' AND type = 'index'"
        assert dict(other.execute(sql)) == FILE_INDEXES


def test_what_is_the_same_is_not_written_again(index: SectionIndexStore) -> None:
    put(index, ONE, TWIN)
    numbers = index._database.rows("SELECT id, key FROM items")
    put(index, TWIN, ONE, at=9.0)

    assert index._database.rows("SELECT id, key FROM items") == numbers
    assert index.saved_at("1") == 9.0


def test_a_listing_that_breaks_off_changes_nothing(index: SectionIndexStore) -> None:
    put(index, ONE, TWIN)

    index.listing("1").add([item("1", "a", file("/x.mp4"))])

    assert of(index, "1") == [ONE, TWIN]
    assert index.saved_at("1") == 5.0
    put(index, TWIN, at=9.0)
    assert of(index, "1") == [TWIN]


def test_a_listing_with_holes_makes_no_section_a_whole_one(index: SectionIndexStore) -> None:
    put(index, ONE, TWIN)
    put(index, ONE, at=9.0, is_whole=False)

    assert of(index, "1") == [ONE]
    assert index.saved_at("1") is None


def test_a_listing_beside_another_process_is_refused_and_made_anew(
    index: SectionIndexStore, tmp_path: Path
) -> None:
    put(index, ONE, TWIN)
    with SectionIndexStore(tmp_path, pytest.fail) as other:
        listing = index.listing("1")
        listing.add([ONE, TWIN])
        other.clear()

        assert not listing.keep(9.0, index.code(), is_whole=True)
        assert of(index, "1") == []
        listing = index.listing("1", anew=True)
        listing.add([ONE, TWIN])
        other.upsert([ELSEWHERE])
        assert listing.keep(9.0, index.code(), is_whole=True)
    assert of(index, "1") == [ONE, TWIN]
    assert of(index, "2") == [ELSEWHERE]


def test_look_ups_see_one_index_whatever_others_write(
    index: SectionIndexStore, tmp_path: Path
) -> None:
    put(index, ONE, TWIN)
    with SectionIndexStore(tmp_path, pytest.fail) as other, index.unmoved():
        assert len(found(index, named("one.mp4"))) == 2
        other.clear()
        assert len(found(index, named("one.mp4"))) == 2
    assert found(index, named("one.mp4")) == []


def test_items_are_refreshed_and_dropped(index: SectionIndexStore) -> None:
    put(index, ONE, TWIN)
    renamed, new = item("1", "a", file("/m/renamed.mp4")), item("1", "new", file("/m/new.mp4"))

    index.upsert([renamed, new])

    assert sorted(of(index, "1"), key=lambda each: each.ref) == [renamed, TWIN, new]
    assert found(index, named("one.mp4")) == [TWIN]
    assert index.total("1") == 2
    index.clear()
    assert of(index, "1") == []
    assert index.saved_at("1") is None


def test_many_names_at_once(index: SectionIndexStore) -> None:
    items = [item("1", f"{n:04}", file(f"/m/{n}.mp4")) for n in range(1200)]
    put(index, *items)

    assert found(index, named(*(f"{n}.mp4" for n in range(3000)))) == items


def crowd(count: int) -> Sequence[ListedItem]:
    return [item("1", f"{n:03}", file(f"/m/{n}/scene.mp4", n)) for n in range(count)]


def test_among_hundreds_of_one_name_only_the_size_or_the_path_counts(
    index: SectionIndexStore,
) -> None:
    items = [*crowd(BIG_BUCKET + 1), item("1", "none", file("/m/none/scene.mp4", None))]
    put(index, *items)
    big = index.big_names()
    assert big == {"scene.mp4"}

    def keys(wanted: ItemQuery) -> list[str]:
        return sorted(each.ref.key for each in index.look_up(wanted, big))

    assert keys(ItemQuery({"scene.mp4": {3, 5}})) == ["003", "005"]
    assert keys(ItemQuery({"scene.mp4": {0}}, {"/m/9/scene.mp4"})) == ["000", "009"]
    assert len(keys(ItemQuery({"scene.mp4": {None}}))) == len(items)
    assert [bare(each) for each in index.unsized("scene.mp4")] == [items[-1]]


def test_a_few_of_one_name_are_not_many(index: SectionIndexStore) -> None:
    put(index, *crowd(BIG_BUCKET))
    assert index.big_names() == frozenset()


def test_when_a_folder_gained_an_item_last(index: SectionIndexStore) -> None:
    put(
        index,
        item("1", "a", file("/M/Films/a.mp4"), added_at=5),
        item("1", "b", file("/m/films/b.mp4"), added_at=8),
        item("1", "c", file("/m/films/deeper/c.mp4"), added_at=20),
        item("1", "d", file("/m/films2/d.mp4"), added_at=30),
        item("1", "e", file("/m/films/e.mp4"), added_at=None),
    )
    assert index.newest_below("/m/films") == 8
    assert index.newest_below("/m") == 0


def test_claims_lead_to_owners_contests_and_orphans(index: SectionIndexStore) -> None:
    put(index, ONE, TWIN, item("1", "c", file("/c.mp4")))
    put(index, ELSEWHERE)
    claims = index.claims()
    weak, strong = (Claim(ONE.ref, each, 0) for each in (Evidence.SUFFIX, Evidence.PATH))
    assert claims.offer({7: [weak, Claim(TWIN.ref, Evidence.SIZE, 1)]}) == set()
    assert claims.offer({9: [strong]}) == {9}

    assert list(claims.holders()) == [(ONE.ref, 9), (TWIN.ref, 7)]
    assert {scene: [each.owner for each in lost] for scene, lost in claims.contests().items()} == {
        7: [9]
    }
    (orphans,) = claims.orphans(["1"], ())
    assert [each.ref.key for each in orphans] == ["c"]
    (orphans,) = claims.orphans(["1", "2"], {ItemRef("1", "c")})
    assert [bare(each) for each in orphans] == [ELSEWHERE]

    claims.withdraw({9: [ONE.ref]})
    assert list(claims.holders()) == [(ONE.ref, 7), (TWIN.ref, 7)]
    assert claims.contests() == {}
    assert list(index.claims().holders()) == []


def test_a_damaged_index_is_started_anew(tmp_path: Path) -> None:
    warnings: list[str] = []
    (tmp_path / INDEX_FILE).write_bytes(b"\x00" * 5000)

    with SectionIndexStore(tmp_path, warnings.append) as index:
        assert index.saved_at("1") is None

    assert len(warnings) == 1
    assert "lists Plex anew" in warnings[0]


def test_the_seal_is_another_as_soon_as_an_item_is(
    index: SectionIndexStore, tmp_path: Path
) -> None:
    seals = [index.seal()]

    def is_broken() -> bool:
        seals.append(index.seal())
        return seals[-1] != seals[-2]

    put(index, ONE, TWIN)
    assert is_broken()
    put(index, TWIN, ONE)
    index.upsert([ONE])
    index.refresh("1", [TWIN], 9.0, "mark")
    assert not is_broken()
    put(index, ONE)
    assert is_broken()
    index.upsert([TWIN])
    assert is_broken()
    index.refresh("1", [TWIN._replace(updated_at=99)], 9.0, "mark")
    assert is_broken()
    index.clear()
    assert is_broken()
    assert len(set(seals)) == len(seals) - 1
