"""What a running Stash (v0.30.1-44-gcf3489efd) was seen to answer to queries.

Each docstring names the fact.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.simulators.stash.running import Stash, StashProcess, loaded, scene, seed

JSON = {"Accept": "application/json"}


def library() -> dict[str, Any]:
    files = [scene(num)["files"][0] for num in (4, 90, 60)]
    rated = {"rating100": 20}
    return seed(
        scene(1, studio_id=2, title="b", tag_ids=[1, 2, 3], performer_ids=[3, 1, 2], **rated),
        scene(2, studio_id=1, title="a", date="2024-05", **rated),
        scene(3, title="", date=None),
        scene(4, studio_id=2, title="10", files=files, date="2024"),
        scene(5, title="", performer_ids=[1], director="d"),
        scene(6, studio_id=1, title="9 lives", **rated),
        version="v0.30.1-44-gcf3489efd",
    )


@pytest.fixture(scope="module")
def stash(stash_process: StashProcess) -> Iterator[Stash]:
    with loaded(stash_process, library()) as client:
        yield client


def test_without_a_sort_scenes_come_by_studio(stash: Stash) -> None:
    """An index on the studio orders them, those of none first; the direction is of no use."""
    assert stash.ids(sort=None) == stash.ids(sort="", direction="DESC") == [3, 5, 2, 6, 1, 4]


def test_without_a_sort_filtered_scenes_come_by_id(stash: Stash) -> None:
    """A filter or a search keeps that index from being used."""
    assert stash.ids({"id": {"value": 0, "modifier": "GREATER_THAN"}}, sort=None) == [*range(1, 7)]
    assert stash.ids(q="scene", sort=None) == [*range(1, 7)]


def test_equal_scenes_come_by_title_untitled_ones_first(stash: Stash) -> None:
    """The title decides between equal ones, also when the order is descending."""
    assert stash.ids(sort="rating") == [3, 5, 4, 6, 2, 1]
    assert stash.ids(sort="rating", direction="DESC") == [6, 2, 1, 3, 5, 4]


def test_entities_come_by_name_without_a_sort(stash: Stash) -> None:
    """Performers, studios and tags have a default order, in which numbers count as such."""
    found = stash.data("{ findTags { tags { name } } findStudios { studios { name } } }")
    assert [row["name"] for row in found["findTags"]["tags"]] == ["4K", "Night", "Outdoor"]
    assert [row["name"] for row in found["findStudios"]["studios"]] == ["Northwater", "Quayside"]


def test_more_sorts_are_known_and_random_needs_a_number(stash: Stash) -> None:
    """`file_count`, `bitrate`, `resolution` and others sort; `random_x` does not."""
    for sort in ("file_count", "bitrate", "resolution", "last_o_at", "performer_age", "random_7"):
        assert sorted(stash.ids(sort=sort)) == [*range(1, 7)]
    query = "query ($f: FindFilterType) { findScenes(filter: $f) { count } }"
    assert stash.error(query, f={"sort": "random_x"}) == "invalid random seed: x"


def test_links_come_in_an_order_of_their_own(stash: Stash) -> None:
    """Performers by id, tags by name, files by id behind the primary one."""
    found = stash.scene(1, "performers { id } tags { name }")
    assert [row["id"] for row in found["performers"]] == ["1", "2", "3"]
    assert [row["name"] for row in found["tags"]] == ["4K", "Night", "Outdoor"]
    assert [row["id"] for row in stash.scene(4, "files { id }")["files"]] == ["4", "60", "90"]


@pytest.mark.parametrize(
    ("criterion", "found"),
    [
        ({"value": "2024-05", "modifier": "EQUALS"}, []),
        ({"value": "2024-05-01", "modifier": "EQUALS"}, [1, 2, 5, 6]),
        ({"value": "2024-01-01", "modifier": "EQUALS"}, [4]),
        ({"value": "2024-04", "modifier": "GREATER_THAN"}, [1, 2, 5, 6]),
    ],
)
def test_partial_dates_are_their_first_day(
    stash: Stash, criterion: dict[str, str], found: list[int]
) -> None:
    """A partial date is stored as its first day; filters compare that."""
    assert stash.ids({"date": criterion}) == found


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"OR": {"id": {"value": 3, "modifier": "LESS_THAN"}}}, [1, 2]),
        ({"NOT": {"rating100": {"value": 30, "modifier": "EQUALS"}}}, [1, 2, 6]),
        ({"NOT": {"title": {"value": "a", "modifier": "EQUALS"}}}, [1, 4, 6]),
        ({"NOT": {"studios": {"value": ["1"], "modifier": "INCLUDES"}}}, [1, 4]),
        ({"NOT": {"is_missing": "title"}}, [1, 2, 4, 6]),
        ({"title": {"value": "a lives", "modifier": "INCLUDES"}}, [2, 6]),
        ({"title": {"value": '"9 lives"', "modifier": "INCLUDES"}}, [6]),
        ({"title": {"value": "a 9", "modifier": "EXCLUDES"}}, [1, 4]),
        ({"title": {"value": "^a$", "modifier": "NOT_MATCHES_REGEX"}}, [1, 3, 4, 5, 6]),
        ({"url": {"value": "x", "modifier": "EXCLUDES"}}, [1, 2, 3, 4, 5, 6]),
        ({"is_missing": ""}, [1, 2, 3, 4, 5, 6]),
        ({"performers": {"value": ["x"], "modifier": "INCLUDES"}}, []),
        ({"performers": {"value": ["1"], "modifier": "GREATER_THAN"}}, [1, 2, 3, 4, 5, 6]),
        ({"studios": {"value": ["1"], "modifier": "NOT_EQUALS"}}, [1, 3, 4, 5]),
        ({"path": {"value": "", "modifier": "IS_NULL"}}, []),
    ],
)
def test_filters(stash: Stash, wanted: dict[str, Any], found: list[int]) -> None:
    """OR alone, NOT over what has no value, any word of INCLUDES, regular expressions over null,
    odd values and modifiers of links."""
    assert stash.ids(wanted) == found


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (
            'AND: {id: {value: 1, modifier: EQUALS}}, NOT: {title: {value: "", modifier: IS_NULL}}',
            "cannot have AND and NOT in the same filter",
        ),
        (
            "AND: {OR: {organized: true}, NOT: {organized: true}}",
            "cannot have OR and NOT in the same filter",
        ),
        (
            "id: {value: 1, modifier: INCLUDES}",
            "Internal system error. Error <unsupported numeric modifier type INCLUDES>",
        ),
        (
            'updated_at: {value: "2026", modifier: INCLUDES}',
            "Internal system error. Error <unsupported date modifier type>",
        ),
        (
            'title: {value: "x", modifier: GREATER_THAN}',
            "Internal system error. Error <unsupported string filter modifier>",
        ),
        (
            'performers: {value: ["1"], modifier: NOT_EQUALS}',
            "not equals modifier is not supported for multi criterion input",
        ),
    ],
)
def test_filters_that_are_refused(stash: Stash, wanted: str, message: str) -> None:
    """Two connectives in one level at any depth, and the words for modifiers that make no sense."""
    assert stash.error(f"{{ findScenes(scene_filter: {{{wanted}}}) {{ count }} }}") == message


@pytest.mark.parametrize(
    "wanted",
    [
        {"OR": {"performers_filter": {"name": {"value": "Bo", "modifier": "EQUALS"}}}},
        {"OR": {"tags": {"value": ["1", "2"], "modifier": "INCLUDES_ALL"}}},
        {"NOT": {"performers": {"value": ["1"], "modifier": "INCLUDES"}}},
    ],
)
def test_filters_whose_answers_are_odd_are_not_simulated(
    stash: Stash, wanted: dict[str, Any]
) -> None:
    """Joins leak between the levels of a filter: Stash answers, but not what was asked."""
    query = "query ($f: SceneFilterType) { findScenes(scene_filter: $f) { count } }"
    assert stash.error(query, f=wanted).startswith("not simulated, since Stash's answer is odd")


def test_a_name_that_is_no_column_shows_the_sql(stash: Stash) -> None:
    """is_missing takes any text for a column."""
    message = stash.error('{ findScenes(scene_filter: {is_missing: "bogus"}) { count } }')
    assert "SELECT DISTINCT scenes.id FROM scenes WHERE ((scenes.bogus IS NULL" in message
    assert message.endswith("no such column: scenes.bogus")


@pytest.mark.parametrize(
    ("query", "found"),
    [("lives 6", [6]), ("scene -lives -10", [1, 2, 3, 5]), ("lives OR 0002", [2, 6])],
)
def test_the_search_box_knows_not_and_or(stash: Stash, query: str, found: list[int]) -> None:
    """All words, none of those with a dash, one of those around OR."""
    assert stash.ids(q=query) == found


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ('ids: ["1", "1"]', "validating ids: duplicate id found: 1"),
        ('ids: ["1", "01"]', "scene with id 1 not found"),
        ("scene_ids: [2, 2]", "scene with id 2 not found"),
        ('ids: [" 1"]', 'converting ids: strconv.Atoi: parsing " 1": invalid syntax'),
    ],
)
def test_ids_that_are_refused(stash: Stash, ids: str, message: str) -> None:
    """Twins by text are named, twins by number are not found; texts are read as Go does."""
    assert stash.error(f"{{ findScenes({ids}) {{ count }} }}") == message


def test_aliases_read_what_may_be_gone(stash: Stash) -> None:
    """A thousand scenes in one request: missing ones are null, a bad id fails alone."""
    fields = " ".join(f"s{num}: findScene(id: {num}) {{ id }}" for num in range(1, 1001))
    found = stash.data(f"{{ {fields} }}")
    assert [name for name, row in found.items() if row] == [f"s{num}" for num in range(1, 7)]
    answer = stash.answer('{ a: findScene(id: 1) { id } b: findScene(id: "x") { id } }')
    message = 'strconv.Atoi: parsing "x": invalid syntax'
    assert answer["errors"] == [{"message": message, "path": ["b"]}]
    assert answer["data"] == {"a": {"id": "1"}, "b": None}


def test_introspection_hides_deprecated_fields(stash: Stash) -> None:
    """`__type` lists url and movies only when they are asked for."""
    query = '{ __type(name: "Scene") { a: fields { name } b: fields(includeDeprecated: true) '
    found = stash.data(query + "{ name } } }")["__type"]
    hidden = {row["name"] for row in found["b"]} - {row["name"] for row in found["a"]}
    assert hidden == {"url", "movies"}


VARIABLES = "query ($i: [ID!], $n: Int, $f: FindFilterType, $s: SceneFilterType) "
VARIABLES += "{ a: findScenes(ids: $i, filter: $f, scene_filter: $s) { count } "
VARIABLES += "b: findScenes(filter: {per_page: $n}) { count } }"


@pytest.mark.parametrize(
    "variables", [{"i": 3}, {"i": [3, "4"]}, {"f": {"per_page": "2", "q": 5}}, {"n": None}]
)
def test_texts_and_numbers_stand_in_for_each_other(stash: Stash, variables: dict[str, Any]) -> None:
    """An Int may come as a text, a String and an ID as a number, a list as its one entry."""
    stash.data(VARIABLES, **variables)


@pytest.mark.parametrize(
    ("variables", "path", "message"),
    [
        ({"n": "x"}, ["n"], "cannot use string as Int"),
        ({"f": {"q": True}}, ["f", "q"], "cannot use bool as String"),
        ({"f": {"moon": 1}}, ["f", "moon"], "unknown field"),
        ({"s": {"id": {"value": 1}}}, ["s", "id", "modifier"], "must be defined"),
        ({"i": [None]}, ["i", 0], "cannot be null"),
        ({"f": [1]}, ["f"], "must be a FindFilterType, not a slice"),
        ({"f": {"direction": "UP"}}, ["f", "direction"], "UP is not a valid SortDirectionEnum"),
    ],
)
def test_variables_that_do_not_fit(
    stash: Stash, variables: dict[str, Any], path: list[str | int], message: str
) -> None:
    """The error names the path of the value, and no place in the query."""
    (error,) = stash.answer(VARIABLES, **variables)["errors"]
    code = {"code": "GRAPHQL_VALIDATION_FAILED"}
    assert error == {"message": message, "path": ["variable", *path], "extensions": code}


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/html", "application/graphql-response+json"),
        ("application/json, */*", "application/json"),
        (None, "application/json"),
    ],
)
def test_whatever_is_not_named_json_gets_the_newer_type(
    stash: Stash, accept: str | None, kind: str
) -> None:
    """Only application/json, or no Accept header, is answered as before; nothing is cached."""
    answer = stash.post("{ version { version } }", {"Accept": accept})
    assert answer.headers["Content-Type"] == kind
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ("{}", 422, "no operation provided"),
        ('{"query": null}', 422, "no operation provided"),
        (
            '{"query": "query A { version { hash } } query B { version { hash } }"}',
            422,
            "operation  not found",
        ),
        ('{"query": "{ version { hash } }", "variables": []}', 400, "json request body"),
        ('{"query": "{ findScenes {"}', 422, "Expected Name, found <EOF>"),
        (
            '{"query": "{ findScenes(scene_filter: {foo: 1}) { count } }"}',
            422,
            'Field "foo" is not defined by type "SceneFilterType".',
        ),
        (
            '{"query": "{ findTag { id } }"}',
            422,
            'Field "findTag" argument "id" of type "ID!" is required, but it was not',
        ),
    ],
)
def test_requests_that_cannot_be_executed(
    stash: Stash, body: str, status: int, message: str
) -> None:
    """Their status and the first words of the error."""
    headers = {"Content-Type": "application/json", **JSON}
    answer = stash.session.post(f"{stash.url}/graphql", data=body, headers=headers, timeout=10)
    assert answer.status_code == status
    assert answer.json()["errors"][0]["message"].startswith(message)


def test_other_methods_and_types_are_no_transport(stash: Stash) -> None:
    """They are 400 with JSON that is called text."""
    for answer in (
        stash.session.put(f"{stash.url}/graphql", json={}, timeout=10),
        stash.session.post(f"{stash.url}/graphql", data={"query": "x"}, timeout=10),
    ):
        assert answer.status_code == 400
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert answer.json()["errors"] == [{"message": "transport not supported"}]
