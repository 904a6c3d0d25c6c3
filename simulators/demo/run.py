"""The demo's performance: the plugin, run by the simulated Stash as the real one runs it.

The tasks are started through Stash's job queue. So the plugin is a process of its own that gets
one JSON object on stdin, and all that is known of it is what Stash sees: progress, log, reply.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from simulators.dumps import State, plex_seed
from simulators.launch import ROOT, Simulators
from simulators.library.oracle import differences, expected, owners, untouched
from simulators.library.oracle_fields import unequal
from simulators.library.truth import items_by_name
from simulators.seed import Seed, Truth

PLUGIN = "Stash2Plex"
RECONCILE, PROCESS = "Reconcile Library (All)", "Process Queue"
TASKS = (RECONCILE, PROCESS, RECONCILE)
POLL_SECONDS = 0.1
TASK_SECONDS = 300.0  # then something hangs
ENDED = frozenset({"FINISHED", "FAILED", "CANCELLED"})
# A developer's own servers have no part in this.
NO_ENVIRONMENT = {"STASH_URL": "", "STASH_API_KEY": "", "PLEX_URL": "", "PLEX_TOKEN": ""}


class TaskFailed(RuntimeError):
    """A task did not end well; the text is the plugin's or Stash's."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """Requests that the two servers have answered to one task."""

    stash: int = 0
    plex_reads: int = 0
    plex_writes: int = 0


@dataclass(frozen=True, slots=True)
class TaskRun:
    """One task from start to end. `output` is the plugin's reply."""

    task: str
    seconds: float
    traffic: Traffic
    output: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DemoRun:
    """What happened: the tasks in order, and both servers' own dumps."""

    truth: Truth
    tasks: tuple[TaskRun, ...]
    stash: State
    before: State
    after: State


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the oracle says; it has read the dumps and nothing else.

    Attributes:
        scenes: how many own an item that was to be synced, and `items` how many items that is.
        wrong_scenes: those of them of which a field is not as it must be.
        problems: one line for each such field, and for each thing that was not to be touched.
    """

    scenes: int
    items: int
    wrong_scenes: int
    problems: tuple[str, ...]


class Watcher(Protocol):
    """Told how a task gets on."""

    def started(self, task: str) -> None: ...

    def progress(self, share: float, traffic: Traffic) -> None: ...

    def ended(self, run: TaskRun) -> None: ...


@contextmanager
def plugin_folder() -> Iterator[Path]:
    """A plugin folder of Stash's with this checkout in it, gone at the end.

    Only the manifest is in it: Stash reads every .yml below the folder, and a checkout's virtual
    environment may hold others.
    """
    with TemporaryDirectory(prefix="plugins-", ignore_cleanup_errors=True) as folder:
        home = Path(folder) / PLUGIN
        home.mkdir()
        manifest = (ROOT / f"{PLUGIN}.yml").read_text(encoding="utf-8")
        here = manifest.replace("{pluginDir}", ROOT.as_posix())
        (home / f"{PLUGIN}.yml").write_text(here, encoding="utf-8")
        yield Path(folder)


def settings_for(both: Simulators) -> dict[str, Any]:
    """What the user would enter. Two of them are needed for this library only.

    It holds more leftovers than a user would trust a first run to remove, so the guard that would
    stop this run is opened (`max_clear_percent`), and `mirror` asks for the removals.
    """
    return {
        "plex_url": both.plex.url,
        "plex_token": both.plex.token,
        "path_map": both.truth["path_map"],
        "first_sync": "mirror",
        "max_clear_percent": 100,
    }


@contextmanager
def prepared(seed: Seed, plugins: Path | None = None) -> Iterator[Simulators]:
    """Both servers with that library, and the plugin installed and configured.

    Args:
        plugins: what `plugin_folder` has made; one of its own if None.

    The plugin finds the history of an earlier one, as the library's truth has it.

    Raises:
        simulators.launch.StartError: a server did not start.
    """
    with plugin_folder() if plugins is None else nullcontext(plugins) as folder:
        data = folder / PLUGIN / "data"
        data.mkdir()
        history = json.dumps(seed["truth"]["sync_timestamps"])
        (data / "sync_timestamps.json").write_text(history, encoding="utf-8")
        environment = {**NO_ENVIRONMENT, "STASH_PLUGIN_DATA": str(data)}
        with Simulators(seed, plugin_dir=folder, plugin_env=environment) as both:
            mutation = "mutation ($p: ID!, $i: Map!) { configurePlugin(plugin_id: $p, input: $i) }"
            both.stash.graphql(mutation, {"p": PLUGIN, "i": settings_for(both)})
            yield both


def perform(both: Simulators, watcher: Watcher) -> DemoRun:
    """Run the tasks one after the other, and look at what they did.

    Raises:
        TaskFailed: one of them failed.
    """
    before = both.plex.state()
    runs = tuple(run_task(both, task, watcher) for task in TASKS)
    return DemoRun(both.truth, runs, both.stash.state(), before, both.plex.state())


def run_task(both: Simulators, task: str, watcher: Watcher) -> TaskRun:
    """Press one of the plugin's task buttons in Stash and wait for the job's end."""
    both.stash.reset()
    both.plex.reset()
    watcher.started(task)
    start = time.perf_counter()
    mutation = "mutation ($p: ID!, $t: String!) { runPluginTask(plugin_id: $p, task_name: $t) }"
    job_id = both.stash.graphql(mutation, {"p": PLUGIN, "t": task})["runPluginTask"]
    while (job := _job(both, job_id))["status"] not in ENDED:
        if time.perf_counter() - start > TASK_SECONDS:
            raise TaskFailed(f"{task}: not done after {TASK_SECONDS:g} seconds")
        watcher.progress(job["progress"] or 0.0, _traffic(both))
        time.sleep(POLL_SECONDS)
    seconds, output = time.perf_counter() - start, job.get("output")
    error = job["error"] or job.get("plugin_error")
    if error or not isinstance(output, dict):
        raise TaskFailed(f"{task}: {error or output or job['status']}")
    run = TaskRun(task, seconds, _traffic(both), output)
    watcher.ended(run)
    return run


def judge(run: DemoRun) -> Verdict:
    """Compare what Plex shows now with what it must show, and with what it showed before."""
    owner = owners(run.stash, run.after, run.truth)
    items = items_by_name(plex_seed(run.after))
    wanted = expected(run.stash, run.truth, run.before, run.after)
    wrong = {owner[name] for name, fields in wanted.items() if unequal(fields, items[name][0])}
    problems = differences(run.stash, run.truth, run.before, run.after)
    problems += untouched(run.before, run.after, run.truth)
    scenes = {owner[name] for name in wanted}
    return Verdict(len(scenes), len(wanted), len(wrong), tuple(problems))


def _job(both: Simulators, job_id: str) -> Any:
    # Not over GraphQL: our looking on is not to be counted.
    return next(job for job in both.stash.control("GET", "jobs") if job["id"] == job_id)


def _traffic(both: Simulators) -> Traffic:
    stash, plex = both.stash.counters(), both.plex.counters()
    # The request that started the task is ours.
    return Traffic(stash["total"] - 1, plex["reads"], plex["writes"])
