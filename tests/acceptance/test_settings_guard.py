"""Settings that were there and are suddenly gone from Stash."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from simulators.library.generate import generate
from storage.files.token_file import TOKEN_FILE
from tests.acceptance import entry
from tests.acceptance.conftest import Open
from tests.acceptance.site import TOKEN, Site


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(generate(12, seed=5, only=("drift_title", "extra_genre")))


@pytest.fixture
def site(library: Site, data: Path) -> Site:
    library.forget(data)
    library.both.plex.load(library.both.seed)
    library.reset_counters()
    return library


def reply(site: Site, mode: str) -> dict[str, Any]:
    """Of a task that finds the address and the token in its environment."""
    env = site._environment() | {"PLEX_URL": site.both.plex.url, "PLEX_TOKEN": TOKEN}
    told: dict[str, Any] = entry.run_here(site.input(mode), env).reply
    return told


def test_settings_that_vanish_all_at_once_stop_each_task_before_it_writes(site: Site) -> None:
    saved = {"first_sync": "mirror", "sync_title": False, "path_map": site.truth["path_map"]}
    site.save(saved)
    assert reply(site, "reconcile_all")["output"]["total_gaps"] > 0
    site.save({})

    for mode in ("process_queue", "reconcile_all", "sync_changes", "process_queue"):
        error = reply(site, mode)["error"]
        assert "none of the 3 settings" in error
        assert "'First sync'; 'Path map'; 'Sync title'" in error
    assert site.writes() == 0
    assert "output" in reply(site, "queue_status")
    (problem,) = reply(site, "health_check")["output"]["problems"]
    assert problem.startswith("Stash hands over none of the settings")

    site.save({**saved, "max_clear_percent": 100})  # as after a restart of Stash
    assert reply(site, "process_queue")["output"]["failed"] == 0
    assert site.writes() > 0
    assert reply(site, "confirm_stopped_run")["output"]["confirmed"] is False


def test_the_token_in_its_file_is_hidden_where_the_first_answer_of_stash_echoes_it(
    site: Site,
) -> None:
    (site.data / TOKEN_FILE).write_text(TOKEN)
    echo = json.dumps({"errors": [{"message": f"what is {TOKEN}?"}], "data": None})
    fault = {"match": "^POST", "times": -1, "action": "status", "status": 200, "body": echo}
    site.both.stash.faults([{**fault, "content_type": "application/json"}])
    try:
        assert "what is ***?" in site.run("health_check").error
    finally:
        site.both.stash.faults([])


def test_whoever_wants_the_defaults_confirms_them(site: Site) -> None:
    site.save({"sync_title": False})
    reply(site, "all")
    site.save({})
    assert "Confirm Stopped Run" in reply(site, "all")["error"]

    assert reply(site, "confirm_stopped_run")["output"]["guard"] == "settings"
    for _ in range(2):
        assert "output" in reply(site, "all")
