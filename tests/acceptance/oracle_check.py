"""What a sync may have done to Plex, told from dumps: the oracle's verdict, and what it omits."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from simulators.dumps import State
from simulators.library.oracle import differences, untouched
from simulators.library.oracle_fields import SYNCED, FirstSync
from simulators.library.oracle_text import name_key
from simulators.seed import Truth

# Plex's names of what we write, and of their locks.
OURS = (
    "title",
    "summary",
    "studio",
    "originallyAvailableAt",
    "userRating",
    "genre",
    "actor",
    "director",
    "collection",
    "thumb",
    "art",
)


def verdict(
    stash: State,
    truth: Truth,
    before: State,
    after: State,
    first_sync: FirstSync,
    scenes: Collection[int] | None = None,
    synced: State | None = None,
    whole_points: bool = False,
    fields: Collection[str] = SYNCED,
) -> list[str]:
    """Everything that is wrong after a sync of all scenes, a line for each; see `differences`.

    Args:
        whole_points: this server keeps ratings as whole points.
        fields: those that are synced.
    """
    wrong = differences(stash, truth, before, after, first_sync, scenes, synced, fields)
    if whole_points:
        wrong = [line for line in wrong if not _is_rounded(line)]
    return wrong + untouched(before, after, truth, fields) + damage(before, after)


def _is_rounded(line: str) -> bool:
    found = re.search(r"userRating: wanted ([0-9.]+), Plex shows ([0-9.]+)$", line)
    return found is not None and float(found[2]) in (
        float(found[1]) // 1,
        float(found[1]) // 1 + 1,
    )


def damage(before: State, after: State) -> list[str]:
    """What nobody asked for: other locks, what only Plex knows of an actor."""
    lines = []
    for key, was in before["items"].items():
        row = after["items"].get(key)
        if row is None or was["type"] in ("show", "season"):
            continue
        lines += [f"item {key}: {change}" for change in _parts_lost(was, row)]
        fresh = set(row["locked"]) - set(was["locked"])
        changed = {name for name in OURS if _value(was, name) != _value(row, name)}
        lines += [f"item {key}: {name} is locked" for name in sorted(fresh - changed)]
        open_still = changed - set(row["locked"])
        lines += [f"item {key}: {name} is not locked" for name in sorted(open_still)]
    return lines


def picture(row: Mapping[str, Any], name: str) -> Any:
    """The SHA-1 of the picture that an item shows as its `thumb` or `art`; None for none."""
    shelf = row[{"thumb": "posters", "art": "arts"}[name]]
    return next((image["sha1"] for image in shelf if image["selected"]), None)


def _value(row: Mapping[str, Any], name: str) -> Any:
    if name in ("thumb", "art"):
        return picture(row, name)
    value = row.get(name)
    if name == "actor":
        return sorted(actor["tag"] for actor in row["actor"])
    return sorted(value) if isinstance(value, list) else value or None


def _parts_lost(was: Mapping[str, Any], row: Mapping[str, Any]) -> list[str]:
    """Actors that stay keep their part and their photo."""
    kept = {name_key(actor["tag"]): actor for actor in row["actor"]}
    lines = []
    for actor in was["actor"]:
        now = kept.get(name_key(actor["tag"]))
        if now is not None and (now["role"], now["thumb"]) != (actor["role"], actor["thumb"]):
            lines.append(f"actor {actor} became {now}")
    return lines
