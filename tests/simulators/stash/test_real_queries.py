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
    """A filter keeps that index from being used."""
    assert stash.ids({"id": {"value": 0, "modifier": "GREATER_THAN"}}, sort=None) == [*range(1, 7)]


def test_equal_scenes_come_by_title_untitled_ones_first(stash: Stash) -> None:
    """The title decides between equal ones, also when the order is descending."""
    for num in range(1, 7):
        stash.edit("set", kind="scene", id=num, attributes={"updated_at": "2025-03-01T10:00:00Z"})
    assert stash.ids(sort="updated_at") == [3, 5, 6, 4, 2, 1]
    assert stash.ids(sort="updated_at", direction="DESC") == [3, 5, 6, 4, 2, 1]


def test_entities_come_by_name_without_a_sort(stash: Stash) -> None:
    """Performers, studios and tags have a default order, in which numbers count as such."""
    found = stash.data("{ findTags { tags { name } } findStudios { studios { name } } }")
    assert [row["name"] for row in found["findTags"]["tags"]] == ["4K", "Night", "Outdoor"]
    assert [row["name"] for row in found["findStudios"]["studios"]] == ["Northwater", "Quayside"]


def test_links_come_in_an_order_of_their_own(stash: Stash) -> None:
    """Performers by id, tags by name, files by id behind the primary one."""
    found = stash.scene(1, "performers { id } tags { name }")
    assert [row["id"] for row in found["performers"]] == ["1", "2", "3"]
    assert [row["name"] for row in found["tags"]] == ["4K", "Night", "Outdoor"]
    assert [row["id"] for row in stash.scene(4, "files { id }")["files"]] == ["4", "60", "90"]


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
    """`__type` lists movies only when they are asked for."""
    query = '{ __type(name: "Scene") { a: fields { name } b: fields(includeDeprecated: true) '
    found = stash.data(query + "{ name } } }")["__type"]
    hidden = {row["name"] for row in found["b"]} - {row["name"] for row in found["a"]}
    assert hidden == {"movies"}


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
