"""Renaming a tag that thousands of scenes carry: from the hook's event to Plex."""

from __future__ import annotations

from benchmarks.amounts import Plan, Say
from benchmarks.result_tables import Goal, Report, Sheet, figure
from benchmarks.simulated_servers import BenchmarkError, Stage, TaskCost, stage
from simulators.library.generate import generate
from simulators.seed import Seed

ALL, FEW = 900, 901  # the tag to rename, and one that a few scenes carry
LEARNING = 10  # scenes that carry the latter
MOST_WRITES = 1.0  # for each item, on any server
# On one that adds: one edit for each hundred scenes in each of four libraries, after one that shows
# it.
MOST_SHARED = 0.05
MOST_REQUESTS = 250 / 10_000  # of any kind to Plex, for each item; few scenes have not enough alike


def measure_rename(plan: Plan, say: Say) -> Report:
    """One event, all its scenes, on a server that adds tags and on one that replaces them."""
    scenes = plan.carried
    say(f"starting the servers with {scenes:,} scenes that carry one tag")
    with stage(scenes, library(scenes)) as here:
        say("sync them all")
        here.task("all")
        here.task("process_queue")
        say(f"rename the tag of {scenes:,} scenes, twice")
        adds = renamed(here, ALL, "Renamed", scenes)
        here.both.plex.configure(edit_section="replacing")
        # It is found out once for each version of a server, on one item, and not to be counted.
        renamed(here, FEW, "Found Out", LEARNING)
        replaces = renamed(here, ALL, "Renamed Again", scenes)
    return report_on(adds, replaces, scenes)


def report_on(adds: TaskCost, replaces: TaskCost, scenes: int) -> Report:
    """The table and the targets. Each scene owns one item."""
    rows = (_row("adds", adds, scenes), _row("replaces", replaces, scenes))
    columns = (
        *("server", ">scenes", ">Stash", ">Plex reads", ">Plex writes", ">writes/item"),
        *(">wall", ">CPU", ">scenes/s"),
    )
    note = (
        "From the event that the hook has noted to the end of *Sync Changes*, which first waits "
        "two seconds for more. *adds*: the server adds the tags that an edit names, so that "
        "one edit does for all items of a library, of each hundred scenes; *replaces*: each item "
        "gets an edit of its own."
    )
    what = f"renaming a tag of {scenes:,} scenes: writes for each item"
    goals = (
        Goal(f"{what}, server adds", adds.plex_writes / scenes, MOST_SHARED),
        Goal(f"{what}, server replaces", replaces.plex_writes / scenes, MOST_WRITES),
        Goal(
            f"renaming a tag of {scenes:,} scenes: requests to Plex, server adds",
            adds.plex_reads + adds.plex_writes,
            MOST_REQUESTS * scenes,
        ),
    )
    return Report((Sheet("Renaming a tag", columns, rows, note),), goals)


def library(scenes: int) -> Seed:
    """Scenes that all carry one tag beside others, in four libraries of Plex."""
    seed = generate(scenes, only=("in_sync",))
    seed["stash"]["tags"] += [
        {"id": ALL, "name": "Carried by All"},
        {"id": FEW, "name": "Carried by a Few"},
    ]
    for number, scene in enumerate(seed["stash"]["scenes"]):
        scene["tag_ids"] += [ALL, FEW] if number < LEARNING else [ALL]
    return seed


def renamed(here: Stage, tag: int, name: str, scenes: int) -> TaskCost:
    """Rename a tag; what its event costs.

    Raises:
        BenchmarkError: not all of its scenes have followed.
    """
    sent = {"id": str(tag), "name": name}
    mutation = "mutation ($i: TagUpdateInput!) { tagUpdate(input: $i) { id } }"
    here.both.stash.graphql(mutation, {"i": sent})
    here.hook("Tag.Update.Post", tag, sent)
    cost = here.task("sync_changes")
    done = cost.output
    if (done["events"], done["processed"], done["items_edited"]) != (1, scenes, scenes):
        raise BenchmarkError(f"renaming a tag of {scenes} scenes came to {done}")
    return cost


def _row(name: str, cost: TaskCost, items: int) -> tuple[str, ...]:
    wall = cost.usage.wall
    return (
        name,
        f"{items:,}",
        f"{cost.stash_requests:,}",
        f"{cost.plex_reads:,}",
        f"{cost.plex_writes:,}",
        figure(cost.plex_writes / items),
        figure(wall, "s"),
        figure(cost.usage.cpu, "s"),
        figure(items / wall),
    )
