"""What each kind of start loads: a budget, since imports are most of what a short answer takes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from simulators.library.generate import generate
from tests.acceptance.entry import PATIENCE, ROOT
from tests.acceptance.site import Site
from tests.acceptance.soak import chosen
from tests.pool import Pool

# What costs most of others' packages, of Python's and of ours. Whatever is in no budget is loaded
# by whoever needs it, at the moment when he does.
HEAVY = frozenset(
    {
        *("requests", "urllib3", "certifi", "PIL", "apprise", "filelock", "persistqueue", "rich"),
        *("plexapi", "click", "ssl", "http", "email", "concurrent", "asyncio", "multiprocessing"),
        *("csv", "html", "xml", "logging", "json", "dataclasses", "typing", "pathlib"),
        *("app", "worker", "reconciliation", "plex", "stash", "storage", "core", "transport"),
    }
)
LIGHT = frozenset({"logging", "json", "dataclasses", "typing", "pathlib"})
PAGE = LIGHT | {"csv", "html", "app", "storage", "core"}
# `plex` is what its failures are called.
STATUS = PAGE | {"urllib3", "certifi", "ssl", "http", "email", "plex", "stash", "transport"}
RECONCILE = STATUS | {"filelock", "reconciliation"}
TASK = RECONCILE | {"concurrent", "worker"}
READS = chosen(
    ["page_overview", "page_gaps", "page_log"], ["page_plan", "page_runs", "page_dead_letters"]
)
LOOKING = ("reconcile_all", "health_check")
WRITING = ("sync_changes", "process_queue")


@pytest.fixture(scope="module")
def site(pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Its files are there: what makes them is loaded once in the life of a plugin."""
    with pool.both(generate(4, only=("in_sync",))) as both:
        made = Site(both, tmp_path_factory.mktemp("plugin") / "data")
        made.reconcile()
        made.drain()
        made.run("page_overview")
        yield made


@pytest.mark.processes
@pytest.mark.parametrize("mode", READS)
def test_a_read_of_the_page_loads_nothing_that_asks_servers(site: Site, mode: str) -> None:
    assert loaded(site.input(mode), site) <= PAGE


@pytest.mark.processes
def test_the_status_loads_nothing_that_plans_or_writes(site: Site) -> None:
    assert loaded(site.input("queue_status"), site) <= STATUS


@pytest.mark.processes
@pytest.mark.parametrize("mode", WRITING)
def test_a_task_loads_no_package_that_it_may_not_need(site: Site, mode: str) -> None:
    found = loaded(site.input(mode), site)
    assert {"urllib3", "worker"} <= found <= TASK


@pytest.mark.processes
@pytest.mark.parametrize("mode", LOOKING)
def test_what_looks_at_both_sides_loads_nothing_that_writes(site: Site, mode: str) -> None:
    assert loaded(site.input(mode), site) <= RECONCILE


@pytest.mark.processes
def test_a_hook_loads_nothing_of_all_that(site: Site) -> None:
    hook = {"id": 1, "type": "Scene.Update.Post", "input": {"id": "1"}}
    assert loaded(site.input("", hookContext=hook), site) <= {"json", "stash", "storage"}


def loaded(stdin: bytes, site: Site) -> frozenset[str]:
    """The heavy modules that the entry script has loaded by its end."""
    # -S leaves out .pth files, which load things of their own; the packages are still found.
    packages = os.pathsep.join(path for path in sys.path if path.endswith("site-packages"))
    env = {**os.environ, "STASH_PLUGIN_DATA": str(site.data), "PYTHONPATH": packages}
    command = [sys.executable, "-S", "-X", "importtime", str(ROOT / "Stash2Plex.py")]
    ended = subprocess.run(
        command, input=stdin, capture_output=True, env=env, timeout=PATIENCE, check=True
    )
    lines = [line for line in ended.stderr.decode().splitlines() if line.startswith("import time:")]
    return HEAVY & {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}
