"""What a case is: one way in which a scene and Plex can stand to each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulators.library.builder import Builder, Meta


@dataclass(frozen=True, slots=True)
class Case:
    """A kind of scene.

    Args:
        name: as in `truth["cases"]`; cases of several scenes add a word for each.
        build: appends the scenes and items of one instance.
        share: per mille of all scenes.
        scenes: how many scenes one instance has.
    """

    name: str
    build: Callable[[Builder], Any]
    share: float
    scenes: int = 1


def bare(builder: Builder, **changes: Any) -> Meta:
    """Metadata below the quality gate: nothing but what `changes` say."""
    nothing: dict[str, Any] = {
        "title": "",
        "details": "",
        "director": "",
        "date": None,
        "rating100": None,
        "studio_id": None,
        "performer_ids": [],
        "tag_ids": [],
    }
    return builder.meta(**{**nothing, **changes})


def full(builder: Builder, **changes: Any) -> Meta:
    """Metadata with nothing unset but what `changes` say."""
    rng = builder.rng
    everything: dict[str, Any] = {
        "director": "Marta Vågen",
        "rating100": rng.randrange(5, 101),
        "studio_id": rng.choice(builder.stash["studios"])["id"],
    }
    return builder.meta(**{**everything, **changes})
