"""Collects the resolver classes into the table that the schema is built with."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from graphql import GraphQLSchema

from simulators.stash.entity_writes import entity_mutations
from simulators.stash.plugin_writes import PluginMutations
from simulators.stash.queries import Queries, entity_queries
from simulators.stash.scene_writes import SceneMutations
from simulators.stash.schema import build_schema
from simulators.stash.tasks import JobMutations

Resolver = Callable[..., Any]


def table(*sources: object) -> dict[str, Resolver]:
    """The public methods of the objects by their names."""
    return {
        name: getattr(source, name)
        for source in sources
        for name in vars(type(source))
        if not name.startswith("_")
    }


@lru_cache(maxsize=16)
def schema_of(version: str) -> GraphQLSchema:
    """The schema of a version; built once, since nothing in it depends on the library."""
    resolvers = table(Queries(), PluginMutations(), SceneMutations(), JobMutations())
    return build_schema(version, {**resolvers, **entity_queries(), **entity_mutations()})
