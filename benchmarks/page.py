"""What the page waits for: a process that starts and answers, with a large library behind it."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from benchmarks.amounts import Plan, Say
from benchmarks.enqueue import jobs
from benchmarks.meter import ROOT, plugin_environment
from benchmarks.result_tables import Goal, Report, Sheet
from benchmarks.simulated_servers import PLUGIN, BenchmarkError
from core.finding_types import GAPS
from core.models import Change, ItemRef, MediaFile
from core.records import FieldRecord, ItemRecord, Record
from simulators.launch import Simulators
from simulators.library.generate import generate
from storage.page.findings import Finding, Item
from storage.page.orphans import Orphan
from storage.page.page_facts import LAST
from storage.page.page_file import PageFile
from storage.state import State
from storage.state_tables.journal import JournalEntry
from storage.state_tables.plans import PlannedChange
from sync_queue.queue import SyncQueue

MOST_SECONDS = 0.3
ROUNDS = 5
RUNS = 2_000
CHANGES = 3  # of each scene in a plan and in a run
WORDS = (
    *("quiet", "harbour", "walk", "stone", "bridge", "night", "tram"),
    *("long", "forest", "floor", "golden", "heron", "watch"),
)
# What is asked, as the page does at first and at its worst.
ASKED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("page_overview", {}),
    ("page_gaps", {}),
    ("page_gaps", {"text": "harbour"}),
    ("page_gaps", {"text": "a", "type": "drift", "sort": "-studio", "page": 200}),
    ("page_gaps", {"sort": "updated", "page": 1_000}),
    ("page_orphans", {"text": "heron"}),
    ("page_plan", {}),
    ("page_plan", {"kind": "remove", "text": "tram", "page": 20}),
    ("page_runs", {}),
    ("page_run", {"run_id": 1, "page": 500}),
    ("page_dead_letters", {"text": "harbour"}),
    ("page_log", {}),
    ("page_support", {}),
    ("queue_status", {}),
)


def measure_page(plan: Plan, say: Say) -> Report:
    """Ask each read several times; the slowest median counts."""
    say(f"the page's reads with {plan.shown:,} gaps")
    with (
        TemporaryDirectory(prefix="page-", ignore_cleanup_errors=True) as folder,
        Simulators(generate(10)) as both,
    ):
        data = Path(folder)
        filled = time.perf_counter()
        fill(data, plan.shown)
        say(f"filled in {time.perf_counter() - filled:.0f} s")
        times = {
            _named(mode, args): median(_seconds(data, both, mode, args) for _ in range(ROUNDS))
            for mode, args in ASKED
        }
    rows = tuple((name, f"{1000 * took:.0f} ms") for name, took in times.items())
    title = f"What the page asks, with {plan.shown:,} gaps"
    sheet = Sheet(title, ("operation", ">median"), rows, "The start of Python is in each.")
    slowest = max(times.values())
    return Report((sheet,), (Goal("the slowest read of the page", slowest, MOST_SECONDS, "s"),))


def _named(mode: str, args: dict[str, Any]) -> str:
    told = ", ".join(f"{name}={value}" for name, value in args.items())
    return f"{mode} ({told})" if told else mode


def _seconds(data: Path, both: Simulators, mode: str, args: dict[str, Any]) -> float:
    port = urlsplit(both.stash.url).port
    connection = {"Scheme": "http", "Host": "127.0.0.1", "Port": port, "PluginDir": str(ROOT)}
    given = {"server_connection": connection, "args": {"mode": mode, **args}}
    command = (sys.executable, str(ROOT / f"{PLUGIN}.py"))
    plex = {"PLEX_URL": both.plex.url, "PLEX_TOKEN": both.plex.token}
    env, stdin = plugin_environment(data) | plex, json.dumps(given).encode()
    started = time.perf_counter()
    ended = subprocess.run(command, input=stdin, capture_output=True, env=env, check=False)
    took = time.perf_counter() - started
    if "output" not in json.loads(ended.stdout):
        raise BenchmarkError(f"{mode} answered {ended.stdout!r} {ended.stderr!r}")
    return took


def fill(data: Path, scenes: int) -> None:
    """What a first reconcile of so many scenes, a preview and a run leave."""
    with PageFile(data, print) as page:
        page.findings.replace_all(_findings(scenes), _orphans(scenes))
        page.set_value(LAST, {"at": time.time(), "scenes": 2 * scenes, "libraries": {"1": "Films"}})
    with SyncQueue(data / "queue") as queue:
        queue.put_many(jobs(scenes))
    with State(data, print) as state:
        state.records.save_many([_record(number) for number in range(1, scenes + 1)])
        for number in range(RUNS):
            run = state.runs.start("drain" if number else "apply_preview", time.time() - 9e5)
            figures = {"processed": 5, "succeeded": 5, "items_edited": 5, "skipped": 0}
            state.runs.finish(run, "done", figures, time.time() - 9e5 + 400 * number)
        state.journal.write(1, _entries(scenes))
        preview = state.runs.start("preview", time.time())
        state.plans.add(preview, _planned(scenes))
        state.runs.finish(preview, "done", {"scenes_changing": scenes}, time.time())


def _findings(scenes: int) -> Iterator[Finding]:
    chance = random.Random(1)
    for number in range(1, scenes + 1):
        studio = f"Studio {chance.randrange(800)}"
        title = " ".join(chance.choices(WORDS, k=5))
        path = f"/data/library/{studio}/{title}.mp4"
        why = "changed in Stash after the last sync"
        items = (Item("1", str(number), title),)
        yield Finding(
            *(number, chance.choice(GAPS), title, path, why, studio),
            *(chance.choice(("Films", "Clips")), 1e9 + chance.random() * 1e8),
            items,
        )


def _orphans(items: int) -> Iterator[Orphan]:
    chance = random.Random(2)
    for number in range(1, items + 1):
        title = " ".join(chance.choices(WORDS, k=4))
        yield Orphan("1", str(number), "Films", title, f"/media/{title} {number}.mp4", 1)


def _changes() -> list[Change]:
    return [
        Change("title", "Old", "A New Title"),
        Change("tags", ("A",), ("A", "B"), added=("B",)),
        Change("performers", ("A", "B"), ("A",), removed=("B",)),
    ][:CHANGES]


def _planned(scenes: int) -> Iterator[PlannedChange]:
    chance = random.Random(3)
    for number in range(1, scenes + 1):
        title = " ".join(chance.choices(WORDS, k=5))
        for change in _changes():
            yield PlannedChange(number, title, ItemRef("1", str(number)), change)


def _entries(scenes: int) -> Iterator[JournalEntry]:
    for number in range(1, scenes + 1):
        for change in _changes():
            ref = ItemRef("1", str(number))
            yield JournalEntry(number, ref, change.field, change.before, change.after, 1.0)


def _record(number: int) -> Record:
    fields = {name: FieldRecord("Some Value", "Some Value") for name in ("title", "summary")}
    item = ItemRecord(ItemRef("1", str(number)), (f"/media/{number}.mp4",), 1, fields)
    files = (MediaFile(f"/data/{number}.mp4", number, 60.0),)
    return Record(number, 1.0, "f" * 64, files, 1, (1, 2), (3, 4), (item,))
