"""The simulated server as one object, and what a request knows of itself."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
)

from simulators.stash.changes import Changes
from simulators.stash.entity_changes import EntityChanges
from simulators.stash.find import Finder
from simulators.stash.jobs import JobQueue
from simulators.stash.library import Library
from simulators.stash.plugins import HookEvent, PluginHost, ServerLog
from simulators.stash.schema import version_key
from simulators.stash.session import Caller, Sessions
from simulators.stash.times import Clock

# Their Go structs are made from the schema; the others are written by hand.
GENERATED = ("TagCreateInput", "TagUpdateInput")


def default_switches(version: str) -> dict[str, Any]:
    """The switches of /_sim/config, besides `latency`.

    version: "v0.24.0" to "v0.30.1": which fields exist, and the older quirks.
    now, offset: see `Clock`.
    max_session_age: seconds until a cookie is refused.
    locked_share: share of GraphQL requests that answer "database is locked", 0..1.
    scan_seconds_per_file: how long the server's own jobs take for a file or a scene.
    """
    return {
        "version": version,
        "now": None,
        "offset": "Z",
        "max_session_age": 3600,
        "locked_share": 0.0,
        "scan_seconds_per_file": 0.0,
    }


@dataclass(slots=True)
class Simulator:
    """Everything that a Stash server holds.

    Args:
    """

    switches: dict[str, Any]
    clock: Clock
    library: Library
    sessions: Sessions
    log: ServerLog
    host: PluginHost
    jobs: JobQueue
    plugin_settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    rng: random.Random = field(default_factory=lambda: random.Random(0))
    schema: GraphQLSchema = field(default_factory=GraphQLSchema)
    finder: Finder = field(init=False)
    changes: Changes = field(init=False)
    entities: EntityChanges = field(init=False)

    def __post_init__(self) -> None:
        self.finder = Finder(self.library)
        self.changes = Changes(self.library, self.clock, lambda: self.since("0.30"))
        self.entities = EntityChanges(self.library, self.clock)

    def since(self, version: str) -> bool:
        return version_key(self.switches["version"]) >= version_key(version)

    async def fire(
        self,
        caller: Caller,
        trigger: str,
        num: int,
        payload: Any = None,
        fields: Iterable[str] | None = None,
    ) -> None:
        """Runs the hooks of one event; `fields` come in random order, as from a Go map."""
        names = list(fields or ())
        self.rng.shuffle(names)
        await self.host.run_hooks(caller, HookEvent(trigger, num, payload, names))

    def whole_input(self, type_name: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """An input as Go marshals its struct: every field present, unset ones null; but in the
        structs that are generated, since v0.27, unset ones are left out."""
        known = self.schema.type_map[type_name]
        assert isinstance(known, GraphQLInputObjectType)
        whole = {
            name: _whole_value(field_.type, given.get(name))
            for name, field_ in known.fields.items()
        }
        if type_name in GENERATED or type_name.startswith("Bulk"):
            return _without_nulls(whole) if self.since("0.27") else whole
        return whole | _go_only(type_name, whole)


def _go_only(type_name: str, whole: Mapping[str, Any]) -> dict[str, Any]:
    """What the structs of performers have besides."""
    if not type_name.startswith("Performer") or "name" not in whole:
        return {}
    known: dict[str, Any] = {"height": None, "aliases": None}
    if "custom_fields" in whole and type_name == "PerformerUpdateInput":
        given = whole["custom_fields"] or {}
        known["custom_fields"] = {part: given.get(part) for part in ("full", "partial", "remove")}
    return known


def _without_nulls(whole: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in whole.items() if value is not None}


def _whole_value(of: GraphQLInputType, value: Any) -> Any:
    if isinstance(of, GraphQLNonNull):
        return _whole_value(of.of_type, value)
    if value is None:
        return None
    if isinstance(of, GraphQLList):
        return [_whole_value(of.of_type, entry) for entry in value]
    if isinstance(of, GraphQLInputObjectType):
        return {name: _whole_value(sub.type, value.get(name)) for name, sub in of.fields.items()}
    return value


@dataclass(frozen=True, slots=True)
class RequestContext:
    """What resolvers and readers know of the request.

    Args:
        base_url: scheme and Host header of this request: image URLs are built from it.
    """

    sim: Simulator
    caller: Caller
    base_url: str

    @property
    def library(self) -> Library:
        return self.sim.library

    @property
    def api_key(self) -> str:
        return self.sim.sessions.api_key
