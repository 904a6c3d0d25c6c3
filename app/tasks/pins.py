"""Pins, by which the user says which item a scene is: pin, choose among candidates, unpin.

They take arguments, so they are started through Stash's API and are no buttons.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from app.arguments import allow_only, number, text
from app.wiring import Context
from core.change_words import counted
from core.errors import PinRefused
from core.matching.pins import Pin
from core.models import FullItem, Scene, Section
from core.text import name_key
from plex.library import synced_libraries
from reconciliation.enqueueing import job_of
from reconciliation.match_report import REPORT
from stash.scenes import fetch_scenes
from storage.state import State
from storage.synced_libraries import KNOWN
from sync_queue.jobs import EDIT
from sync_queue.operations import enqueue

log = logging.getLogger(__name__)
KIND = "pin"


def pin(context: Context) -> dict[str, Any]:
    """Pin the scene `scene_id` to the item `rating_key`, or to the `candidate` of that number.

    Raises:
        ConfigError: an argument makes no sense.
        PinRefused: there is no such scene or item, or it cannot be pinned.
    """
    scene = _scene(context)
    with context.open_state() as state:
        key = _key(context, state, scene.id)
        with context.open_plex() as plex:
            names, known = context.settings.plex_library, state.get_value(KNOWN)
            sections = synced_libraries(plex, names, known).there
            item = plex.full_items([key]).get(key)
        section = _checked(item, key, sections, text(context.args, "section"))
        assert item is not None
        _make_room(context, state, scene.id, item, section)
        state.pins.save([Pin(scene.id, item.ref, item.files, since=context.clock())])
        told = _told(state, scene, item, section)
    _enqueue(context, scene, f"pinned to item {key} of library {section.title!r}")
    log.info("scene %d is pinned to item %s of library %r", scene.id, key, section.title)
    for other in told["given_up"]:
        log.info("item %s of that library is not the scene's any more", other)
    return told


def unpin(context: Context) -> dict[str, Any]:
    """Take back the pins of the scene `scene_id`, or the one to the item `rating_key`.

    From then on evidence decides again; the next reconcile looks.
    """
    allow_only(context.args, ("scene_id", "rating_key"))
    scene_id = _scene_id(context)
    key = number(context.args, "rating_key")
    with context.open_state() as state:
        pins = state.pins.of_scenes([scene_id]).get(scene_id, [])
        chosen = [each.ref for each in pins if key is None or each.ref.key == str(key)]
        released = state.pins.release(scene_id, chosen)
    log.info("scene %d: %s taken back", scene_id, counted(len(released), "pin"))
    told: dict[str, Any] = {"scene_id": scene_id, "unpinned": [each.ref.key for each in released]}
    return told if released else {**told, "note": "the scene has no such pin"}


def _scene_id(context: Context) -> int:
    value = number(context.args, "scene_id")
    if value is None:
        raise PinRefused("The argument 'scene_id' is missing.")
    return value


def _scene(context: Context) -> Scene:
    scene_id = _scene_id(context)
    scene = fetch_scenes(context.stash, [scene_id]).get(scene_id)
    if scene is None:
        raise PinRefused(f"Stash has no scene {scene_id}.")
    return scene


def _key(context: Context, state: State, scene_id: int) -> str:
    """The rating key that the arguments name."""
    key = number(context.args, "rating_key")
    if key is not None:
        return str(key)
    report = state.get_value(REPORT).get("ambiguous") or []
    entry = next((each for each in report if each["scene_id"] == scene_id), None)
    if entry is None:
        raise PinRefused(
            "Name the item with the argument 'rating_key': the number behind 'metadata%2F' in "
            "the address of its page in Plex. Candidates to choose from are known only of scenes "
            f"that the last full reconcile found ambiguous, and scene {scene_id} was none of them."
        )
    keys = list(dict.fromkeys(found["rating_key"] for found in entry["candidates"]))
    chosen = number(context.args, "candidate")
    if chosen is not None and chosen <= len(keys):
        return str(keys[chosen - 1])
    listed = "; ".join(
        f"{place}: item {each} ({paths})"
        for place, each in enumerate(keys, start=1)
        if (paths := _paths(entry["candidates"], each))
    )
    raise PinRefused(f"Name one with the argument 'candidate' or 'rating_key': {listed}.")


def _paths(candidates: Sequence[dict[str, Any]], key: str) -> str:
    found = [f"'{each['path']}'" for each in candidates if each["rating_key"] == key]
    return ", ".join(found)


def _checked(item: FullItem | None, key: str, sections: Sequence[Section], wanted: str) -> Section:
    """The section of an item that a scene can be pinned to."""
    if item is None:
        raise PinRefused(f"Plex has no item {key}, or its file is gone.")
    section = next((each for each in sections if each.key == item.ref.section), None)
    if section is None:
        known = ", ".join(repr(each.title) for each in sections)
        raise PinRefused(f"Item {key} is in none of the libraries that are synced ({known}).")
    if wanted and wanted != section.key and name_key(wanted) != name_key(section.title):
        raise PinRefused(f"Item {key} is in library {section.title!r}, not in {wanted!r}.")
    if item.item_type != section.item_type or not item.files:
        kind = "an episode" if section.type == "show" else "a movie"
        raise PinRefused(
            f"Item {key} of library {section.title!r} has no file of its own; pin to {kind}."
        )
    return section


def _make_room(
    context: Context, state: State, scene_id: int, item: FullItem, section: Section
) -> None:
    """An item can be pinned to one scene; a pin of a scene that is gone gives way."""
    there = state.pins.of_items([item.ref]).get(item.ref)
    if there is None or there.scene_id == scene_id:
        return
    if fetch_scenes(context.stash, [there.scene_id]):
        raise PinRefused(
            f"Item {item.ref.key} of library {section.title!r} is pinned to scene "
            f"{there.scene_id} already; unpin that scene first."
        )


def _told(state: State, scene: Scene, item: FullItem, section: Section) -> dict[str, Any]:
    pins = state.pins.of_scenes([scene.id])[scene.id]
    here = {p.ref for p in pins if p.ref.section == section.key and not p.released}
    record = state.records.get_many([scene.id]).get(scene.id)
    had = {known.ref for known in record.items} if record is not None else set()
    return {
        "scene_id": scene.id,
        "library": section.title,
        "section": section.key,
        "rating_key": item.ref.key,
        "path": item.files[0].path,
        "pinned": sorted(ref.key for ref in here),
        "given_up": sorted(r.key for r in had - here if r.section == section.key),
        "enqueued": True,
    }


def _enqueue(context: Context, scene: Scene, reason: str) -> None:
    with context.open_queue() as queue:
        enqueue(queue, **job_of(scene, KIND, reason), now=context.clock(), priority=EDIT)
    context.request_follow_up()
