"""A plain-minded sync, used to prove that the oracle's demands can be met: one PUT an item."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import requests

from simulators.dumps import plex_seed, stash_seed
from simulators.launch import PlexHandle
from simulators.library.oracle import expected, owners
from simulators.library.oracle_fields import Catalog, Fields, FirstSync, unequal
from simulators.library.oracle_text import name_key
from simulators.library.truth import items_by_name
from simulators.seed import PlexItem, StashScene, Truth

_TAGS = {"genres": "genre", "roles": "actor", "directors": "director"}


def sync(
    plex: PlexHandle,
    stash_state: dict[str, Any],
    truth: Truth,
    first_sync: FirstSync,
    synced: dict[str, Any] | None = None,
) -> None:
    """Make Plex show what the oracle expects, item by item."""
    state = plex.state()
    stash = stash_seed(stash_state)
    catalog = Catalog.of(stash)
    scenes = {scene["id"]: scene for scene in stash["scenes"]}
    owner = owners(stash_state, state, truth)
    items = items_by_name(plex_seed(state))
    wanted = expected(stash_state, truth, state, first_sync=first_sync, synced=synced)
    with requests.Session() as session:
        for name, fields in wanted.items():
            section, _, key = name.partition(":")
            item = items[name][0]
            changes = unequal(fields, item)
            if not changes:
                continue
            parameters = _edit(
                item,
                {field: fields[field] for field in changes},
                _spellings(scenes[owner[name]], catalog),
            )
            parameters |= {"type": "4" if item["type"] == "episode" else "1", "id": key}
            answer = session.put(
                f"{plex.url}/library/sections/{section}/all",
                params=parameters,
                headers={"X-Plex-Token": plex.token},
                timeout=30,
            )
            answer.raise_for_status()


def _spellings(scene: StashScene, catalog: Catalog) -> dict[str, str]:
    names = [catalog.tags[tag] for tag in scene["tag_ids"]]
    names += [catalog.performers[who] for who in scene["performer_ids"]]
    return {name_key(name): name for name in [*names, scene["director"]]}


def _edit(item: PlexItem, fields: Fields, spelling: dict[str, str]) -> dict[str, str]:
    parameters = {}
    for field, value in fields.items():
        if field in _TAGS:
            continue
        parameters[f"{field}.value"] = "" if value is None else str(value)
        parameters[f"{field}.locked"] = "1"
    shown = {
        "genres": item["genres"],
        "roles": [role["tag"] for role in item["roles"]],
        "directors": item["directors"],
    }
    for field, element in _TAGS.items():
        keys = fields.get(field)
        if keys is None:
            continue
        assert isinstance(keys, list)
        names = [spelling.get(key) for key in keys]
        names += [name for name in shown[field] if name_key(name) in keys]
        kept = list({name_key(name): name for name in names if name}.values())
        for number, name in enumerate(kept):
            parameters[f"{element}[{number}].tag.tag"] = name
        gone = [name for name in shown[field] if name_key(name) not in keys]
        if gone:
            quoted = ",".join(quote(name, safe="") for name in gone)
            parameters[f"{element}[].tag.tag-"] = quoted
    return parameters
