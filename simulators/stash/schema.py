"""Builds the GraphQL schema of one Stash version from schema.graphql.

Fields and arguments marked @since or @until are left out where the simulated version has not got
them, so that asking for one is a true validation error, as it would be there.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema, build_ast_schema, parse
from graphql.language import (
    REMOVE,
    FieldDefinitionNode,
    InputValueDefinitionNode,
    StringValueNode,
    Visitor,
    VisitorAction,
    visit,
)

from simulators.stash.fields import FIELDS, Constant

SDL = Path(__file__).with_name("schema.graphql")
# Argument types that changed under the same name: before this version, this text is replaced.
RETYPED = (
    ("0.25", "plugins(include: [ID!]): PluginConfigMap!", "plugins(include: [String!]): Map!"),
    ("0.25", "plugin_id: ID!, task_name: String,", "plugin_id: ID!, task_name: String!,"),
)

Resolver = Callable[..., Any]


def version_key(version: str) -> tuple[int, int]:
    """ "v0.30.1" -> (0, 30); "v0.30.1-44-gcf3489efd" -> (0, 31): a build past a release has what
    the next one will have. Raises ValueError: no version number in it."""
    found = re.match(r"v?(\d+)\.(\d+)(?:\.\d+)?(-\d+-g)?", version)
    if found is None:
        raise ValueError(f"not a version: {version!r}")
    return int(found[1]), int(found[2]) + (found[3] is not None)


def build_schema(version: str, resolvers: dict[str, Resolver]) -> GraphQLSchema:
    """Builds the schema of that version.

    Args:
        resolvers: by `python_name` of the root field, called with (context, **arguments).
    """
    key = version_key(version)
    text = SDL.read_text(encoding="utf-8")
    for until, newer, older in RETYPED:
        if key < version_key(until):
            text = text.replace(newer, older)
    document = visit(parse(text, no_location=True), _DropAbsent(key))
    schema = build_ast_schema(document)
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__"):
            root = type_ in (schema.query_type, schema.mutation_type)
            for name, field in type_.fields.items():
                field.resolve = (
                    _root(resolvers[python_name(name)])
                    if root
                    else plain_resolver(type_.name, name)
                )
    return schema


def plain_resolver(type_name: str, field: str) -> Resolver:
    """The field's reader as a graphql-core resolver: the slow path, equal to the compiled one."""
    reader = FIELDS.get(type_name, {}).get(field)
    if reader is None:
        return lambda source, _info, **_args: getattr(source, field)
    if isinstance(reader, Constant):
        return lambda _source, _info, **_args: reader.value
    return lambda source, info, **args: reader(source, info.context, args)


def _root(resolver: Resolver) -> Resolver:
    def resolve(_source: None, info: Any, **args: Any) -> Any:
        return resolver(info.context, **{python_name(name): value for name, value in args.items()})

    return resolve


def python_name(name: str) -> str:
    """ "findScenes" -> "find_scenes", "id" -> "id_": names of resolvers and their arguments."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    return f"{snake}_" if hasattr(builtins, snake) else snake


class _DropAbsent(Visitor):
    """Removes the definitions that a version has not got."""

    def __init__(self, key: tuple[int, int]) -> None:
        super().__init__()
        self._key = key

    def enter_field_definition(self, node: FieldDefinitionNode, *_args: object) -> VisitorAction:
        return REMOVE if self._absent(node) else None

    def enter_input_value_definition(
        self, node: InputValueDefinitionNode, *_args: object
    ) -> VisitorAction:
        return REMOVE if self._absent(node) else None

    def _absent(self, node: FieldDefinitionNode | InputValueDefinitionNode) -> bool:
        for directive in node.directives or ():
            if directive.name.value in ("since", "until"):
                value = (directive.arguments or ())[0].value
                assert isinstance(value, StringValueNode)
                reached = self._key >= version_key(value.value)
                if reached != (directive.name.value == "since"):
                    return True
        return False
