"""Checks and converts the variables of a request as Stash's GraphQL library does.

It is laxer than the specification where texts look like numbers (an Int may come as "5", a String
as 5), and its errors name the path of the value instead of a place in the query. (gqlparser's
validator/vars.go; numbers reach it as texts.)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    Undefined,
    type_from_ast,
)
from graphql.language import OperationDefinitionNode

INTEGER = re.compile(r"[+-]?[0-9]+")
Path = tuple[str | int, ...]


class VariableError(Exception):
    """A variable does not fit.

    Args:
        path: from "variable" down to the value.
    """

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(message)
        self.path = path


def checked_variables(
    schema: GraphQLSchema, operation: OperationDefinitionNode, given: Mapping[str, Any]
) -> dict[str, Any]:
    """The variables that the operation declares, with their texts made numbers and the reverse.

    Raises:
        VariableError: one is missing or wrong.
    """
    found: dict[str, Any] = {}
    for definition in operation.variable_definitions or ():
        name = definition.variable.name.value
        path: Path = ("variable", name)
        declared: Any = type_from_ast(schema, definition.type)
        if name in given:
            found[name] = _value(declared, given[name], path)
        elif definition.default_value is None and isinstance(declared, GraphQLNonNull):
            raise VariableError(path, "must be defined")
    return found


def _value(of: GraphQLInputType, value: Any, path: Path) -> Any:
    if isinstance(of, GraphQLNonNull):
        if value is None:
            raise VariableError(path, "cannot be null")
        return _value(of.of_type, value, path)
    if value is None:
        return None
    if isinstance(of, GraphQLList):
        entries = value if isinstance(value, list) else [value]
        return [_value(of.of_type, entry, (*path, at)) for at, entry in enumerate(entries)]
    if isinstance(of, GraphQLInputObjectType):
        return _object(of, value, path)
    if isinstance(of, GraphQLEnumType):
        if value not in of.values:
            raise VariableError(path, f"{value} is not a valid {of.name}")
        return value
    return _scalar(of, value, path)


def _object(of: GraphQLInputObjectType, value: Any, path: Path) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise VariableError(path, f"must be a {of.name}, not a {_kind(value)}")
    for name in value:
        if name not in of.fields and name != "__typename":
            raise VariableError((*path, name), "unknown field")
    found: dict[str, Any] = {}
    for name, field in of.fields.items():
        if name in value:
            found[name] = _value(field.type, value[name], (*path, name))
        elif isinstance(field.type, GraphQLNonNull) and field.default_value is Undefined:
            raise VariableError((*path, name), "must be defined")
    return found


def _scalar(of: GraphQLScalarType, value: Any, path: Path) -> Any:
    text = str(value)
    if isinstance(value, bool | list | dict):
        fits = of.name == "Boolean" if isinstance(value, bool) else False
        if fits or of.name not in ("Int", "Float", "String", "ID", "Boolean"):
            return value
    elif of.name == "Int" and INTEGER.fullmatch(text):
        return int(text)
    elif of.name in ("ID", "String"):
        return text
    elif of.name == "Float" and _is_float(text):
        return float(text)
    elif of.name not in ("Int", "Float", "Boolean"):
        return value  # Time, Map, Any and their like take everything
    raise VariableError(path, f"cannot use {_kind(value)} as {of.name}")


def _is_float(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _kind(value: Any) -> str:
    """A value's kind in Go, where a number is still the text that it was read from."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, list):
        return "slice"
    return "map" if isinstance(value, dict) else "string"
