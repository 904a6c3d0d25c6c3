"""What Stash refuses about performers, studios and tags: names, aliases, and families in circles.

(pkg/performer/validate.go, pkg/studio/validate.go, pkg/tag/validate.go and update.go.)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulators.stash.library import Library, StashError
from simulators.stash.model import Group, Performer, Studio, Tag

Given = Mapping[str, Any]
Entity = Performer | Studio | Tag | Group


def check_names(kind: str, rows: Mapping[int, Any], given: Given, own: Entity | None) -> None:
    """Checks the name and the aliases of an input.

    Args:
        kind: "performer", "studio" or "tag".
        rows: of that kind.
        own: what is being updated; None: it is to be made.

    Raises:
        StashError: one is blank, taken, or there twice.
    """
    if "name" in given:
        name = (given["name"] or "").strip()
        if not name:
            raise StashError(f"{kind} name must not be blank")
        _check_name(kind, rows, name, given, own)
    if kind == "group":
        return
    if kind == "performer":
        _check_twins(given)
    elif own is not None or "aliases" in given:
        aliases = given.get("aliases") or ()
        entries = aliases.get("values") if isinstance(aliases, Mapping) else aliases
        for alias in entries or ():
            _check_unused(kind, rows, alias, own)


def _check_name(
    kind: str, rows: Mapping[int, Any], name: str, given: Given, own: Entity | None
) -> None:
    if kind == "group":
        return
    if kind != "performer":
        _check_unused(kind, rows, name, own)
        return
    known = own.disambiguation if isinstance(own, Performer) else ""
    beside = given.get("disambiguation") or known
    for row in rows.values():
        same = row.name.lower() == name.lower() and row.disambiguation.lower() == beside.lower()
        if row is not own and same:
            both = f"'{name}' and disambiguation '{beside}'" if beside else f"'{name}'"
            raise StashError(f"performer with name {both} already exists")


def _check_unused(kind: str, rows: Mapping[int, Any], name: str, own: Entity | None) -> None:
    others = [row for row in rows.values() if row is not own]
    if any(row.name.lower() == name.lower() for row in others):
        raise StashError(f"{kind} with name '{name}' already exists")
    for row in others:
        if any(alias.lower() == name.lower() for alias in row.aliases):
            raise StashError(f"name '{name}' is used as alias for '{row.name}'")


def _check_twins(given: Given) -> None:
    aliases = given.get("alias_list") or ()
    seen: set[str] = set()
    for alias in () if isinstance(aliases, Mapping) else aliases:
        if alias.lower() in seen:
            raise StashError(f"performer contains duplicate alias '{alias}'")
        seen.add(alias.lower())


def check_family(library: Library, own: Entity, values: Given) -> None:
    """Checks the parents that an update would give a tag or a studio.

    Raises:
        StashError: one is it itself, or descends from it.
    """
    if isinstance(own, Tag):
        for parent in values.get("parents") or ():
            path = _path_down(library, own, parent)
            if path:
                raise StashError(
                    f'cannot apply tag "{parent.name}" as a parent of "{own.name}" as it is '
                    f"already a descendant ({'->'.join(path)})"
                )
    if isinstance(own, Studio):
        above = values.get("parent_studio")
        while above is not None:
            if above is own:
                raise StashError("studio cannot be an ancestor of itself")
            above = above.parent_studio


def _path_down(library: Library, top: Tag, wanted: Tag) -> list[str]:
    """The names from a tag down to one of its descendants; empty if it is none."""
    paths: dict[int, list[str]] = {top.num: [top.name]}
    level = [top]
    while level and wanted.num not in paths:
        children = [
            (parent, tag)
            for parent in level
            for tag in library.tags.values()
            if parent in tag.parents and tag.num not in paths
        ]
        paths.update({tag.num: [*paths[parent.num], tag.name] for parent, tag in children})
        level = [tag for _parent, tag in children]
    return paths.get(wanted.num, [])
