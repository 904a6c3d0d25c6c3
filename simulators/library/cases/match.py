"""Scenes whose item is hard to tell: same names, other folders, other spellings, no sizes."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

from simulators.library.builder import Builder, Spot
from simulators.library.cases.base import Case
from simulators.seed import PlexPart, StashFile


def _agreeing(builder: Builder, case: str, spot: Spot, file: StashFile, part: PlexPart) -> None:
    """A scene and the item that shows all of it; only the files are odd."""
    scene = builder.scene(case, [file], cover=False)
    builder.item(spot.place.sections[0], [[part]], scene)


def _unsized(part: PlexPart) -> PlexPart:
    return {**part, "size": None}


def same_name(builder: Builder) -> None:
    """`scene.mp4` in ever so many folders; the sizes differ."""
    place = builder.rng.choice(("main", "main", "films", "same"))
    spot = builder.spot(place, folder=f"Shoot {builder.number()}", name="scene.mp4")
    file = builder.file(spot)
    _agreeing(builder, "same_name", spot, file, builder.part(spot, file))


def same_name_missing(builder: Builder) -> None:
    """One more `scene.mp4`, and none of those in Plex is it."""
    spot = builder.spot("main", folder=f"Shoot {builder.number()}", name="scene.mp4")
    builder.scene("same_name_missing", [builder.file(spot)])


def same_name_unsized(builder: Builder) -> None:
    """`video.mp4` in many folders, sizes unknown to Plex: only the folders tell."""
    spot = builder.spot("films", folder=f"Reel {builder.number()}", name="video.mp4")
    file = builder.file(spot)
    _agreeing(builder, "same_name_unsized", spot, file, _unsized(builder.part(spot, file)))


def size_unknown(builder: Builder) -> None:
    """No size in Plex, no rule for the folder: equal trailing folders are the evidence."""
    spot = builder.spot(builder.rng.choice(("films", "nas")))
    file = builder.file(spot)
    _agreeing(builder, "size_unknown", spot, file, _unsized(builder.part(spot, file)))


def _named_alike(builder: Builder, place: str) -> tuple[StashFile, list[Spot]]:
    """A file in a folder of its own, and two spots in other folders with its name."""
    number = builder.number()
    name = f"clip {number}.mp4"
    own = builder.spot(place, folder=f"Takes {number}", name=name)
    folders = (f"Copies A {number}", f"Copies B {number}")
    return builder.file(own), [builder.spot(place, folder=each, name=name) for each in folders]


def ambiguous_sizes(builder: Builder) -> None:
    """Two copies in Plex, both of the scene's size, neither in its folder."""
    file, spots = _named_alike(builder, builder.rng.choice(("main", "films")))
    builder.scene("ambiguous_sizes", [file])
    for spot in spots:
        builder.item(spot.place.sections[0], [[builder.part(spot, file)]])


def ambiguous_unsized(builder: Builder) -> None:
    """Two of that name in Plex, of unknown size."""
    file, spots = _named_alike(builder, "main")
    builder.scene("ambiguous_unsized", [file])
    for spot in spots:
        builder.item(spot.place.sections[0], [[_unsized(builder.part(spot, file))]])


def name_only(builder: Builder) -> None:
    """One of that name in Plex, of unknown size and in another folder: too little."""
    file, spots = _named_alike(builder, "main")
    builder.scene("name_only", [file])
    part = _unsized(builder.part(spots[0], file))
    builder.item(spots[0].place.sections[0], [[part]])


def needs_map(builder: Builder) -> None:
    """Directly in a mapped folder of another name, size unknown: only path_map helps."""
    spot = builder.spot("inbox", folder="")
    file = builder.file(spot)
    _agreeing(builder, "needs_map", spot, file, _unsized(builder.part(spot, file)))


