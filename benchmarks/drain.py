"""A drain of many drifted scenes, beside bare edits of the same items over two connections.

The bare edits make the drift: each gives an item a summary of its own. So every scene needs an edit
that no other scene shares.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from benchmarks.amounts import Plan, Say
from benchmarks.meter import ROOT
from benchmarks.result_tables import Goal, Report, Sheet, figure
from benchmarks.simulated_servers import BenchmarkError, TaskCost, stage
from simulators.library.generate import generate
from simulators.seed import Seed

WRITERS = 2  # connections
LEAST_SHARE = 0.9  # of the rate of the bare edits
MOST_REQUESTS = 1.03  # to Plex for each changed item
MOVIE, EPISODE = 1, 4  # what Plex calls types

Item = tuple[str, int, str]  # section, type, key


@dataclass(frozen=True, slots=True)
class Drained:
    """A drain of so many drifted scenes, and the seconds that the bare edits took."""

    scenes: int
    bare: float
    cost: TaskCost

    @property
    def bare_rate(self) -> float:
        return self.scenes / self.bare

    @property
    def rate(self) -> float:
        return self.scenes / self.cost.usage.wall

    @property
    def requests_per_item(self) -> float:
        return (self.cost.plex_reads + self.cost.plex_writes) / self.scenes


def measure_drain(plan: Plan, say: Say) -> Report:
    """Drift all scenes of a library in Plex, find that, and bring them back."""
    say(f"starting the servers with {plan.drifted:,} scenes in sync")
    with stage(plan.drifted, generate(plan.drifted, only=("in_sync",))) as here:
        say("sync them all")
        here.task("all")
        here.task("process_queue")
        items = _items(here.both.seed)
        say(f"edit {len(items):,} items bare, and drain the drift")
        bare = bare_edits(here.both.plex.url, here.both.plex.token, items)
        found = here.task("reconcile_all").output["enqueued_count"]
        cost = here.task("process_queue")
    if not found == cost.output["items_edited"] == len(items):
        raise BenchmarkError(f"of {len(items)} drifted items {cost.output} were edited")
    return report_on(Drained(len(items), bare, cost))


def report_on(drained: Drained) -> Report:
    """The table and the targets."""
    cost = drained.cost
    row = (
        f"{drained.scenes:,}",
        figure(drained.bare_rate),
        figure(drained.rate),
        figure(drained.rate / drained.bare_rate),
        figure(cost.usage.wall, "s"),
        figure(1000 * cost.usage.cpu / drained.scenes, "ms"),
        f"{cost.plex_writes:,}",
        f"{cost.plex_reads:,}",
        figure(drained.requests_per_item),
    )
    columns = (
        *(">drifted", ">bare edits/s", ">scenes/s", ">share", ">wall", ">CPU/scene"),
        *(">writes", ">reads", ">requests/item"),
    )
    note = (
        f"*Bare edits*: the same items, each edited once, over {WRITERS} connections, by a process "
        "that does nothing else. The start of Python is part of the drain. What is lacking passes"
        " between an answer and the next edit: 0.3 ms in that process, 0.8 ms in a drain, where"
        " both writers share Python's interpreter lock with who plans and reads back."
    )
    what = f"drain of {drained.scenes:,} drifted scenes"
    goals = (
        Goal(
            f"{what}: bare edits for each scene",
            drained.bare_rate / drained.rate,
            1 / LEAST_SHARE,
            is_timed=True,
        ),
        Goal(f"{what}: requests to Plex for each", drained.requests_per_item, MOST_REQUESTS),
    )
    return Report((Sheet("Drain of drifted scenes", columns, (row,), note),), goals)


def bare_edits(url: str, token: str, items: Sequence[Item]) -> float:
    """Seconds that bare edits of these items take."""
    order = {"url": url, "token": token, "items": list(items)}
    command = [sys.executable, "-m", "benchmarks.drain"]
    done = subprocess.run(
        command, input=json.dumps(order).encode(), stdout=subprocess.PIPE, cwd=ROOT, check=True
    )
    return float(json.loads(done.stdout))


def _items(seed: Seed) -> list[Item]:
    types = {str(section["key"]): section["type"] for section in seed["plex"]["sections"]}
    owned = [items[0].split(":") for items in seed["truth"]["matches"].values() if len(items) == 1]
    return [
        (section, EPISODE if types[section] == "show" else MOVIE, key) for section, key in owned
    ]


def _edit_all(order: Mapping[str, Any]) -> float:
    """Edit everything over so many connections at once; how long it takes in seconds."""
    parts = [order["items"][number::WRITERS] for number in range(WRITERS)]
    threads = [threading.Thread(target=_edit, args=(order, part)) for part in parts]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - start


def _edit(order: Mapping[str, Any], items: Sequence[Item]) -> None:
    address = urlsplit(order["url"])
    connection = http.client.HTTPConnection(str(address.hostname), address.port)
    headers = {"X-Plex-Token": order["token"], "Accept": "application/json"}
    for section, item_type, key in items:
        edit = f"type={item_type}&id={key}&summary.value=Drifted+{key}&summary.locked=1"
        connection.request("PUT", f"/library/sections/{section}/all?{edit}", headers=headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != http.HTTPStatus.OK:
            raise BenchmarkError(f"a bare edit was answered with {answer.status}")


if __name__ == "__main__":
    json.dump(_edit_all(json.load(sys.stdin)), sys.stdout)
