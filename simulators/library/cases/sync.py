"""Scenes in agreement, never filled in, or synced long ago by an earlier plugin."""

from __future__ import annotations

import unicodedata
from typing import Any

from simulators.library.builder import DAY, Builder, role
from simulators.library.cases.base import Case, full
from simulators.seed import StashScene

HOUR = 3600


def in_sync(builder: Builder) -> None:
    builder.pair("in_sync")


def in_sync_lists(builder: Builder) -> None:
    """Long lists that a section listing cuts, in another order and spelling, yet equal."""
    meta = full(
        builder,
        performer_ids=builder.rng.sample(range(10, 31), builder.rng.randint(4, 9)),
        tag_ids=builder.rng.sample(range(20, 51), builder.rng.randint(3, 9)),
    )
    _, item = builder.pair("in_sync_lists", meta=meta)
    item["genres"] = [name.upper() for name in reversed(item["genres"])]
    item["roles"] = [
        role(unicodedata.normalize("NFD", shown["tag"])) for shown in reversed(item["roles"])
    ]


def _scanned(builder: Builder, case: str, places: tuple[str, ...], **changes: Any) -> StashScene:
    spot = builder.spot(builder.rng.choice(places))
    file = builder.file(spot)
    scene = builder.scene(case, [file])
    builder.item(spot.place.sections[0], [[builder.part(spot, file)]], **changes)
    return scene


def empty_no_agent(builder: Builder) -> None:
    """Only scanned; the date that Plex shows is the file's."""
    _scanned(builder, "empty_no_agent", ("main", "inbox", "shelf", "nas"))


def empty_agent(builder: Builder) -> None:
    _scanned(builder, "empty_agent", ("films", "same", "shows"))


def empty_titled(builder: Builder) -> None:
    """Somebody gave it a title, a rating and a label, which do not count."""
    changes: dict[str, Any] = {"title": "Watch this first", "user_rating": 9.0, "labels": ["Mine"]}
    _scanned(builder, "empty_titled", ("main", "films"), **changes)


def date_only_agent(builder: Builder) -> None:
    """An agent's date counts: not empty, though nothing else is there."""
    _scanned(builder, "date_only_agent", ("films", "same"), originally_available_at=builder.day())


def empty_stale(builder: Builder) -> None:
    scene = _scanned(builder, "empty_stale", ("main", "films", "shelf"))
    builder.stamp(scene, -builder.rng.randrange(HOUR, 300 * DAY))


def empty_after_sync(builder: Builder) -> None:
    """Synced after its last edit, then reset in Plex: only a look at the item shows it."""
    scene = _scanned(builder, "empty_after_sync", ("main", "films", "shelf"))
    builder.stamp(scene, builder.rng.randrange(HOUR, 30 * DAY))


def stale(builder: Builder) -> None:
    """The item shows what the scene was before its last edit."""
    scene, _ = builder.pair(
        "stale", meta=full(builder), summary="An older text.", genres=["Short Boats"]
    )
    builder.stamp(scene, -builder.rng.uniform(1, 300 * DAY))


def stale_unchanged(builder: Builder) -> None:
    """Edited since, but to the same effect."""
    scene, _ = builder.pair("stale_unchanged")
    builder.stamp(scene, -builder.rng.randrange(1, 300 * DAY))


def fresh(builder: Builder) -> None:
    """Synced at or after its last edit."""
    scene, _ = builder.pair("fresh")
    builder.stamp(scene, builder.rng.choice((0, 0.25, 30, HOUR, 90 * DAY)))


def fresh_drifted(builder: Builder) -> None:
    """Synced after its last edit, then changed in Plex."""
    scene, _ = builder.pair("fresh_drifted", meta=full(builder), studio="Somebody Else's Films")
    builder.stamp(scene, builder.rng.randrange(1, 30 * DAY))


def east_fresh(builder: Builder) -> None:
    """Not stale; it looks so to a reader who drops the offset +11:00."""
    scene, _ = builder.pair("east_fresh")
    scene["updated_at"] = builder.written(builder.moment(), offset=660)
    builder.stamp(scene, 5 * HOUR)


def west_stale(builder: Builder) -> None:
    """Stale; it does not look so to a reader who drops the offset -08:00."""
    scene, _ = builder.pair("west_stale", meta=full(builder), summary="As it was this morning.")
    scene["updated_at"] = builder.written(builder.moment(), offset=-480)
    builder.stamp(scene, -4 * HOUR)


CASES = (
    Case("in_sync", in_sync, 100),
    Case("in_sync_lists", in_sync_lists, 16),
    Case("empty_no_agent", empty_no_agent, 16),
    Case("empty_agent", empty_agent, 14),
    Case("empty_titled", empty_titled, 7),
    Case("date_only_agent", date_only_agent, 7),
    Case("empty_stale", empty_stale, 7),
    Case("empty_after_sync", empty_after_sync, 7),
    Case("stale", stale, 25),
    Case("stale_unchanged", stale_unchanged, 7),
    Case("fresh", fresh, 16),
    Case("fresh_drifted", fresh_drifted, 7),
    Case("east_fresh", east_fresh, 7),
    Case("west_stale", west_stale, 7),
)
