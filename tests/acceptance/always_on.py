"""A Stash that has the plugin and fires its hooks, and what can be seen of it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from simulators.seed import Seed
from storage.state_tables.runs import Run
from sync_queue.inbox_reader import Inbox
from tests.acceptance import entry
from tests.acceptance.entry import API_KEY, ENTRY, ROOT
from tests.acceptance.site import Site
from tests.pool import TOKEN, Pool

PASSWORD = "PASSWORD-not-for-logs"
RUN = 'mutation($name: String!) { runPluginTask(plugin_id: "Stash2Plex", task_name: $name) }'
RUN_MODE = """
    mutation($told: String!, $args: Map!) {
        runPluginTask(plugin_id: "Stash2Plex", description: $told, args_map: $args)
    }
"""


SWITCH = "mutation($map: BoolMap!) { setPluginsEnabled(enabledMap: $map) }"
# Edits are noted inside Stash, or by processes, if the other of the two small plugins is off.
OFF = {"inside": "Stash2PlexSceneHooks", "processes": "Stash2PlexQuickHooks"}


@contextmanager
def always_on(pool: Pool, seed: Seed, folder: Path, noted: str = "processes") -> Iterator[Site]:
    """Both servers; the plugin's code is that of this checkout, and Stash asks for a password.

    Args:
        noted: "inside" Stash, by "processes", or by "both" as after an installation.
    """
    data = folder / "data"
    with pool.both(
        seed,
        plugin_dir=install(folder),
        plugin_env={"STASH_PLUGIN_DATA": str(data)},
        password=PASSWORD,
        api_key=API_KEY,
    ) as both:
        site = Site(both, data)
        site.use(first_sync="mirror", max_clear_percent=100)
        switch_off(site, noted)
        yield site


def switch_off(site: Site, noted: str) -> None:
    """Leave only one of the small plugins on; see `always_on`."""
    if noted in OFF:
        site.both.stash.graphql(SWITCH, {"map": {OFF[noted]: False}})


def install(folder: Path) -> Path:
    """A plugin folder for Stash that leads to this checkout."""
    plugin = folder / "plugins" / "Stash2Plex"
    plugin.mkdir(parents=True)
    shutil.copy(ROOT / "Stash2Plex.yml", plugin)
    shutil.copytree(ROOT / "scene_hooks", plugin / "scene_hooks")
    # As if it lay there; `runpy` would take a third of the time of a hook.
    start = (
        f"__file__ = {str(ENTRY)!r}\nexec(compile(open(__file__, 'rb').read(), __file__, 'exec'))\n"
    )
    (plugin / "Stash2Plex.py").write_text(start, encoding="utf-8")
    return folder / "plugins"


def jobs(site: Site, name: str = "Sync Changes") -> list[dict[str, Any]]:
    """Stash's jobs with that in their description, with what the plugin answered."""
    listed: list[dict[str, Any]] = site.both.stash.control("GET", "jobs")
    return [job for job in listed if name in job["description"]]


def hooks(site: Site) -> list[dict[str, Any]]:
    """The hook processes until now."""
    listed: list[dict[str, Any]] = site.both.stash.control("GET", "hooks")
    return listed


def start(site: Site, name: str) -> str:
    """Press a task's button; the number of Stash's job."""
    number: str = site.both.stash.graphql(RUN, {"name": name})["runPluginTask"]
    return number


def start_mode(site: Site, mode: str) -> str:
    """Start a task without a button, as the plugin's page does; likewise."""
    asked = {"told": mode, "args": {"mode": mode}}
    number: str = site.both.stash.graphql(RUN_MODE, asked)["runPluginTask"]
    return number


def until(what: Callable[[], bool], seconds: float = 30.0) -> float:
    """Wait for something; how long it took."""
    started = time.monotonic()
    while not what():
        if time.monotonic() - started > seconds:
            raise AssertionError("it did not happen")
        time.sleep(0.05)
    return time.monotonic() - started


def at_rest(site: Site) -> bool:
    """Whether Stash has no job left."""
    return all(job["endTime"] is not None for job in jobs(site, ""))


def noted(site: Site) -> int:
    """How many events nobody has looked at."""
    with Inbox(site.data) as inbox:
        return sum(inbox.counts().values())


def runs(site: Site) -> list[Run]:
    """The drains until now, the first one first."""
    with site.state() as state:
        latest = state.runs.latest(limit=1000)
    return sorted((run for run in latest if run.kind == "drain"), key=lambda run: run.id)


@contextmanager
def others_wait(site: Site) -> Iterator[None]:
    """A scan runs, and another one waits."""
    site.both.stash.configure(scan_seconds_per_file=30)
    scan = "mutation { metadataScan(input: {rescan: true}) }"
    ids = [site.both.stash.graphql(scan)["metadataScan"] for _ in range(2)]
    try:
        yield
    finally:
        for each in reversed(ids):
            site.both.stash.graphql("mutation($id: ID!) { stopJob(job_id: $id) }", {"id": each})
        site.both.stash.configure(scan_seconds_per_file=0)


def title(site: Site, scene: int) -> str:
    """The title that Plex shows for a scene."""
    shown: str = site.item(site.key(scene))["title"]
    return shown


def has_no_secret(site: Site) -> None:
    """Neither the log of Stash nor a file of ours holds one."""
    log = str(site.both.stash.control("GET", "plugin_log"))
    files = b"".join(entry.stored(site.data).values())
    for secret in (TOKEN, API_KEY, PASSWORD, "eyJ1c2VyIj"):
        assert secret not in log
        assert secret.encode() not in files
