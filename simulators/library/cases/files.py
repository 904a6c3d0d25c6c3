"""Scenes of several files, items of several files, and items that several scenes claim."""

from __future__ import annotations

from simulators.library.builder import Builder
from simulators.library.cases.base import Case
from simulators.seed import StashScene


def two_files_one_item(builder: Builder) -> None:
    first, second = builder.spot("main"), builder.spot("outside")
    files = [builder.file(first), builder.file(second)]
    scene = builder.scene("two_files_one_item", files, cover=False)
    builder.item(first.place.sections[0], [[builder.part(first, files[0])]], scene)


def second_file_only(builder: Builder) -> None:
    """Plex knows only the file that is not the primary one."""
    first, second = builder.spot("outside"), builder.spot("films")
    files = [builder.file(first), builder.file(second)]
    scene = builder.scene("second_file_only", files, cover=False)
    builder.item(second.place.sections[0], [[builder.part(second, files[1])]], scene)


def _two_items(builder: Builder, case: str, shown: bool) -> None:
    spots = [builder.spot("main"), builder.spot("films")]
    files = [builder.file(spot) for spot in spots]
    scene = builder.scene(case, files, cover=False)
    builder.item(spots[0].place.sections[0], [[builder.part(spots[0], files[0])]], scene)
    second: StashScene | None = scene if shown else None
    builder.item(spots[1].place.sections[0], [[builder.part(spots[1], files[1])]], second)


def two_files_two_items(builder: Builder) -> None:
    _two_items(builder, "two_files_two_items", shown=True)


def second_item_empty(builder: Builder) -> None:
    _two_items(builder, "second_item_empty", shown=False)


def two_versions(builder: Builder) -> None:
    """One item with two versions, both of them files of the scene."""
    spots = [builder.spot("main"), builder.spot("main")]
    files = [builder.file(spot, duration=600.0) for spot in spots]
    scene = builder.scene("two_versions", files, cover=False)
    media = [[builder.part(spot, file)] for spot, file in zip(spots, files, strict=True)]
    builder.item(spots[0].place.sections[0], media, scene)


def two_parts(builder: Builder) -> None:
    """One item of one version in two parts (cd1, cd2), both of them files of the scene."""
    number = builder.number()
    names = [f"Long Ferry {number} - cd{disc}.avi" for disc in (1, 2)]
    spots = [builder.spot("main", folder=f"Ferry {number}", name=name) for name in names]
    files = [builder.file(spot) for spot in spots]
    scene = builder.scene("two_parts", files, cover=False)
    parts = [builder.part(spot, file) for spot, file in zip(spots, files, strict=True)]
    builder.item(spots[0].place.sections[0], [parts], scene)


def second_part_only(builder: Builder) -> None:
    """Stash has the second part alone."""
    number = builder.number()
    names = [f"Night Tram {number} - cd{disc}.avi" for disc in (1, 2)]
    spots = [builder.spot("films", folder=f"Tram {number}", name=name) for name in names]
    file = builder.file(spots[1])
    scene = builder.scene("second_part_only", [file], cover=False)
    parts = [builder.part(spots[0]), builder.part(spots[1], file)]
    builder.item(spots[0].place.sections[0], [parts], scene)


def two_sections(builder: Builder) -> None:
    """A file in a folder that two sections share: an item in each."""
    spot = builder.spot("shared")
    file = builder.file(spot)
    scene = builder.scene("two_sections", [file], cover=False)
    for section in spot.place.sections:
        builder.item(section, [[builder.part(spot, file)]], scene)


def copied(builder: Builder) -> None:
    """Two copies in Stash, one in Plex: it belongs to the scene whose path it has.

    The other scene's own file is not in Plex.
    """
    number = builder.number()
    name = f"copied {number}.mp4"
    copy = builder.spot("main", folder=f"Copy {number}", name=name)
    spot = builder.spot("main", folder=f"Original {number}", name=name)
    file = builder.file(spot)
    builder.scene("copied_loser", [builder.file(copy, size=file["size"])])
    owner = builder.scene("copied_owner", [file], cover=False)
    builder.item(spot.place.sections[0], [[builder.part(spot, file)]], owner)


def merged(builder: Builder) -> None:
    """Plex took two films for versions of one: the lowest scene id owns the item."""
    number = builder.number()
    names = [f"Merged {number}.mp4", f"Merged {number} - 4K.mp4"]
    spots = [builder.spot("main", folder=f"Merged {number}", name=name) for name in names]
    files = [builder.file(spot) for spot in spots]
    owner = builder.scene("merged_owner", [files[1]], cover=False)
    builder.scene("merged_loser", [files[0]])
    media = [[builder.part(spot, file)] for spot, file in zip(spots, files, strict=True)]
    builder.item(spots[0].place.sections[0], media, owner)


def primary_first(builder: Builder) -> None:
    """One item, claimed by a scene's second file and by another scene's primary one."""
    number = builder.number()
    names = [f"Claimed {number}.mp4", f"Claimed {number} b.mp4"]
    spots = [builder.spot("main", folder=f"Claimed {number}", name=name) for name in names]
    files = [builder.file(spot) for spot in spots]
    builder.scene("primary_loser", [builder.file(builder.spot("outside")), files[0]])
    owner = builder.scene("primary_owner", [files[1]], cover=False)
    media = [[builder.part(spot, file)] for spot, file in zip(spots, files, strict=True)]
    builder.item(spots[0].place.sections[0], media, owner)


def case_twins(builder: Builder) -> None:
    """Two files that only their case tells apart in Stash are one file to a Windows Plex.

    Where no side or both sides are Windows there is nothing to mix up: plain pairs instead.
    """
    place = builder.places["shelf"]
    if not place.windows or "\\" in place.stash_root:
        builder.pair("in_sync")
        builder.pair("in_sync")
        return
    number = builder.number()
    spot = builder.spot("shelf", folder=f"Twins {number}", name=f"Twin {number}.mp4")
    file = builder.file(spot)
    owner = builder.scene("twins_owner", [file], cover=False)
    builder.item(place.sections[0], [[builder.part(spot, file)]], owner)
    lower = builder.spot("shelf", folder=f"Twins {number}", name=f"twin {number}.mp4")
    copy = builder.file(lower, size=file["size"], duration=file["duration"])
    builder.scene("twins_loser", [copy])


CASES = (
    Case("two_files_one_item", two_files_one_item, 7),
    Case("second_file_only", second_file_only, 7),
    Case("two_files_two_items", two_files_two_items, 7),
    Case("second_item_empty", second_item_empty, 7),
    Case("two_versions", two_versions, 7),
    Case("two_parts", two_parts, 7),
    Case("second_part_only", second_part_only, 7),
    Case("two_sections", two_sections, 7),
    Case("copied", copied, 14, scenes=2),
    Case("merged", merged, 14, scenes=2),
    Case("primary_first", primary_first, 14, scenes=2),
    Case("case_twins", case_twins, 14, scenes=2),
)
