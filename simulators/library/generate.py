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
from simulators.library.options import DEFAULT_NOW, Options
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
    with_two_sections: bool = True,
    missing_share: float | None = None,
    cover_share: float = 0.3,
    now: int = DEFAULT_NOW,
    only: tuple[str, ...] = (),
) -> Seed:
    """A library of exactly that many scenes; see `Options` for what can be chosen.

    Raises:
        ValueError: `only` names a case that does not exist.
    """
    options = Options(mounts, with_two_sections, missing_share, cover_share, now, only)
    builder = Builder(random.Random(seed), options, scenes)
    for case in _plan(scenes, options, builder.rng):
        case.build(builder)
    if not only:
        add_foreign(builder, scenes)
    truth = find_truth(
        builder.stash, builder.plex, builder.path_map, builder.timestamps, builder.cases
    )
    return {"stash": builder.stash, "plex": builder.plex, "truth": truth}


def _plan(scenes: int, options: Options, rng: random.Random) -> list[Case]:
    """Which cases to make, in which order. Plain agreement fills what the shares leave."""
    filler = ALL_CASES[0]
    planned = _chosen(scenes, options) if options.only else _by_share(scenes, options, rng)
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


def _by_share(scenes: int, options: Options, rng: random.Random) -> list[Case]:
    planned: list[Case] = []
    for case in ALL_CASES:
        share = case.share / 1000
        if case.name == "missing_inside" and options.missing_share is not None:
            share = options.missing_share
        count = share * scenes / case.scenes
        # In small libraries some cases have to be left out; chance says which.
        planned.extend([case] * (math.ceil(count) if count > 1 else int(rng.random() < count)))
    return planned


def _chosen(scenes: int, options: Options) -> list[Case]:
    known = {case.name: case for case in ALL_CASES}
    unknown = sorted(set(options.only) - set(known))
    if unknown:
        raise ValueError(f"no such cases: {', '.join(unknown)}; known: {', '.join(known)}")
    cases = [known[name] for name in options.only]
    rounds = -(-scenes // sum(case.scenes for case in cases))
    return [case for _ in range(rounds) for case in cases]
