"""The tasks as Stash itself starts them, behind its login: cookie, job queue, progress, log."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simulators.library.generate import generate
from tests.acceptance import entry
from tests.acceptance.entry import API_KEY, ENTRY, ROOT
from tests.acceptance.faults import differing
from tests.acceptance.site import Site
from tests.pool import TOKEN, Pool

PASSWORD = "PASSWORD-not-for-logs"
CASES = ("empty_no_agent", "empty_agent", "stale", "drift_title", "in_sync")
RUN = """
mutation($name: String!) { runPluginTask(plugin_id: "Stash2Plex", task_name: $name) }
"""


@pytest.fixture(scope="module")
def site(pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Stash asks for a password and has the plugin; its code is that of this checkout."""
    folder = tmp_path_factory.mktemp("stash")
    plugin = folder / "plugins" / "Stash2Plex"
    plugin.mkdir(parents=True)
    shutil.copy(ROOT / "Stash2Plex.yml", plugin)
    start = f"import runpy\nrunpy.run_path({str(ENTRY)!r}, run_name='__main__')\n"
    (plugin / "Stash2Plex.py").write_text(start, encoding="utf-8")
    data = folder / "data"
    with pool.both(
        generate(40, seed=8, only=CASES),
        plugin_dir=folder / "plugins",
        plugin_env={"STASH_PLUGIN_DATA": str(data)},
        password=PASSWORD,
        api_key=API_KEY,
    ) as both:
        found = Site(both, data)
        found.inherit_timestamps()
        yield found


def _start(site: Site, name: str) -> str:
    """Press a task's button; the number of Stash's job."""
    number: str = site.both.stash.graphql(RUN, {"name": name})["runPluginTask"]
    return number


def _wait(site: Site, number: str) -> dict[str, Any]:
    """Stash's job once it has ended, with what the plugin answered."""
    deadline = time.monotonic() + 100
    while time.monotonic() < deadline:
        jobs: list[dict[str, Any]] = site.both.stash.control("GET", "jobs")
        job = next(job for job in jobs if job["id"] == number)
        if job["endTime"] is not None:
            return job
        time.sleep(0.05)
    raise AssertionError(f"job {number} did not end")


def _has_no_secret(site: Site, data: Path) -> None:
    log = str(site.both.stash.control("GET", "plugin_log"))
    files = b"".join(entry.stored(data).values())
    for secret in (TOKEN, API_KEY, PASSWORD):
        assert secret not in log
        assert secret.encode() not in files


def test_the_buttons_of_stash_do_the_main_job(site: Site) -> None:
    site.use(first_sync="mirror", max_clear_percent=100)

    found = _wait(site, _start(site, "Reconcile Library (All)"))
    site.both.plex.faults([{"match": "GET /library/sections", "action": "delay", "seconds": 1.5}])
    site.both.plex.reset()
    number = _start(site, "Process Queue")
    while not site.both.plex.counters()["total"]:
        time.sleep(0.02)
    # It has its settings. Now its cookie ends, before it asks Stash for the scenes.
    site.both.stash.configure(max_session_age=1)
    drained = _wait(site, number)
    site.both.stash.configure(max_session_age=3600)

    assert (found["status"], found["plugin_error"], found["progress"]) == ("FINISHED", None, 1.0)
    assert drained["plugin_error"] is None
    assert drained["output"]["processed"] == found["output"]["enqueued_count"] == 40
    assert differing(site) == set()
    log = [line["message"] for line in site.both.stash.control("GET", "plugin_log")]
    assert any("40 scenes compared with" in line for line in log)
    assert any("40 scenes: 32 changed (32 items in Plex)" in line for line in log)
    _has_no_secret(site, site.data)


def test_a_task_that_fails_says_so_where_the_user_looks(site: Site) -> None:
    site.use(plex_token=f"{TOKEN}x")

    job = _wait(site, _start(site, "Process Queue"))

    assert "the Plex token was refused" in job["plugin_error"]
    assert job["status"] == "FINISHED"  # Stash shows no failure of a plugin
    log = site.both.stash.control("GET", "plugin_log")
    assert any("the Plex token was refused" in line["message"] for line in log)
    _has_no_secret(site, site.data)


def test_a_command_can_leave_the_work_to_stash(site: Site) -> None:
    env = {"STASH_URL": site.both.stash.url, "STASH_API_KEY": API_KEY}
    ended = entry.command_here(["sync", "--in-stash", "--json"], env)
    assert ended.status == 0, ended.stderr
    assert json.loads(ended.stdout)["process_queue"] == {"ran_in_stash": True}
    refused = entry.command_here(["sync", "--in-stash"], {**env, "STASH_API_KEY": "another"})
    assert refused.status == 2
    assert b"STASH_API_KEY" in refused.stderr
