"""When a generated library was touched last, and the people, tags and studios it starts from."""

from __future__ import annotations

import random

from simulators.library import names
from simulators.seed import StashSeed

NOW = 1_767_225_600  # 2026-01-01T00:00:00Z: when a library was last touched


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
