"""The first sync of a library whose scenes have covers, with pictures and without."""

from __future__ import annotations

from benchmarks.amounts import Plan, Say
from benchmarks.result_tables import Goal, Report, Sheet, figure
from benchmarks.simulated_servers import BenchmarkError, Stage, TaskCost, stage
from simulators.library.generate import generate

# Each cover once; of each item its posters, the upload, its posters again, and the lock.
MOST_DOWNLOADS, MOST_REQUESTS = 1.0, 4.0


def measure_covers(plan: Plan, say: Say) -> Report:
    """Sync all scenes of a library for the first time, twice."""
    scenes = plan.covered
    say(f"starting the servers with {scenes:,} scenes with covers")
    with stage(scenes, generate(scenes, only=("empty_agent",), cover_share=1.0)) as here:
        say("sync them all, without covers and with them")
        without = _synced(here, scenes)
        here.set(sync_poster=True)
        pictured = _synced(here, scenes)
    return report_on(without, pictured, scenes)


def report_on(without: TaskCost, pictured: TaskCost, scenes: int) -> Report:
    """The table and the targets. Each scene owns one item."""
    rows = (_row("without", without, scenes), _row("posters", pictured, scenes))
    columns = (
        *("pictures", ">scenes", ">uploads", ">Stash", ">Plex reads", ">Plex writes"),
        *(">wall", ">CPU", ">scenes/s"),
    )
    note = (
        "Covers of the next scenes are downloaded ahead, and the posters of two scenes are given "
        "to Plex at once, beside the edits of others."
    )
    more = (pictured.plex_reads + pictured.plex_writes) - (without.plex_reads + without.plex_writes)
    what = f"covers of {scenes:,} scenes: more requests for each"
    goals = (
        Goal(f"{what}, to Stash", _more(without, pictured) / scenes, MOST_DOWNLOADS),
        Goal(f"{what}, to Plex", more / scenes, MOST_REQUESTS),
    )
    return Report((Sheet("First sync with covers", columns, rows, note),), goals)


def _more(without: TaskCost, pictured: TaskCost) -> int:
    return pictured.stash_requests - without.stash_requests


def _synced(here: Stage, scenes: int) -> TaskCost:
    here.forget()
    here.both.plex.load(here.both.seed)
    here.slow_down()
    here.task("all")
    cost = here.task("process_queue")
    if cost.output["items_edited"] != scenes:
        raise BenchmarkError(f"of {scenes} items {cost.output} were edited")
    return cost


def _row(name: str, cost: TaskCost, scenes: int) -> tuple[str, ...]:
    wall = cost.usage.wall
    return (
        name,
        f"{scenes:,}",
        f"{cost.output['uploads']:,}",
        f"{cost.stash_requests:,}",
        f"{cost.plex_reads:,}",
        f"{cost.plex_writes:,}",
        figure(wall, "s"),
        figure(cost.usage.cpu, "s"),
        figure(scenes / wall),
    )
