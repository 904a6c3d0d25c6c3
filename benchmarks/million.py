"""A million scenes and items: the first reconcile and two repeated ones, each beside its floor.

python -m benchmarks.million [--write]    some 20 minutes; both servers make their pages as asked

The servers hold a pattern of the library, and the rest are copies of it under other names.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from rich.console import Console

from benchmarks.library import MB, RECONCILE
from benchmarks.meter import ROOT
from benchmarks.performance_page import MILLION, replace_part
from benchmarks.result_tables import Sheet, figure, in_markdown
from benchmarks.simulated_servers import Stage, stage
from simulators.library.copies import copied
from simulators.library.generate import generate

PATTERN, SCENES = 10_000, 1_000_000
PAGE_FILE = ROOT / "docs" / "performance.md"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.million", description=__doc__)
    parser.add_argument("--scenes", type=int, default=SCENES, help="a multiple of the pattern")
    parser.add_argument("--pattern", type=int, default=PATTERN, help="scenes that are copied")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    chosen = parser.parse_args(arguments)
    seed = copied(generate(chosen.pattern), chosen.scenes // chosen.pattern)
    with stage(chosen.pattern, seed) as here:
        told = in_markdown([measure(here)])
    Console(highlight=False).print(told, markup=False)
    if chosen.write:
        told = (
            f"{MILLION}\nMade by `python -m benchmarks.million --write`. Both servers make"
            f" their pages as they are asked for: {chosen.scenes // chosen.pattern:,} copies of"
            f" {chosen.pattern:,} scenes under other names. Nothing is synced in between. The"
            " first run keeps nothing of scenes that were never synced, since a drain writes to"
            " most of them next; so the second judges every scene again and keeps what it has"
            f" looked at, and the third takes that over.\n\n{told}"
        )
        replace_part(PAGE_FILE, MILLION, told)
    return 0


def measure(here: Stage) -> Sheet:
    """All reconciles, and the floor after each."""
    rows, listings = [], None
    for name in ("first", "again", "once more"):
        cost = here.task(RECONCILE)
        listings = listings or cost.listings
        floor, wall = here.floor(listings), cost.usage.wall
        rows.append(
            (
                f"{cost.output['scenes_checked']:,}",
                name,
                f"{cost.stash_requests:,}",
                f"{cost.plex_reads:,}",
                figure(wall, "s"),
                figure(floor.wall, "s"),
                figure(wall / floor.wall),
                figure(cost.usage.cpu, "s"),
                figure(cost.usage.peak_rss / MB, "MB"),
            )
        )
    columns = (">scenes", "run", ">Stash", ">Plex", ">wall", ">floor", ">times", ">CPU", ">peak")
    return Sheet("Reconciles of that library", columns, tuple(rows))


if __name__ == "__main__":
    sys.exit(main())
