"""What a hook costs the user who waits for it, as a multiple of a bare start of the same Python."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.amounts import Plan, Say
from benchmarks.meter import ROOT, plugin_environment
from benchmarks.result_tables import Goal, Report, Sheet, figure
from benchmarks.simulated_servers import LATENCY, PLUGIN, BenchmarkError
from simulators.launch import Simulators
from simulators.library.generate import generate
from sync_queue.inbox_reader import Inbox

SCRIPT = ROOT / f"{PLUGIN}.py"
BARE = (sys.executable, "-c", "pass")
HOOK = (sys.executable, str(SCRIPT))
MOST_NOTING = 3.0  # times a bare start
MOST_ASKING = 6.0
MOST_REQUESTS = 3  # of all hooks of a bulk edit together
MOST_SHARE = 0.2  # of the wait for processes, where edits are noted inside Stash
ASKED = "noted, and asked for Sync Changes"
WAITS = "Sync Changes waits"
# How edits are noted, and the plugins that are off then.
INSIDE, PROCESSES = "Stash2PlexQuickHooks", "Stash2PlexSceneHooks"
WAYS = {
    "not at all": (PLUGIN, INSIDE, PROCESSES),
    "by processes": (INSIDE,),
    "inside Stash": (PROCESSES,),
}
NOTE = (
    "Stash starts hooks one after the other; the task that they ask for runs meanwhile. "
    "[Hooks](hooks.md) has what a real Stash needs."
)


def measure_hooks(plan: Plan, say: Say) -> Report:
    """Single hooks in their three situations, and a bulk edit through the simulated Stash."""
    say(f"{plan.hooks} hooks of each kind, and {plan.bulk} scenes edited at once")
    with TemporaryDirectory(prefix="hooks-", ignore_cleanup_errors=True) as folder:
        # Without the plugin the job that is asked for ends at once, so that no task disturbs.
        with Simulators(generate(20)) as both:
            both.stash.configure(latency=LATENCY)
            singles, goals = _singles(plan.hooks, both, Path(folder) / "single")
        waits = [_bulk(plan.bulk, Path(folder) / name, off) for name, off in WAYS.items()]
    return Report(
        (singles, _bulk_sheet(plan.bulk, waits)), (*goals, *_bulk_goals(plan.bulk, waits))
    )


def _install(plugin: Path) -> None:
    """A plugin folder that leads to this checkout."""
    plugin.mkdir(parents=True)
    shutil.copy(ROOT / f"{PLUGIN}.yml", plugin)
    shutil.copytree(ROOT / "scene_hooks", plugin / "scene_hooks")
    told = f"__file__ = {str(SCRIPT)!r}\nexec(compile(open(__file__).read(), __file__, 'exec'))\n"
    (plugin / f"{PLUGIN}.py").write_text(told, encoding="utf-8")


def _singles(rounds: int, both: Simulators, data: Path) -> tuple[Sheet, tuple[Goal, ...]]:
    """The four kinds of process by turns, so that all see the same machine."""
    given = _given(both)
    env = plugin_environment(data)
    _seconds(HOOK, given, env, None)  # makes the inbox and the bytecode
    times: dict[str, list[float]] = {"bare": [], "noting": [], "beside": [], "asking": []}
    with Inbox(data) as inbox:
        for _ in range(rounds):
            times["bare"].append(_seconds(BARE, b"", env, None))
            inbox.hand_over("1")
            times["noting"].append(_seconds(HOOK, given, env, "noted"))
            inbox.begin()
            times["beside"].append(_seconds(HOOK, given, env, "noted"))
            inbox.give_up()
            times["asking"].append(_seconds(HOOK, given, env, ASKED))
    middle = {name: median(found) for name, found in times.items()}
    bare = middle["bare"]
    names = {
        "bare": "a bare start: `python -c pass`",
        "noting": "a hook that notes",
        "beside": "a hook that notes beside a running task",
        "asking": "a hook that notes and asks Stash for the task",
    }
    rows = tuple(
        (text, f"{1000 * middle[name]:.1f} ms", figure(middle[name] / bare))
        for name, text in names.items()
    )
    sheet = Sheet("One hook process", ("process", ">median", ">times bare"), rows)
    return sheet, (
        Goal("a hook that notes: times a bare start", middle["noting"] / bare, MOST_NOTING),
        Goal("a hook that asks: times a bare start", middle["asking"] / bare, MOST_ASKING),
    )


def _given(both: Simulators) -> bytes:
    """What Stash tells a hook after an edit, with a session cookie as long as its own."""
    port = int(both.stash.url.rpartition(":")[2])
    cookie = {"Name": "session", "Value": "x" * 300}
    connection = {"Scheme": "http", "Host": "0.0.0.0", "Port": port, "SessionCookie": cookie}
    sent = {"id": "1", "title": "A Title", "details": "Some words about it. " * 20}
    context = {"id": 1, "type": "Scene.Update.Post", "input": sent, "inputFields": list(sent)}
    return json.dumps({"server_connection": connection, "args": {"hookContext": context}}).encode()


def _seconds(command: Sequence[str], given: bytes, env: dict[str, str], reply: str | None) -> float:
    started = time.perf_counter()
    ended = subprocess.run(command, input=given, capture_output=True, env=env, check=False)
    took = time.perf_counter() - started
    if reply is not None and json.loads(ended.stdout) != {"output": reply}:
        raise BenchmarkError(f"a hook answered {ended.stdout!r} {ended.stderr!r}")
    return took


@dataclass(frozen=True, slots=True)
class _Wait:
    """How long one bulk edit took (seconds), and how often its hooks asked for a task."""

    way: str
    seconds: float
    requests: int


def _bulk(scenes: int, folder: Path, off: Collection[str]) -> _Wait:
    """As many scenes edited at once; the task that the hooks ask for works meanwhile.

    Args:
        off: the plugins that are switched off.
    """
    _install(folder / "plugins" / PLUGIN)
    seed, env = generate(scenes, only=("in_sync",)), {"STASH_PLUGIN_DATA": str(folder / "data")}
    with Simulators(seed, plugin_dir=folder / "plugins", plugin_env=env) as both:
        settings = {
            "plex_url": both.plex.url,
            "plex_token": both.plex.token,
            "path_map": both.truth["path_map"],
            "sync_poster": False,
            "sync_background": False,
        }
        save = "mutation ($p: ID!, $i: Map!) { configurePlugin(plugin_id: $p, input: $i) }"
        both.stash.graphql(save, {"p": PLUGIN, "i": settings})
        switch = "mutation ($m: BoolMap!) { setPluginsEnabled(enabledMap: $m) }"
        both.stash.graphql(switch, {"m": dict.fromkeys(off, False)})
        numbers = sorted(both.truth["cases"], key=int)
        edit = "mutation ($i: BulkSceneUpdateInput!) { bulkSceneUpdate(input: $i) { id } }"
        started = time.perf_counter()
        both.stash.graphql(edit, {"i": {"ids": numbers, "details": "All at once."}})
        took = time.perf_counter() - started
        replies = [each["output"] for each in both.stash.control("GET", "hooks")]
    hooked = 0 if PLUGIN in off else scenes
    if len(replies) != hooked or set(replies) - {"noted", ASKED, WAITS}:
        raise BenchmarkError(f"hooks answered {set(replies)}")
    return _Wait(folder.name, took, replies.count(ASKED))


def _bulk_sheet(scenes: int, waits: Sequence[_Wait]) -> Sheet:
    rows = tuple(
        (
            f"{scenes:,}",
            each.way,
            figure(each.seconds, "s"),
            f"{1000 * each.seconds / scenes:.1f} ms",
            str(each.requests),
        )
        for each in waits
    )
    columns = (">scenes", "edits are noted", ">user waits", ">for each", ">requests of the hooks")
    return Sheet("One bulk edit", columns, rows, NOTE)


def _bulk_goals(scenes: int, waits: Sequence[_Wait]) -> tuple[Goal, ...]:
    bare, processes, inside = waits
    spared = (processes.seconds - bare.seconds) / max(inside.seconds - bare.seconds, 0.001)
    asked = max(processes.requests, inside.requests)
    return (
        Goal(f"{scenes:,} scenes edited at once: requests", asked, MOST_REQUESTS),
        Goal(
            "a bulk edit noted inside Stash: share of the wait for processes",
            1 / spared,
            MOST_SHARE,
            is_timed=True,
        ),
    )
