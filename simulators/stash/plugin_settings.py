"""Plugin settings as the versions of Stash give them back.

Up to v0.25 the keys went through snake case and back, so that some came out changed, and so did
the ids of plugins in the full list.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

CAPITAL = re.compile(r"(\w)([A-Z])")
SNAKE = re.compile(r"_(\w)")


def stored(values: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as they are kept: integers only within 64 bits, but for those inside others."""
    return {
        key: max(-(2**63), min(value, 2**63 - 1))
        if isinstance(value, int) and not isinstance(value, bool)
        else value
        for key, value in values.items()
    }


def through_snake_case(key: str) -> str:
    """ "plexUrl" survives, "plex_url" comes out as "plexUrl", "plexURL" as "plexUrL"."""
    snake = CAPITAL.sub(r"\1_\2", key).lower()
    return SNAKE.sub(lambda found: found[1].upper(), snake)


@dataclass(frozen=True, slots=True)
class StoredSettings:
    """The settings of all plugins, by id, and how this version shows them."""

    by_plugin: Mapping[str, Mapping[str, Any]]
    through_snake_case: bool

    def read(self, include: Sequence[str] | None) -> dict[str, dict[str, Any]]:
        """All plugins that were ever configured, if only with nothing, or those of `include` that
        have settings (an empty list means all, too)."""
        if include:
            return {
                name: self._shown(self.by_plugin[name])
                for name in include
                if self.by_plugin.get(name)
            }
        return {self._key(name): self._shown(values) for name, values in self.by_plugin.items()}

    def _shown(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {self._key(key): value for key, value in values.items()}

    def _key(self, key: str) -> str:
        return through_snake_case(key) if self.through_snake_case else key
