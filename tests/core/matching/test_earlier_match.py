"""Remembered matches: when they hold, when a renamed file keeps its item, when not to trust."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest

from core.matching.earlier_match import still_verified
from core.matching.index import ItemIndex
from core.matching.match import match_scene
from core.matching.match_outcome import Claim, Evidence
from core.models import MediaFile
from core.paths import PathMap
from tests.core.builders import file, index, item_record, record, ref, scene

STASH, PLEX = "/d/x/walk.mp4", "/m/y/walk.mp4"  # no path map, no common folder


@dataclass(frozen=True)
class Case:
    """What the record has (scene's files, item's paths), and what both sides have now."""

    name: str
    had: Sequence[MediaFile]
    item_had: Sequence[str]
    has: Sequence[MediaFile]
    listed: Mapping[str, Sequence[MediaFile]]
    rank: int | None


OLD = [file(STASH, 5, 900)]
CASES = [
    Case("unmoved", OLD, [PLEX], OLD, {"7": [file(PLEX, 5, 900)]}, 0),
    Case("nothing but paths known", [file(STASH)], [PLEX], [file(STASH)], {"7": [file(PLEX)]}, 0),
    Case("the index has no sizes", OLD, [PLEX], OLD, {"7": [file(PLEX)]}, 0),
    Case("re-muxed", OLD, [PLEX], [file(STASH, 6, 900)], {"7": [file(PLEX, 5, 900)]}, 0),
    Case("replaced", OLD, [PLEX], [file(STASH, 6, 700)], {"7": [file(PLEX, 5, 900)]}, None),
    Case("second file", OLD, [PLEX], [file("/d/n.mp4"), *OLD], {"7": [file(PLEX)]}, 1),
    Case("item gone", OLD, [PLEX], OLD, {"8": [file(PLEX, 5, 900)]}, None),
    Case(
        "file gone from the scene", OLD, [PLEX], [file("/d/n.mp4", 1, 1)], {"7": [file(PLEX)]}, None
    ),
    Case("no file left", OLD, [PLEX], [], {"7": [file(PLEX)]}, None),
    Case("rating key used again", OLD, [PLEX], OLD, {"7": [file("/m/other.mp4", 8, 300)]}, None),
    Case(
        "rating key used again, same name",
        OLD,
        [PLEX],
        OLD,
        {"7": [file("/m/z/walk.mp4", 8, 300)], "8": [file(PLEX, 5, 900)]},
        None,
    ),
    Case(
        "rating key used again for a copy: the file is listed elsewhere under its path",
        OLD,
        [PLEX],
        OLD,
        {"7": [file("/m/copy.mp4", 5, 900)], "8": [file(PLEX, 5, 900)]},
        None,
    ),
    # Renamed or moved.
    Case("in Stash", OLD, [PLEX], [file("/d/new.mp4", 5, 900)], {"7": [file(PLEX, 5, 900)]}, 0),
    Case("in Stash, bare index", OLD, [PLEX], [file("/d/new.mp4", 5, 900)], {"7": [file(PLEX)]}, 0),
    Case("in Plex", OLD, [PLEX], OLD, {"7": [file("/m/new.mp4", 5, 900)]}, 0),
    Case(
        "in both",
        OLD,
        [PLEX],
        [file("/d/new.mp4", 5, 900)],
        {"7": [file("/m/new.mp4", 5, 900.4)]},
        0,
    ),
    Case(
        "in Stash, once more",
        [file("/d/new.mp4")],
        [PLEX],
        [file("/d/new.mp4")],
        {"7": [file(PLEX)]},
        0,
    ),
    Case(
        "another size", OLD, [PLEX], [file("/d/new.mp4", 6, 900)], {"7": [file(PLEX, 5, 900)]}, None
    ),
    Case(
        "another length",
        OLD,
        [PLEX],
        [file("/d/new.mp4", 5, 950)],
        {"7": [file(PLEX, 5, 900)]},
        None,
    ),
    Case("no length", OLD, [PLEX], [file("/d/new.mp4", 5)], {"7": [file(PLEX, 5, 900)]}, None),
    Case("no size in Plex", OLD, [PLEX], OLD, {"7": [file("/m/new.mp4", None, 900)]}, None),
    Case(
        "a copy beside the file that stayed",
        OLD,
        [PLEX],
        [file("/d/copy.mp4", 5, 900), *OLD],
        {"7": [file(PLEX, 5, 900)]},
        1,
    ),
    # Several files: the names, then size and folder, tell which was which.
    Case(
        "two names, one of them gone",
        [file("/d/a.mp4"), file("/d/b.mp4")],
        ["/m/a.mp4"],
        [file("/d/b.mp4")],
        {"7": [file("/m/a.mp4")]},
        None,
    ),
    Case(
        "equal names, by folder",
        [file("/d/cd1/s.mp4"), file("/d/cd2/s.mp4")],
        ["/m/cd2/s.mp4"],
        [file("/d/cd1/s.mp4"), file("/d/cd2/s.mp4")],
        {"7": [file("/m/cd2/s.mp4")]},
        1,
    ),
    Case(
        "equal names, by size",
        [file("/d/p/s.mp4", 5, 60), file("/d/q/s.mp4", 6, 60)],
        ["/m/o/s.mp4"],
        [file("/d/p/s.mp4", 5, 60), file("/d/q/s.mp4", 6, 60)],
        {"7": [file("/m/o/s.mp4", 6, 60)]},
        1,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_remembered_match(case: Case) -> None:
    remembered = item_record(*case.item_had)
    rank = still_verified(
        scene(*case.has), record(remembered, files=case.had), remembered, index(case.listed)
    )
    assert rank == case.rank


def matched(now: ItemIndex, *files: MediaFile, keys: Sequence[str] = ("7",)) -> tuple[Claim, ...]:
    known = record(*(item_record(PLEX, key=key) for key in keys), files=OLD)
    return match_scene(scene(*files), {"1": now}, PathMap(), known).claims


def test_a_verified_match_is_the_strongest_evidence_and_ends_the_search_for_its_file() -> None:
    now = index({"7": [file(PLEX, 5, 900)], "8": [file(STASH, 5, 900)]})
    assert matched(now, *OLD) == (Claim(ref("7"), Evidence.VERIFIED, 0, 0, Evidence.SIZE),)
    assert matched(now, *OLD, keys=()) == (Claim(ref("8"), Evidence.PATH, 0),)


def test_other_files_and_sections_are_still_searched() -> None:
    now = index({"7": [file(PLEX, 5, 900)], "8": [file("/d/more.mp4")]})
    sections = {"1": now, "2": index({"9": OLD}, section="2")}
    gone = (item_record(PLEX, section="3"), item_record(PLEX, key="5"))
    known = record(*gone, item_record(PLEX), files=OLD)
    match = match_scene(scene(*OLD, file("/d/more.mp4")), sections, PathMap(), known)
    assert set(match.claims) == {
        Claim(ref("7"), Evidence.VERIFIED, 0, 1, Evidence.SIZE),
        Claim(ref("8"), Evidence.PATH, 1),
        Claim(ref("9", "2"), Evidence.PATH, 0),
    }


def test_a_match_that_no_longer_holds_leaves_the_other_evidence() -> None:
    now = index({"7": [file("/m/other.mp4", 8, 300)], "8": [file("/n/walk.mp4", 5, 900)]})
    assert [claim.ref for claim in matched(now, *OLD)] == [ref("8")]


def test_one_part_does_not_hide_that_the_item_of_another_is_new() -> None:
    """Item 6 was removed and came back as 9; item 7 is no answer for its file."""
    parts = [file("/d/cd1/s.mp4"), file("/d/cd2/s.mp4")]
    known = record(
        item_record("/m/cd1/s.mp4", key="6"), item_record("/m/cd2/s.mp4", key="7"), files=parts
    )
    now = index({"9": [file("/m/cd1/s.mp4")], "7": [file("/m/cd2/s.mp4")]})
    match = match_scene(scene(*parts), {"1": now}, PathMap(), known)
    assert {claim.ref: claim.file_rank for claim in match.claims} == {ref("9"): 0, ref("7"): 1}
