"""Scenes without an item: not scanned, out of Plex's sight, deleted, or another film by name."""

from __future__ import annotations

from simulators.library.builder import Builder, Spot
from simulators.library.cases.base import Case, bare
from simulators.library.people import NOW
from simulators.seed import PlexPart, StashFile

# Places whose folders path_map translates, or which are the same on both sides: only there is
# it certain that a path lies inside a section.
KNOWN_PLACES = ("main", "main", "main", "inbox", "same", "shelf", "shows")


def _known_spot(builder: Builder) -> Spot:
    return builder.spot(builder.rng.choice(KNOWN_PLACES))


def missing_inside(builder: Builder) -> None:
    builder.scene("missing_inside", [builder.file(_known_spot(builder))])


def missing_unscanned(builder: Builder) -> None:
    """The file is there for Plex too; a scan of its folder would bring the item."""
    spot = _known_spot(builder)
    file = builder.file(spot)
    builder.scene("missing_unscanned", [file])
    item = builder.loose_item(spot.place.sections[0], [[builder.part(spot, file)]])
    builder.plex["unscanned"].append(item)


def missing_outside(builder: Builder) -> None:
    builder.scene("missing_outside", [builder.file(builder.spot("outside"))])


def missing_bare(builder: Builder) -> None:
    """Below the quality gate and without an item: missing, but never to be enqueued."""
    meta = bare(builder, title="Raw tape" if builder.rng.random() < 0.5 else "")
    builder.scene("missing_bare", [builder.file(_known_spot(builder))], meta)


def missing_two_files(builder: Builder) -> None:
    files = [builder.file(_known_spot(builder)), builder.file(builder.spot("outside"))]
    builder.scene("missing_two_files", files)


def vanished(builder: Builder) -> None:
    """Synced once by the earlier plugin, its item since gone."""
    scene = builder.scene("vanished", [builder.file(_known_spot(builder))])
    builder.stamp(scene, builder.rng.randrange(0, 1000))


def vetoed_elsewhere(builder: Builder) -> None:
    """Plex has a file of that name in another folder, of another size: another film."""
    spot = builder.spot("main")
    file = builder.file(spot)
    builder.scene("vetoed_elsewhere", [file])
    name = file["path"].replace("\\", "/").rsplit("/", 1)[1]
    other = builder.spot("main", folder=f"Elsewhere {builder.number()}", name=name)
    builder.item(other.place.sections[0], [[builder.part(other)]])


def vetoed_same_path(builder: Builder) -> None:
    """The path is equal, but size and duration say that the file was replaced by another."""
    spot = _known_spot(builder)
    file = builder.file(spot, duration=1200.0)
    builder.scene("vetoed_same_path", [file])
    part: PlexPart = {**builder.part(spot, file), "size": file["size"] + 1, "duration": 1_400_000}
    builder.item(spot.place.sections[0], [[part]])


def _gone(builder: Builder, spot: Spot, file: StashFile | None = None) -> PlexPart:
    return {**builder.part(spot, file), "deleted_at": NOW - 5000}


def deleted_item(builder: Builder) -> None:
    """Its item is in the trash, which has not been emptied."""
    spot = _known_spot(builder)
    file = builder.file(spot)
    scene = builder.scene("deleted_item", [file])
    section = spot.place.sections[0]
    deleted = NOW - 5000
    builder.item(section, [[_gone(builder, spot, file)]], scene, deleted_at=deleted)


def deleted_version(builder: Builder) -> None:
    """Only the version that is the scene's file is in the trash."""
    spot = _known_spot(builder)
    file = builder.file(spot)
    scene = builder.scene("deleted_version", [file])
    other = builder.spot("main")
    media = [[_gone(builder, spot, file)], [builder.part(other)]]
    builder.item(spot.place.sections[0], media, scene)


def old_version_deleted(builder: Builder) -> None:
    """The other way round: the scene's file is there, an old version is in the trash."""
    spot, old = builder.spot("main"), builder.spot("main")
    file = builder.file(spot)
    scene = builder.scene("old_version_deleted", [file], cover=False)
    media = [[_gone(builder, old)], [builder.part(spot, file)]]
    builder.item(spot.place.sections[0], media, scene)


CASES = (
    Case("missing_inside", missing_inside, 14),
    Case("missing_unscanned", missing_unscanned, 12),
    Case("missing_outside", missing_outside, 12),
    Case("missing_bare", missing_bare, 7),
    Case("missing_two_files", missing_two_files, 7),
    Case("vanished", vanished, 7),
    Case("vetoed_elsewhere", vetoed_elsewhere, 7),
    Case("vetoed_same_path", vetoed_same_path, 7),
    Case("deleted_item", deleted_item, 7),
    Case("deleted_version", deleted_version, 7),
    Case("old_version_deleted", old_version_deleted, 7),
)
