"""Listings of the simulated Plex server: pages, what they cut off, filters and orders."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from simulators.launch import PlexHandle
from tests.plex_seeds import (
    FIRST_ADDED_AT,
    plex_item,
    plex_part,
    plex_section,
    plex_seed,
)
from tests.simulators.plex.client import PlexHttp

ALL = "/library/sections/1/all?type=1"
WIDE: dict[str, Any] = {
    "genres": ["G1", "G2", "G3"],
    "directors": ["D1", "D2", "D3"],
    "writers": ["W1", "W2", "W3"],
    "collections": ["C1", "C2", "C3"],
    "labels": ["L1"],
    "locked": ["title"],
}


def library() -> Any:
    items = [plex_item(key) for key in range(1, 8)]
    items += [
        plex_item(8, title="zebra", title_sort="Aaa", studio="Boreal", user_rating=7.5, **WIDE),
        plex_item(9, updated_at=None, originally_available_at="2020-02-03", labels=[]),
        plex_item(10, guid="plex://movie/5d776825880197001ec90a10"),
        plex_item(11, deleted_at=1_720_000_000),
        plex_item(
            12,
            media=[
                [plex_part("M:\\Films\\Ünder, one.MP4"), plex_part("M:\\Films\\under two.mp4")],
                [plex_part("M:\\Films\\under 4k.mp4", deleted_at=1_720_000_001, size=None)],
            ],
        ),
    ]
    return plex_seed(plex_section(items))


@pytest.fixture
def plex(process: PlexHandle) -> Iterator[PlexHttp]:
    process.load(library())
    with PlexHttp(process) as client:
        yield client


def test_without_paging_there_is_a_size_but_no_total(plex: PlexHttp) -> None:
    found = plex.container(ALL)
    assert found["size"] == 12
    assert "totalSize" not in found
    assert "offset" not in found
    assert found["librarySectionID"] == 1


@pytest.mark.parametrize("by_header", [True, False])
def test_pages_by_header_and_by_query(plex: PlexHttp, by_header: bool) -> None:
    window = {"X-Plex-Container-Start": "5", "X-Plex-Container-Size": "3"}
    path = f"{ALL}&sort=addedAt:asc"
    headers: dict[str, str | None] = {}
    if by_header:
        headers |= window
    else:
        path += "".join(f"&{name}={value}" for name, value in window.items())
    answer = plex.ask("GET", path, headers)
    body = answer.json()["MediaContainer"]
    assert (body["size"], body["totalSize"], body["offset"]) == (3, 12, 5)
    assert [item["ratingKey"] for item in body["Metadata"]] == ["6", "7", "8"]
    assert answer.headers["X-Plex-Container-Start"] == "5"
    assert answer.headers["X-Plex-Container-Total-Size"] == "12"


def test_a_page_of_nothing_counts(plex: PlexHttp) -> None:
    body = plex.container(f"{ALL}&X-Plex-Container-Start=0&X-Plex-Container-Size=0")
    assert (body["size"], body["totalSize"]) == (0, 12)
    assert "Metadata" not in body
    head = plex.ask("HEAD", ALL)
    assert head.headers["X-Plex-Container-Total-Size"] == "12"
    assert head.content == b""


@pytest.mark.parametrize("size", [12, 500])
def test_a_window_that_covers_the_section_has_no_total(plex: PlexHttp, size: int) -> None:
    """Facts of Plex, 13."""
    window = f"X-Plex-Container-Start=0&X-Plex-Container-Size={size}"
    body = plex.container(f"{ALL}&{window}")
    assert body["size"] == 12
    assert "totalSize" not in body
    beyond = plex.container(f"{ALL}&X-Plex-Container-Start=12&X-Plex-Container-Size={size}")
    assert (beyond["size"], beyond["totalSize"]) == (0, 12)
    plex.sim.configure(total_size="always")
    assert plex.container(f"{ALL}&{window}")["totalSize"] == 12


def test_limit_lowers_the_total(plex: PlexHttp) -> None:
    body = plex.container(f"{ALL}&limit=4&X-Plex-Container-Start=3&X-Plex-Container-Size=5")
    assert (body["size"], body["totalSize"]) == (1, 4)


def test_sizes_beyond_the_cap_and_missing_sizes(plex: PlexHttp) -> None:
    plex.sim.configure(size_cap=4)
    start = "X-Plex-Container-Start=0"
    body = plex.container(f"{ALL}&{start}&X-Plex-Container-Size=100")
    assert (body["size"], body["totalSize"]) == (4, 12)
    assert plex.container(f"{ALL}&X-Plex-Container-Size=2")["size"] == 12
    plex.sim.configure(size_without_start="used")
    assert plex.container(f"{ALL}&X-Plex-Container-Size=2")["size"] == 2
    plex.sim.configure(over_cap="400", missing_size="400")
    assert plex.status("GET", f"{ALL}&{start}&X-Plex-Container-Size=100") == 400
    assert plex.status("GET", ALL) == 400
    assert plex.status("GET", "/library/metadata/1") == 200
    assert plex.status("GET", f"{ALL}&X-Plex-Container-Size=-1") == 400


def test_listings_cut_tags_and_leave_out_labels_and_locks(plex: PlexHttp) -> None:
    item = plex.items(f"{ALL}&id=8")[0]
    assert item["Genre"] == [{"tag": "G1"}, {"tag": "G2"}]
    assert len(item["Role"]) == 3
    assert all(set(role) == {"tag"} for role in item["Role"])
    assert [len(item[name]) for name in ("Director", "Writer", "Collection")] == [2, 2, 2]
    assert not {"Label", "Field", "Guid", "librarySectionID"} & set(item)
    assert "Stream" not in item["Media"][0]["Part"][0]


def test_scalars_and_files_are_whole_in_listings(plex: PlexHttp) -> None:
    listed, full = plex.items(f"{ALL}&id=8")[0], plex.full(8)
    for name in ("title", "titleSort", "summary", "studio", "originallyAvailableAt", "userRating"):
        assert listed[name] == full[name]
    part = listed["Media"][0]["Part"][0]
    assert part["file"] == "/data/scenes/Aurora/0008.mp4"
    assert (part["size"], part["duration"]) == (1008, 60_000)
    assert listed["year"] == 2024
    assert listed["subtype"] == "clip"
    assert "tagline" not in listed


def test_trash_is_listed_and_marked(plex: PlexHttp) -> None:
    items = {int(item["ratingKey"]): item for item in plex.items(ALL)}
    assert items[11]["deletedAt"] == 1_720_000_000
    assert "deletedAt" not in items[12]
    assert items[12]["Media"][1]["deletedAt"] == 1_720_000_001
    assert "size" not in items[12]["Media"][1]["Part"][0]
    assert "updatedAt" not in items[9]


def test_guids_only_if_asked(plex: PlexHttp) -> None:
    assert "Guid" in plex.items(f"{ALL}&id=10&includeGuids=1")[0]
    assert "Guid" not in plex.items(f"{ALL}&id=10")[0]
    assert "Guid" not in plex.items(f"{ALL}&id=1&includeGuids=1")[0]


def test_excluded_elements_and_fields(plex: PlexHttp) -> None:
    path = f"{ALL}&id=8&excludeElements=Media,Role&excludeFields=summary,title"
    item = plex.items(path)[0]
    assert not {"Media", "Role", "summary"} & set(item)
    assert {"Genre", "title"} <= set(item)  # of the fields only summary, tagline and file can go
    plex.sim.configure(honour_excludes=False)
    assert {"Media", "Role", "summary"} <= set(plex.items(path)[0])


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        ("titleSort", [8, 1, 2]),
        ("titleSort:desc", [12, 11, 10]),
        ("addedAt:asc", [1, 2, 3]),
        ("addedAt:desc", [12, 11, 10]),
        ("updatedAt", [9, 1, 2]),
        ("updatedAt:desc", [12, 11, 10]),
    ],
)
def test_orders(plex: PlexHttp, sort: str, first: list[int]) -> None:
    assert plex.keys(f"{ALL}&sort={sort}")[:3] == first


def test_an_order_follows_edits_of_its_field(plex: PlexHttp) -> None:
    path = f"{ALL}&sort=titleSort&X-Plex-Container-Start=0&X-Plex-Container-Size=2"
    assert plex.keys(path) == [8, 1]
    assert plex.edit(5, **{"title.value": "AAAA first"}) == 200
    assert plex.keys(path) == [8, 5]
    plex.sim.control("DELETE", "items/8")
    assert plex.keys(path) == [5, 1]


@pytest.mark.parametrize(
    "bad", ["sort=color", "type=99", "limit=x", "addedAt>=x", "nope=1", "title"]
)
def test_what_is_not_understood_is_400(plex: PlexHttp, bad: str) -> None:
    assert plex.status("GET", f"/library/sections/1/all?{bad}") == 400


def test_the_updated_at_trap(plex: PlexHttp) -> None:
    moment = FIRST_ADDED_AT + 10
    right = [10, 11, 12]
    assert sorted(plex.keys(f"{ALL}&updatedAt%3E%3E={moment - 1}")) == right
    assert sorted(plex.keys(f"{ALL}&updatedAt%3E={moment - 1}")) == right
    assert sorted(plex.keys(f"{ALL}&updatedAt%3E%3E={moment}")) == [11, 12]  # strictly greater
    # One "=" too many in the name: silently ignored, the full list comes back.
    assert len(plex.keys(f"{ALL}&updatedAt%3E%3E%3D={moment}")) == 12


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ("title=EBR", [8]),
        ("trash=1", [11, 12]),
        ("file=DATA/scenes/aurora/0003", [3]),
        ("file=%C3%BCnder,%20one.mp4", [12]),
        ("title=0002&title=0003", []),
    ],
)
def test_filters(plex: PlexHttp, filters: str, expected: list[int]) -> None:
    assert sorted(plex.keys(f"{ALL}&{filters}")) == expected


def test_slow_pages(plex: PlexHttp) -> None:
    plex.sim.configure(seconds_per_item=0.005)
    answer = plex.ask("GET", f"{ALL}&X-Plex-Container-Size=10")
    assert answer.elapsed.total_seconds() > 0.05
