"""findScenes and its relatives: ids, paging, order, filters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.simulators.stash.running import Stash, StashProcess, loaded, scene, seed

TEXT_TIMES = {
    1: "2026-01-11T07:00:00Z",
    2: "2026-01-11T18:00:00+11:00",  # the same instant as 1
    3: "2026-01-11T18:30:00+11:00",
}


def library() -> dict[str, Any]:
    two_files = scene(4)["files"] + [dict(scene(40)["files"][0], path="/data/x/Other_2.MKV")]
    return seed(
        scene(1, updated_at=TEXT_TIMES[1], tag_ids=[1], performer_ids=[1, 2], title="Harbour 10"),
        scene(2, updated_at=TEXT_TIMES[2], tag_ids=[1, 2], performer_ids=[1], title="harbour 9"),
        scene(3, updated_at=TEXT_TIMES[3], tag_ids=[3], title="", organized=True, studio_id=2),
        scene(4, files=two_files, studio_id=1, rating100=80, details='A "quoted phrase" here'),
        scene(5, files=[], date=None, cover="c"),
        *(scene(num, date="2023") for num in range(6, 41)),
    )


@pytest.fixture(scope="module")
def stash(stash_process: StashProcess) -> Iterator[Stash]:
    with loaded(stash_process, library()) as client:
        client.edit("update", kind="tag", id=2, values={"parent_ids": [1]})
        yield client


def first_page(stash: Stash, arguments: str) -> Any:
    return stash.data(f"{{ findScenes{arguments} {{ count scenes {{ id }} }} }}")["findScenes"]


def test_ids_give_their_scenes_in_their_order_whatever_else_is_asked(stash: Stash) -> None:
    asked = '(ids: ["7", "2", "5"], filter: {per_page: 1, sort: "id"})'
    found = first_page(stash, asked)
    assert [row["id"] for row in found["scenes"]] == ["7", "2", "5"]
    assert found["count"] == 3


@pytest.mark.parametrize(
    ("criterion", "count"),
    [
        ({"name": {"value": "ana%", "modifier": "EQUALS"}}, 2),
        ({"disambiguation": {"value": "", "modifier": "NOT_NULL"}}, 1),
    ],
)
def test_filters_of_performers(stash: Stash, criterion: dict[str, Any], count: int) -> None:
    query = "query ($f: PerformerFilterType) { findPerformers(performer_filter: $f) { count } }"
    assert stash.data(query, f=criterion) == {"findPerformers": {"count": count}}


def test_an_empty_list_of_ids_is_no_list_and_gives_the_default_page(stash: Stash) -> None:
    found = first_page(stash, "(ids: [])")
    assert len(found["scenes"]) == 25
    assert found["count"] == 40


def test_one_unknown_id_fails_the_whole_query(stash: Stash) -> None:
    answer = stash.answer('{ findScenes(ids: ["1", "99999"]) { count } }')
    assert answer["errors"] == [
        {"message": "scene with id 99999 not found", "path": ["findScenes"]}
    ]
    assert answer["data"] is None


def test_an_id_asked_for_twice_is_an_error(stash: Stash) -> None:
    assert stash.error('{ findScenes(ids: ["3", "3"]) { count } }') == (
        "validating ids: duplicate id found: 3"
    )


def test_numbers_are_taken_as_scene_ids_and_ids_come_back_as_text(stash: Stash) -> None:
    assert first_page(stash, "(scene_ids: [2])")["scenes"] == [{"id": "2"}]


def test_a_missing_scene_is_null(stash: Stash) -> None:
    assert stash.scene(99999) is None


@pytest.mark.parametrize(
    ("paging", "length"),
    [("{}", 25), ("{per_page: -1}", 40), ("{per_page: 0}", 0), ("{per_page: 7, page: 6}", 5)],
)
def test_page_sizes(stash: Stash, paging: str, length: int) -> None:
    found = first_page(stash, f"(filter: {paging})")
    assert len(found["scenes"]) == length
    assert found["count"] == 40


def test_a_page_below_one_is_the_first_and_one_past_the_end_is_empty(stash: Stash) -> None:
    assert stash.ids(per_page=3, page=0) == [1, 2, 3]
    assert stash.ids(per_page=3, page=100) == []


def test_without_a_sort_the_order_is_not_by_id(stash: Stash) -> None:
    unordered = stash.ids(sort=None)
    assert unordered != sorted(unordered)
    assert sorted(unordered) == stash.ids()


def test_an_unknown_sort_is_refused(stash: Stash) -> None:
    assert stash.error('{ findScenes(filter: {sort: "size"}) { count } }') == "invalid sort: size"


def test_updated_at_sorts_as_text_not_as_time(stash: Stash) -> None:
    older = {"id": {"value": 4, "modifier": "LESS_THAN"}}
    assert stash.ids(older, sort="updated_at", direction="DESC") == [3, 2, 1]


def test_times_compare_as_text(stash: Stash) -> None:
    # 08:00 of the same day in UTC is later than all three, but not as text.
    later = {"value": "2026-01-11T08:00:00Z", "modifier": "GREATER_THAN"}
    assert stash.ids({"updated_at": later}) == [2, 3]


def test_a_bare_year_lies_below_every_time(stash: Stash) -> None:
    bound = {"value": "2099", "modifier": "GREATER_THAN"}
    assert len(stash.ids({"updated_at": bound})) == 40


def test_keyset_paging_by_id_meets_every_scene_once(stash: Stash) -> None:
    met: list[int] = []
    while page := stash.ids(
        {"id": {"value": met[-1] if met else 0, "modifier": "GREATER_THAN"}}, per_page=7
    ):
        met += page
    assert met == list(range(1, 41))


@pytest.mark.parametrize(
    ("criterion", "found"),
    [
        ({"id": {"value": 2, "value2": 4, "modifier": "BETWEEN"}}, [2, 3, 4]),
        ({"id": {"value": 3, "modifier": "EQUALS"}}, [3]),
        ({"path": {"value": "(?i)/other_2.mkv$", "modifier": "MATCHES_REGEX"}}, [4]),
        ({"tags": {"value": ["1"], "modifier": "INCLUDES"}}, [1, 2]),
        ({"performers": {"value": ["2"], "modifier": "INCLUDES"}}, [1]),
        ({"studios": {"value": ["1"], "modifier": "INCLUDES"}}, [4]),
        ({"groups": {"value": ["1"], "modifier": "INCLUDES"}}, []),
        ({"file_count": {"value": 1, "modifier": "NOT_EQUALS"}}, [4, 5]),
        ({"files_filter": {"updated_at": {"value": "2100-01-01", "modifier": "GREATER_THAN"}}}, []),
        (
            {
                "id": {"value": 5, "modifier": "LESS_THAN"},
                "AND": {
                    "tags": {"value": ["3"], "modifier": "INCLUDES"},
                    "OR": {"studios": {"value": ["1"], "modifier": "INCLUDES"}},
                },
            },
            [3, 4],
        ),
    ],
)
def test_filters(stash: Stash, criterion: dict[str, Any], found: list[int]) -> None:
    assert stash.ids(criterion) == found


def test_two_connectives_in_one_filter_are_refused(stash: Stash) -> None:
    query = "{ findScenes(scene_filter: {AND: {}, OR: {}}) { count } }"
    assert stash.error(query) == "cannot have AND and OR in the same filter"


def test_an_unsupported_modifier_is_an_internal_error(stash: Stash) -> None:
    query = "{ findScenes(scene_filter: {id: {value: 1, modifier: MATCHES_REGEX}}) { count } }"
    assert stash.error(query).startswith("Internal system error. Error <")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            '{ findScenes(scene_filter: {path: {value: "(", modifier: MATCHES_REGEX}}) { count } }',
            "error parsing regexp",
        ),
        ('{ findScenes(ids: ["x"]) { count } }', "converting ids: strconv.Atoi"),
        ('{ findGroups(ids: ["1"]) { count } }', "group with id 1 not found"),
        ('{ findPerformers(ids: ["1", "1"]) { count } }', "duplicate id found: 1"),
    ],
)
def test_bad_questions(stash: Stash, query: str, message: str) -> None:
    assert message in stash.error(query)
