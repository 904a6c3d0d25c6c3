"""The judge of a sync: what Plex must show afterwards, and what must not have changed.

It works on the dumps that both simulators give under `/_sim/state`, before and after, and on
nothing that the product says of itself.
"""

from __future__ import annotations

from collections.abc import Collection

from simulators.dumps import State, handwork, plex_seed, stash_seed, whole_items
from simulators.library.match import match_library
from simulators.library.oracle_fields import (
    COLLECTIONS,
    DIRECTORS,
    SYNCED,
    Base,
    Catalog,
    Fields,
    FirstSync,
    collections,
    file_stem,
    passes_quality_gate,
    unequal,
    wanted,
)
from simulators.library.truth import items_by_name
from simulators.seed import PlexItem, Truth


def owners(stash_state: State, plex_state: State, truth: Truth) -> dict[str, int]:
    """ "section:ratingKey" → the scene that owns the item, told from the files of both sides."""
    scenes = stash_seed(stash_state)["scenes"]
    return match_library(scenes, plex_seed(plex_state)["sections"], truth["path_map"]).owner


def expected(
    stash_state: State,
    truth: Truth,
    before: State,
    after: State | None = None,
    first_sync: FirstSync = "mirror",
    synced: State | None = None,
    fields: Collection[str] = SYNCED,
) -> dict[str, Fields]:
    """What each item must show once every scene has been synced.

    Args:
        before: Plex before this sync: `merge` keeps what it finds there.
        after: Plex after it, if items may have been added meanwhile; these count as scanned
            and otherwise empty before.
        first_sync: `mirror`: exactly what Stash has; `merge`: that, and nothing lost.
        synced: Stash at the sync before this one: what has left it since must leave Plex.
        fields: those that are synced, by Plex's names as in `oracle_fields`.

    Returns:
        "section:ratingKey" → field → value, in the forms of `oracle_fields`, for the items of
        all scenes that pass the quality gate or did when last synced.
    """
    now = before if after is None else after
    stash = stash_seed(stash_state)
    catalog = Catalog.of(stash)
    scenes = {scene["id"]: scene for scene in stash["scenes"]}
    bases = {} if synced is None else _bases(synced)
    known, items = (items_by_name(plex_seed(each)) for each in (before, now))
    result: dict[str, Fields] = {}
    for name, owner in owners(stash_state, now, truth).items():
        scene = scenes[owner]
        if passes_quality_gate(scene) or owner in bases:
            item, agent = items[name]
            earlier = known[name][0] if name in known else _just_scanned(item)
            base = bases.get(owner)
            whole = wanted(scene, catalog, earlier, agent, first_sync, base)
            whole[COLLECTIONS] = collections(scene, catalog, earlier, base)
            result[name] = {field: whole[field] for field in whole if field in fields}
    return result


def _bases(synced: State) -> dict[int, Base]:
    stash = stash_seed(synced)
    catalog = Catalog.of(stash)
    return {
        scene["id"]: Base(scene, catalog) for scene in stash["scenes"] if passes_quality_gate(scene)
    }


def _just_scanned(item: PlexItem) -> PlexItem:
    """The item as it came: a file name for a title, and nothing else."""
    return {
        **item,
        "title": file_stem(item["media"][0][0]["file"]),
        "summary": "",
        "studio": None,
        "originally_available_at": None,
        "user_rating": None,
        "genres": [],
        "roles": [],
        "directors": [],
        "collections": [],
    }


def differences(
    stash_state: State,
    truth: Truth,
    before: State,
    after: State,
    first_sync: FirstSync = "mirror",
    scenes: Collection[int] | None = None,
    synced: State | None = None,
    fields: Collection[str] = SYNCED,
) -> list[str]:
    """One line per scene, item and field that does not show what it must; see `expected`.

    Args:
        scenes: look at the items of these scenes only.
    """
    owner = owners(stash_state, after, truth)
    items = items_by_name(plex_seed(after))
    wanted_fields = expected(stash_state, truth, before, after, first_sync, synced, fields)
    lines = []
    for name, wanted_values in wanted_fields.items():
        if scenes is not None and owner[name] not in scenes:
            continue
        for field, (value, shown) in unequal(wanted_values, items[name][0]).items():
            case = truth["cases"].get(str(owner[name]), "no case")
            lines.append(
                f"scene {owner[name]} ({case}), item {name}, {field}:"
                f" wanted {value!r}, Plex shows {shown!r}"
            )
    return lines


def untouched(
    before: State, after: State, truth: Truth, fields: Collection[str] = SYNCED
) -> list[str]:
    """What changed in Plex and must not have: foreign items at all, hand-made fields anywhere.

    Foreign is every item that no scene above the quality gate owns: orphans, music, the trash,
    candidates of an ambiguous match. Items that a scan added are not looked at.
    """
    ungated = set(truth["no_metadata"])
    ours = {
        name
        for scene, names in truth["matches"].items()
        if int(scene) not in ungated
        for name in names
    }
    present, lines = whole_items(after), []
    for name, was in whole_items(before).items():
        if name in present:
            found = _changes(was, present[name], ours=name in ours, fields=fields)
            lines += [f"item {name}, {change}" for change in found]
        else:
            lines.append(f"item {name} is gone from Plex")
    return lines


def _changes(was: State, row: State, *, ours: bool, fields: Collection[str]) -> list[str]:
    old, new = (handwork(was), handwork(row)) if ours else (was, row)
    looked_at = dict.fromkeys([*old, *new])
    for field, name in ((DIRECTORS, "director"), (COLLECTIONS, "collection")):
        if ours and field in fields:
            del looked_at[name]
    if ours and was["title"] != row["title"] and "titleSort" not in was["locked"]:
        del looked_at["titleSort"]  # the server's own doing: it follows the title
    changes = [
        f"{field}: was {old.get(field)!r}, is {new.get(field)!r}"
        for field in looked_at
        if old.get(field) != new.get(field)
    ]
    unlocked = [field for field in was["locked"] if field not in row["locked"]]
    return changes + [f"{field}: no longer locked" for field in unlocked]