def needs_map_twin(builder: Builder) -> None:
    """A copy of name and size lies elsewhere; the mapped path is the stronger evidence."""
    number = builder.number()
    spot = builder.spot("inbox", folder="", name=f"twin {number}.mp4")
    twin = builder.spot("main", folder=f"Kept twice {number}", name=f"twin {number}.mp4")
    file = builder.file(spot)
    _agreeing(builder, "needs_map_twin", spot, file, builder.part(spot, file))
    builder.item(twin.place.sections[0], [[builder.part(twin, file)]])


def longest_suffix(builder: Builder) -> None:
    """Two copies of name and size; one lies in folders of the same names."""
    number = builder.number()
    name = f"day two {number}.mp4"
    spot = builder.spot("films", folder=f"Tour {number}/Day 2", name=name)
    backup = builder.spot("films", folder=f"Backup {number}/Day 2", name=name)
    file = builder.file(spot)
    builder.item(backup.place.sections[0], [[builder.part(backup, file)]])
    _agreeing(builder, "longest_suffix", spot, file, builder.part(spot, file))


def moved(builder: Builder) -> None:
    """In other folders in Plex, recognised by name and size."""
    number = builder.number()
    spot = builder.spot("main", folder=f"Sorted {number}", name=f"moved {number}.mkv")
    there = builder.spot("main", folder=f"Unsorted {number}", name=f"moved {number}.mkv")
    file = builder.file(spot)
    _agreeing(builder, "moved", spot, file, builder.part(there, file))


def windows_case(builder: Builder) -> None:
    """Plex runs on Windows and spells the path in capitals, Stash does not."""
    spot = builder.spot(builder.rng.choice(("shelf", "nas")))
    if spot.place.windows:
        root = spot.place.plex_root
        spot = replace(spot, plex_path=root + spot.plex_path[len(root) :].upper())
    file = builder.file(spot)
    _agreeing(builder, "windows_case", spot, file, builder.part(spot, file))


def _decomposed(path: str) -> str:
    return unicodedata.normalize("NFD", path)


def decomposed_in_plex(builder: Builder) -> None:
    spot = builder.spot(
        builder.rng.choice(("main", "films")),
        folder="Fête de la mer",
        name=f"Übung für Müller {builder.number()}.mp4",
    )
    spot = replace(spot, plex_path=_decomposed(spot.plex_path))
    file = builder.file(spot)
    _agreeing(builder, "decomposed_in_plex", spot, file, builder.part(spot, file))


def decomposed_in_stash(builder: Builder) -> None:
    spot = builder.spot("main", folder="Žižka", name=f"東京 für Zoë {builder.number()}.mp4")
    spot = replace(spot, stash_path=_decomposed(spot.stash_path))
    file = builder.file(spot)
    _agreeing(builder, "decomposed_in_stash", spot, file, _unsized(builder.part(spot, file)))


def remuxed(builder: Builder) -> None:
    """Replaced in place: equal path and duration, another size; Plex has not looked again."""
    spot = builder.spot("main")
    file = builder.file(spot, duration=900.0)
    part: PlexPart = {
        **builder.part(spot, file),
        "size": file["size"] + 4096,
        "duration": builder.rng.choice((901_300, 899_000, None)),
    }
    _agreeing(builder, "remuxed", spot, file, part)


CASES = (
    Case("same_name", same_name, 55),
    Case("same_name_missing", same_name_missing, 7),
    Case("same_name_unsized", same_name_unsized, 7),
    Case("size_unknown", size_unknown, 7),
    Case("ambiguous_sizes", ambiguous_sizes, 7),
    Case("ambiguous_unsized", ambiguous_unsized, 7),
    Case("name_only", name_only, 7),
    Case("needs_map", needs_map, 7),
    Case("needs_map_twin", needs_map_twin, 7),
    Case("longest_suffix", longest_suffix, 7),
    Case("moved", moved, 8),
    Case("windows_case", windows_case, 7),
    Case("decomposed_in_plex", decomposed_in_plex, 7),
    Case("decomposed_in_stash", decomposed_in_stash, 7),
    Case("remuxed", remuxed, 7),
)
