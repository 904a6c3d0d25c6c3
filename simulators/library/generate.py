"""A simulated library of any size, the same for the same arguments, with what is true of it.

It mixes all cases in which a scene and Plex can stand to each other (`cases_*.py`), each in
its share; most scenes are simply in agreement, as in a library that somebody looks after.
"""

from __future__ import annotations

import math
import random

from simulators.library.builder import Builder
from simulators.library.cases import drift, files, match, missing, sync, text
from simulators.library.cases.base import Case
from simulators.library.cases.foreign import add_foreign
from simulators.library.places import Mounts
from simulators.library.truth import find_truth
from simulators.seed import Seed

ALL_CASES: tuple[Case, ...] = (
    *sync.CASES,
    *drift.CASES,
    *missing.CASES,
    *match.CASES,
    *files.CASES,
    *text.CASES,
)


def generate(
    scenes: int,
    seed: int = 1,
    *,
    mounts: Mounts = "mixed",
    cover_share: float = 0.3,
    only: tuple[str, ...] = (),
) -> Seed:
    """A library of exactly that many scenes.

    Args:
        seed: another number, another library.
        mounts: how the paths of the two servers differ (`simple`: not at all).
        cover_share: share (0..1) of scenes with a cover; in-sync ones never have one.
        only: names of the cases to make, in equal numbers; empty for all.

    Raises:
        ValueError: `only` names a case that does not exist.
    """
    builder = Builder(random.Random(seed), mounts, cover_share, scenes)
    for case in _plan(scenes, only, builder.rng):
        case.build(builder)
    if not only:
        add_foreign(builder, scenes)
    truth = find_truth(
        builder.stash, builder.plex, builder.path_map, builder.timestamps, builder.cases
    )
    return {"stash": builder.stash, "plex": builder.plex, "truth": truth}


def _plan(scenes: int, only: tuple[str, ...], rng: random.Random) -> list[Case]:
    """Which cases to make, in which order. Plain agreement fills what the shares leave."""
    filler = ALL_CASES[0]
    planned = _chosen(scenes, only) if only else _by_share(scenes, rng)
    rng.shuffle(planned)
    left = scenes
    kept = []
    for case in planned:
        if case.scenes <= left:
            kept.append(case)
            left -= case.scenes
    kept.extend([filler] * left)
    rng.shuffle(kept)
    return kept


def _by_share(scenes: int, rng: random.Random) -> list[Case]:
    planned: list[Case] = []
    for case in ALL_CASES:
        count = case.share / 1000 * scenes / case.scenes
        # In small libraries some cases have to be left out; chance says which.
        planned.extend([case] * (math.ceil(count) if count > 1 else int(rng.random() < count)))
    return planned


def _chosen(scenes: int, names: tuple[str, ...]) -> list[Case]:
    known = {case.name: case for case in ALL_CASES}
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise ValueError(f"no such cases: {', '.join(unknown)}; known: {', '.join(known)}")
    cases = [known[name] for name in names]
    rounds = -(-scenes // sum(case.scenes for case in cases))
    return [case for _ in range(rounds) for case in cases]
