"""Both simulated servers, with a little latency, and the plugin started as Stash starts it."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from benchmarks.floor import Floor, floor
from benchmarks.meter import ROOT, Usage, measure, plugin_environment
from simulators.launch import Simulators
from simulators.library.generate import generate
from simulators.seed import Seed

LATENCY = 0.002  # seconds for each request
PLUGIN = "Stash2Plex"
NO_SUCH_MODE = "nothing"  # loads everything and ends: the time of a start
_LISTING = re.compile(r"/library/sections/\d+/all\?")


class BenchmarkError(RuntimeError):
    """The plugin did not do what was to be measured; the text is its own."""


@dataclass(frozen=True, slots=True)
class TaskCost:
    """One task: what it needed, and its reply."""

    usage: Usage
    stash_requests: int
    plex_reads: int
    plex_writes: int
    listings: tuple[str, ...]  # path and query of each listing page
    received: int  # bytes of all answers
    output: dict[str, Any]

    @property
    def requests(self) -> int:
        return self.stash_requests + self.plex_reads + self.plex_writes


class Stage:
    """A running library. Use `stage` to get one."""

    def __init__(self, both: Simulators, data_dir: Path, settings: Mapping[str, object]) -> None:
        self.both = both
        self._data_dir = data_dir
        self._settings = settings

    def set(self, **changed: object) -> None:
        """Have these settings of the plugin, and all others as at first."""
        mutation = "mutation ($p: ID!, $i: Map!) { configurePlugin(plugin_id: $p, input: $i) }"
        given = {"p": PLUGIN, "i": {**self._settings, **changed}}
        self.both.stash.graphql(mutation, given)

    def slow_down(self) -> None:
        """Let each request take as long as over a network."""
        self.both.stash.configure(latency=LATENCY)
        self.both.plex.configure(latency=LATENCY)

    def forget(self) -> None:
        """Begin as on the first day: no records, no queue."""
        shutil.rmtree(self._data_dir)
        self._data_dir.mkdir()

    def task(self, mode: str) -> TaskCost:
        """Run a task of the plugin as a process of its own.

        Raises:
            BenchmarkError: it failed.
        """
        self.both.stash.reset()
        self.both.plex.reset()
        usage = self.start(mode)
        stash, plex = self.both.stash.counters(), self.both.plex.counters()
        reply = json.loads(usage.stdout)
        if "error" in reply or usage.status:
            raise BenchmarkError(f"{mode}: {reply.get('error') or usage.stderr}")
        listings = [asked["path"] for asked in plex["log"] if _LISTING.match(asked["path"])]
        return TaskCost(
            usage,
            stash["total"],
            plex["reads"],
            plex["writes"],
            tuple(listings),
            stash["bytes_out"] + plex["bytes_out"],
            reply["output"],
        )

    def start(self, mode: str) -> Usage:
        """Run the plugin once, whatever it says."""
        return self._run({"mode": mode})

    def hook(self, trigger: str, num: int, sent: dict[str, Any]) -> Usage:
        """Run the plugin as Stash does after a change; no task follows by itself.

        Raises:
            BenchmarkError: the change was not noted.
        """
        usage = self._run({"hookContext": {"id": num, "type": trigger, "input": sent}})
        if not json.loads(usage.stdout).get("output", "").startswith("noted"):
            raise BenchmarkError(f"a hook answered {usage.stdout!r} {usage.stderr!r}")
        return usage

    def _run(self, args: dict[str, Any]) -> Usage:
        return started(self.both.stash.url, self._data_dir, self.both.plex.token, args)

    def floor(self, listings: tuple[str, ...]) -> Floor:
        """What a bare client needs at the least, now."""
        both = self.both
        return floor(both.stash.url, both.plex.url, both.plex.token, listings)

    def edit(self, scene_ids: list[int], details: str) -> None:
        """Give scenes other details in Stash, as a user would, in one go."""
        mutation = "mutation ($i: BulkSceneUpdateInput!) { bulkSceneUpdate(input: $i) { id } }"
        ids = [str(each) for each in scene_ids]
        self.both.stash.graphql(mutation, {"i": {"ids": ids, "details": details}})


def started(url: str, data_dir: Path, token: str, args: dict[str, Any]) -> Usage:
    """Run the plugin once as the Stash at that address does."""
    connection = {
        "Scheme": "http",
        "Host": "0.0.0.0",
        "Port": urlsplit(url).port,
        "SessionCookie": None,
        "Dir": str(data_dir.parent),
        "PluginDir": str(ROOT),
    }
    given = {"server_connection": connection, "args": args}
    script = str(ROOT / f"{PLUGIN}.py")
    # From the environment: a token in the settings is moved to the data folder of that round.
    env = plugin_environment(data_dir) | {"PLEX_TOKEN": token}
    return measure([sys.executable, script], json.dumps(given).encode(), env)


@contextmanager
def stage(scenes: int, seed: Seed | None = None) -> Iterator[Stage]:
    """Both servers with a library of that size, or this one, and the plugin's settings for it."""
    with (
        TemporaryDirectory(prefix="benchmark-", ignore_cleanup_errors=True) as folder,
        Simulators(seed or generate(scenes), timeout=600) as both,
    ):
        settings = {
            "plex_url": both.plex.url,
            "path_map": both.truth["path_map"],
            "first_sync": "mirror",
            "max_clear_percent": 100,
            # A picture is a request of its own on both sides, whatever the rest costs.
            "sync_poster": False,
            "sync_background": False,
        }
        data_dir = Path(folder) / "data"
        data_dir.mkdir()
        here = Stage(both, data_dir, settings)
        here.set()
        here.slow_down()
        yield here
