"""What a generated library is to be like, and the people, tags and studios it starts from."""

from __future__ import annotations

import random
from dataclasses import dataclass

from simulators.library import names
from simulators.library.places import Mounts
from simulators.seed import StashSeed

DEFAULT_NOW = 1_767_225_600  # 2026-01-01T00:00:00Z


@dataclass(frozen=True, slots=True)
class Options:
    """What a library is to be like.

    Args:
        mounts: how the paths of the two servers differ (`simple`: not at all).
        with_two_sections: whether some files are in two sections.
        missing_share: share (0..1) of plain scenes inside the sections without an item; None
            for the usual few per cent.
        cover_share: share (0..1) of scenes with a cover; in-sync ones never have one.
        now: epoch seconds at which the library was last touched.
        only: names of the cases to make, in equal numbers; empty for all.
    """

    mounts: Mounts = "mixed"
    with_two_sections: bool = True
    missing_share: float | None = None
    cover_share: float = 0.3
    now: int = DEFAULT_NOW
    only: tuple[str, ...] = ()


def people_and_tags(rng: random.Random, scenes: int) -> StashSeed:
    """Studios, performers and tags in numbers that grow with the library, up to real sizes."""
    studios = names.studios(rng, min(280, 8 + scenes // 50))
    people = names.performers(rng, min(2000, 30 + scenes // 10))
    tags = names.tags(rng, min(500, 50 + scenes // 40))
    return {
        "studios": [
            {"id": number, "name": name, "parent_id": number // 4 if number % 5 == 4 else None}
            for number, name in enumerate(studios, start=1)
        ],
        "performers": [
            {
                "id": number,
                "name": name,
                "disambiguation": note,
                "gender": rng.choice(("FEMALE", "MALE", "NON_BINARY", None)),
            }
            for number, (name, note) in enumerate(people, start=1)
        ],
        "tags": [{"id": number, "name": name} for number, name in enumerate(tags, start=1)],
        "scenes": [],
        "version": "v0.30.1",
    }
