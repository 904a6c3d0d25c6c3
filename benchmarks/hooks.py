"""What a hook costs the user who waits for it, as a multiple of a bare start of the same Python."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.meter import ROOT, plugin_environment
from benchmarks.plan import Plan, Say
from benchmarks.sheets import Goal, Report, Sheet, figure
from benchmarks.stage import LATENCY, PLUGIN, BenchmarkError
from simulators.launch import Simulators
from simulators.library.generate import generate
from sync_queue.inbox_reader import Inbox

SCRIPT = ROOT / f"{PLUGIN}.py"
BARE = (sys.executable, "-c", "pass")
HOOK = (sys.executable, str(SCRIPT))
MOST_NOTING = 3.0  # times a bare start
MOST_ASKING = 6.0
MOST_REQUESTS = 2  # of all hooks of a bulk edit together
ASKED = "noted, and asked for Sync Changes"


def measure_hooks(plan: Plan, say: Say) -> Report:
    """Single hooks in their three situations, and a bulk edit through the simulated Stash."""
    say(f"{plan.hooks} hooks of each kind, and {plan.bulk} scenes edited at once")
    with TemporaryDirectory(prefix="hooks-", ignore_cleanup_errors=True) as folder:
        # Without the plugin the job that is asked for ends at once, so that no task disturbs.
        with Simulators(generate(20)) as both:
            both.stash.configure(latency=LATENCY)
            singles, goals = _singles(plan.hooks, both, Path(folder) / "single")
        bulk, goal = _bulk(plan.bulk, Path(folder))
    return Report((singles, bulk), (*goals, goal))


def _install(plugin: Path) -> None:
    """A plugin folder that leads to this checkout."""
    plugin.mkdir(parents=True)
    shutil.copy(ROOT / f"{PLUGIN}.yml", plugin)
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


def _bulk(scenes: int, folder: Path) -> tuple[Sheet, Goal]:
    """As many scenes edited at once; the task that the hooks ask for works meanwhile."""
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
        numbers = sorted(both.truth["cases"], key=int)
        edit = "mutation ($i: BulkSceneUpdateInput!) { bulkSceneUpdate(input: $i) { id } }"
        started = time.perf_counter()
        both.stash.graphql(edit, {"i": {"ids": numbers, "details": "All at once."}})
        took = time.perf_counter() - started
        replies = [each["output"] for each in both.stash.control("GET", "hooks")]
    if len(replies) != scenes or set(replies) - {"noted", ASKED}:
        raise BenchmarkError(f"hooks answered {set(replies)}")
    requests = replies.count(ASKED)
    row = (f"{scenes:,}", figure(took, "s"), f"{1000 * took / scenes:.1f} ms", str(requests))
    columns = (">scenes", ">the user waits", ">for each", ">requests of the hooks")
    note = "Stash starts hooks one after the other; the task that they ask for runs meanwhile."
    sheet = Sheet("One bulk edit", columns, (row,), note)
    return sheet, Goal(f"{scenes:,} scenes edited at once: requests", requests, MOST_REQUESTS)
