"""What is in Plex and in no scene: orphans among our sections, music, other people's work."""

from __future__ import annotations

from simulators.library.builder import Builder, role
from simulators.library.people import NOW
from simulators.library.places import MUSIC


def add_foreign(builder: Builder, scenes: int) -> None:
    """About two items that are none of Stash's for every hundred scenes."""
    count = max(2, scenes // 50)
    for number in range(count):
        _orphan(builder, dressed=number % 2 == 0)
    for number in range(max(2, count // 4)):
        _track(builder, number)
    builder.timestamps["99999999"] = float(NOW)  # of a scene deleted since


def _orphan(builder: Builder, *, dressed: bool) -> None:
    spot = builder.spot(builder.rng.choice(("main", "films", "shelf", "shows")))
    item = builder.item(spot.place.sections[0], [[builder.part(spot)]])
    if dressed:
        item["title"] = "Holiday by the Sea"
        item["summary"] = "Ours, and nobody else's."
        item["genres"] = ["Family", "Holiday", "Sea, Wind and Rain"]
        item["roles"] = [role("Grandma"), role("Uncle Jan"), role("Ana Müller"), role("The Dog")]
        item["labels"] = ["Mine"]
        item["collections"] = ["Sunday Evenings"]
        item["locked"] = ["title", "summary"]


def _track(builder: Builder, number: int) -> None:
    section = next(each for each in builder.plex["sections"] if each["key"] == MUSIC)
    folder = section["locations"][0]
    separator = "\\" if "\\" in folder else "/"
    part = {
        "file": f"{folder}{separator}{number:04d} Harbour Song.flac",
        "size": builder.size(),
        "duration": 214_000,
        "deleted_at": None,
    }
    builder.item(MUSIC, [[part]], type="track", genres=["Folk"], title="Harbour Song")  # type: ignore[list-item]
