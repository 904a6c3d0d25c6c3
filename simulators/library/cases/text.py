"""Scenes with odd values: partial dates, no title, nothing but a rating, dirty or long text."""

from __future__ import annotations

from typing import Any

from simulators.library import names
from simulators.library.builder import Builder
from simulators.library.cases.base import Case, bare, full
from simulators.library.oracle_text import safe_text
from simulators.seed import StashScene


def _scanned_pair(builder: Builder, case: str, meta: Any, **changes: Any) -> StashScene:
    """A scene with that metadata, and its item as the scanner left it but for `changes`."""
    spot = builder.spot(builder.plain_place())
    file = builder.file(spot)
    scene = builder.scene(case, [file], meta, cover=False)
    builder.item(spot.place.sections[0], [[builder.part(spot, file)]], **changes)
    return scene


def year_agrees(builder: Builder) -> None:
    meta = full(builder, date="2019")
    builder.pair("year_agrees", meta=meta, originally_available_at="2019-08-31")


def year_differs(builder: Builder) -> None:
    meta = full(builder, date="2019")
    builder.pair("year_differs", meta=meta, originally_available_at="2018-12-31")


def month_agrees(builder: Builder) -> None:
    meta = full(builder, date="2020-02")
    builder.pair("month_agrees", meta=meta, originally_available_at="2020-02-29")


def month_differs(builder: Builder) -> None:
    builder.pair("month_differs", "films", full(builder, date="2020-02"), summary="", genres=[])


def bare_scene(builder: Builder) -> None:
    """Below the quality gate, though its item exists: nobody enqueues it."""
    _scanned_pair(builder, "bare", bare(builder))


def bare_rated(builder: Builder) -> None:
    """A title and a rating are not enough; what Plex shows is to stay."""
    meta = bare(builder, title="Raw tape", rating100=60, director="Marta Vågen")
    _scanned_pair(builder, "bare_rated", meta, summary="Written in Plex.", genres=["Kept Here"])


def untitled_stem(builder: Builder) -> None:
    """No title in Stash, the file's stem in Plex: as it should be."""
    builder.pair("untitled_stem", "main", full(builder, title=""))


def untitled_kept(builder: Builder) -> None:
    """No title in Stash; the one in Plex is somebody's and stays."""
    builder.pair("untitled_kept", meta=full(builder, title=""), title="Named by Hand")


def untitled_file_name(builder: Builder) -> None:
    """No title in Stash, and Plex shows the file name with its extension."""
    scene, item = builder.pair("untitled_file_name", "main", full(builder, title=""))
    item["title"] = scene["files"][0]["path"].replace("\\", "/").rsplit("/", 1)[1]


def _odd_tags(builder: Builder) -> list[int]:
    odd = len(names.ODD_TAGS) + len(names.DECOMPOSED_TAGS)
    return builder.some(odd, 4, odd)


def odd_tags_new(builder: Builder) -> None:
    """Tags with commas, percents, plus signs …, none of them in Plex yet."""
    _scanned_pair(builder, "odd_tags_new", full(builder, tag_ids=_odd_tags(builder)))


def odd_tags_removed(builder: Builder) -> None:
    """Odd names that have to be taken away again, one by one and exactly."""
    _, item = builder.pair("odd_tags_removed", meta=full(builder, tag_ids=_odd_tags(builder)))
    item["genres"] = ["Gone, and Gone", "100% Gone", "Gone + Gone & Gone", *item["genres"]]


def odd_tags_shown(builder: Builder) -> None:
    builder.pair("odd_tags_shown", meta=full(builder, tag_ids=_odd_tags(builder)))


def _doubled(builder: Builder) -> list[int]:
    return [*range(1, len(names.DOUBLED_PERFORMERS) + 1), *builder.rng.sample(range(10, 31), 2)]


def doubled_new(builder: Builder) -> None:
    """Performers whom only a disambiguation tells apart, next to case and spelling."""
    _scanned_pair(builder, "doubled_new", full(builder, performer_ids=_doubled(builder)))


def doubled_shown(builder: Builder) -> None:
    builder.pair("doubled_shown", meta=full(builder, performer_ids=_doubled(builder)))


def long_details_new(builder: Builder) -> None:
    meta = full(builder, details=names.details(builder.rng, 40))
    _scanned_pair(builder, "long_details_new", meta)


def long_details_shown(builder: Builder) -> None:
    builder.pair("long_details_shown", meta=full(builder, details=names.details(builder.rng, 40)))


def _dirtied(builder: Builder, text: str) -> str:
    """`text` with invisible characters inside, Windows line ends and trailing blanks."""
    cut = builder.rng.randrange(1, len(text))
    dirt = "".join(builder.rng.sample(names.DIRTY, 3))
    return f"{text[:cut]}{dirt}{text[cut:]}\r\n\r\nLast line\tof it.  \r\n"


def dirty_text_new(builder: Builder) -> None:
    meta = full(builder, details=_dirtied(builder, names.details(builder.rng, 3)))
    _scanned_pair(builder, "dirty_text_new", meta)


def dirty_text_shown(builder: Builder) -> None:
    """Plex holds the cleaned text: agreement, however often it is compared."""
    meta = full(
        builder,
        title=f"\ufeff{names.title(builder.rng)}\u200b",
        details=_dirtied(builder, names.details(builder.rng, 3)),
    )
    title, summary = safe_text(meta["title"]), safe_text(meta["details"])
    builder.pair("dirty_text_shown", meta=meta, title=title, summary=summary)


def no_files(builder: Builder) -> None:
    """Its last file was removed from Stash: there is nothing to look for."""
    builder.scene("no_files", [])


CASES = (
    Case("year_agrees", year_agrees, 7),
    Case("year_differs", year_differs, 7),
    Case("month_agrees", month_agrees, 7),
    Case("month_differs", month_differs, 7),
    Case("bare", bare_scene, 14),
    Case("bare_rated", bare_rated, 7),
    Case("untitled_stem", untitled_stem, 7),
    Case("untitled_kept", untitled_kept, 7),
    Case("untitled_file_name", untitled_file_name, 7),
    Case("odd_tags_new", odd_tags_new, 7),
    Case("odd_tags_removed", odd_tags_removed, 7),
    Case("odd_tags_shown", odd_tags_shown, 7),
    Case("doubled_new", doubled_new, 7),
    Case("doubled_shown", doubled_shown, 7),
    Case("long_details_new", long_details_new, 7),
    Case("long_details_shown", long_details_shown, 7),
    Case("dirty_text_new", dirty_text_new, 7),
    Case("dirty_text_shown", dirty_text_shown, 7),
    Case("no_files", no_files, 5),
)
