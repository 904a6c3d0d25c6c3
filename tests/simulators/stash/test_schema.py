"""The schema by version, and the compiled execution against graphql-core's own."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Mapping
from typing import Any, cast

import pytest
from graphql import (
    ExecutionResult,
    GraphQLObjectType,
    execute_sync,
    get_named_type,
    parse,
    validate,
)
from graphql.type import GraphQLSchema, is_leaf_type, validate_schema
from hypothesis import given
from hypothesis import strategies as st

from simulators.seed import StashSeed
from simulators.stash.executor import ProjectingExecutor, go_float
from simulators.stash.plugin_settings import StoredSettings
from simulators.stash.resolvers import schema_of
from simulators.stash.schema import version_key
from simulators.stash.server import build_simulator, parse_arguments
from simulators.stash.session import Caller
from simulators.stash.state import RequestContext, Simulator
from tests.simulators.stash.running import scene, seed

VERSIONS = ["v0.24.0", "v0.25.1", "v0.26.2", "v0.27.2", "v0.28.1", "v0.29.0", "v0.30.1"]


def simulator(library: Mapping[str, Any]) -> Simulator:
    options: Namespace = parse_arguments(["--seed", "unused"])
    return build_simulator(cast("StashSeed", library["stash"]), options)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_has_a_valid_schema(version: str) -> None:
    assert validate_schema(schema_of(version)) == []


def fits(version: str, query: str) -> bool:
    return validate(schema_of(version), parse(query)) == []


@pytest.mark.parametrize(
    ("query", "since"),
    [
        ("{ findScenes(ids: []) { count } }", "0.25"),
        ("{ findScenes { scenes { play_history } } }", "0.25"),
        ('mutation { runPluginTask(plugin_id: "P", args_map: {}) }', "0.25"),
        ('mutation { runPluginOperation(plugin_id: "P") }', "0.25"),
        ("query ($i: [ID!]) { configuration { plugins(include: $i) } }", "0.25"),
        ("{ jobQueue { error } }", "0.26"),
        ("{ findScenes { scenes { groups { scene_index } } } }", "0.27"),
        ("{ findScenes(scene_filter: {files_filter: {}}) { count } }", "0.30"),
        ("{ findScenes { scenes { files { parent_folder { path } } } } }", "0.29"),
    ],
)
def test_what_a_version_has_not_got_is_unknown_there(query: str, since: str) -> None:
    for version in VERSIONS:
        assert fits(version, query) is (version_key(version) >= version_key(since)), version


def test_what_all_versions_have() -> None:
    query = """{ findScenes(scene_ids: [1]) { scenes { id title files { path } studio { name } } }
        configuration { plugins(include: ["P"]) } }"""
    assert all(fits(version, query) for version in VERSIONS)


def rich_library() -> dict[str, Any]:
    return seed(
        scene(1, studio_id=2, tag_ids=[3, 1], performer_ids=[2, 1], cover="x", rating100=40),
        scene(2, files=[], date=None, title=""),
        scene(3, tag_ids=[2], files=scene(3)["files"] + scene(30)["files"]),
    )


SIM = simulator(rich_library())


def run(schema: GraphQLSchema, query: str, compiled: bool) -> ExecutionResult:
    context = RequestContext(SIM, Caller(), "http://stash")
    executor = ProjectingExecutor if compiled else None
    return execute_sync(schema, parse(query), context_value=context, executor_class=executor)


@st.composite
def selections(draw: st.DrawFn, type_: GraphQLObjectType, depth: int) -> str:
    """A random selection of fields, nested and aliased."""
    names = [
        name
        for name, field in type_.fields.items()
        if depth or is_leaf_type(get_named_type(field.type))
    ]
    parts = ["__typename"]
    for name in draw(st.lists(st.sampled_from(names), max_size=6, unique=True)):
        inner = get_named_type(type_.fields[name].type)
        text = name if draw(st.booleans()) else f"other_{name}: {name}"
        if isinstance(inner, GraphQLObjectType):
            text += draw(selections(inner, depth - 1))
        parts.append(text)
    return " { " + " ".join(parts) + " } "


SCENES = cast(GraphQLObjectType, SIM.schema.type_map["FindScenesResultType"])


@given(selections(SCENES, 4))
def test_compiled_execution_answers_as_graphql_core_does(selection: str) -> None:
    query = f'{{ findScenes(filter: {{sort: "id"}}) {selection} }}'
    slow, fast = run(SIM.schema, query, compiled=False), run(SIM.schema, query, compiled=True)
    assert slow.errors is None
    assert fast.errors is None
    assert fast.data == slow.data


def test_fragments_directives_and_arguments_are_compiled_too() -> None:
    query = """{ findScene(id: 1) { ...S studio { a: scene_count(depth: 1) }
        title @skip(if: true) tags { name @include(if: true) } } }
        fragment S on Scene { id studio { id ... on Studio { name } } studio { scene_count } }"""
    slow, fast = run(SIM.schema, query, compiled=False), run(SIM.schema, query, compiled=True)
    assert fast.data == slow.data
    assert fast.data is not None
    assert fast.data["findScene"]["studio"]["a"] == 1


def test_introspection_describes_the_schema() -> None:
    query = '{ __type(name: "Scene") { fields { name } } __schema { queryType { name } } }'
    result = run(SIM.schema, query, compiled=True)
    assert result.data is not None
    assert {"name": "groups"} in result.data["__type"]["fields"]


@pytest.mark.parametrize(
    ("value", "printed"), [(1800.0, "1800"), (0.5, "0.5"), (6.0e9, "6000000000.0")]
)
def test_floats_are_printed_as_go_prints_them(value: float, printed: str) -> None:
    assert repr(go_float(value)) == printed


def test_settings_of_older_versions_come_back_changed() -> None:
    stored = {"Stash2Plex": {"plex_url": "u", "plexURL": 1, "plexUrl2": 2.5}, "Empty": {}}
    newest = StoredSettings(stored, through_snake_case=False)
    assert newest.read(None) == newest.read([]) == stored
    oldest = StoredSettings(stored, through_snake_case=True)
    changed = {"plexUrl": "u", "plexUrL": 1, "plexUrl2": 2.5}
    assert oldest.read(None) == {"stash2Plex": changed, "empty": {}}
    assert set(oldest.read(["Stash2Plex"])) == {"Stash2Plex"}


def test_a_page_of_500_scenes_is_fast() -> None:
    library = seed(*(scene(num, tag_ids=[1, 2, 3], performer_ids=[1, 2]) for num in range(1, 2001)))
    sim = simulator(library)
    context = RequestContext(sim, Caller(), "http://stash")
    document = parse(
        """{ findScenes(scene_filter: {id: {value: 1000, modifier: GREATER_THAN}}, filter: {
        sort: "id", per_page: 500}) { count scenes { id title details date updated_at
        paths { screenshot } files { path size duration } studio { name } performers { id name }
        tags { id name } } } }"""
    )
    times = []
    for _ in range(5):
        started = time.process_time()
        result = execute_sync(
            sim.schema, document, context_value=context, executor_class=ProjectingExecutor
        )
        times.append(time.process_time() - started)
        assert result.errors is None
    assert min(times) < 0.1
