"""Stash's own page of settings shows what counts: the first task writes the defaults there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from app import write_defaults
from app.write_defaults import SHOWN, keep_defaults
from core.settings import DEFAULTS, REQUIRED
from simulators.library.generate import generate
from tests.acceptance.conftest import Open
from tests.acceptance.site import TOKEN, Site
from tests.acceptance.test_settings_guard import reply
from tests.settings import parse_settings

OWN = {"sync_title": False, "max_tags": 7, "first_sync": "mirror", "outage_wait": 0}


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(generate(6, seed=5, only=("in_sync",)))


@pytest.fixture
def site(library: Site, data: Path) -> Site:
    library.forget(data)
    library.save({"plex_url": library.both.plex.url, "plex_token": TOKEN, **OWN})
    return library


def stored(site: Site) -> dict[str, Any]:
    """The plugin's settings, as Stash has them."""
    found = site.both.stash.graphql("{ configuration { plugins } }")["configuration"]["plugins"]
    settings: dict[str, Any] = found["Stash2Plex"]
    return settings


def change(site: Site, **values: object) -> None:
    """What the user's browser sends: the whole map."""
    site.save({**stored(site), **values})


def without_token(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name != "plex_token"}


@pytest.mark.parametrize("task", ["health_check", "reconcile_all", "sync_changes"])
def test_the_first_task_writes_every_default_and_keeps_what_is_set(site: Site, task: str) -> None:
    before = stored(site)
    site.run(task)

    now = stored(site)

    assert without_token(now) == without_token({**SHOWN, **before})
    assert now["sync_poster"] is True
    assert now["sync_collection"] is False
    assert now["connect_timeout"] == 5
    env = {"PLEX_TOKEN": TOKEN}
    meant = parse_settings(without_token(before), env)
    assert parse_settings(without_token(now), env) == meant


def test_what_has_no_default_is_not_written(site: Site) -> None:
    assert not SHOWN.keys() & {*REQUIRED, "path_map", "plex_library", "tag_blocklist"}
    site.save({"plex_url": site.both.plex.url})

    site.run("health_check")

    assert "plex_token" not in stored(site)


def test_a_look_at_the_status_and_a_dry_run_write_none(site: Site) -> None:
    before = stored(site)
    for task in ("queue_status", "reconcile_preview", "outage_summary"):
        site.run(task)
    site.run("process_queue", dry_run="true")

    assert without_token(stored(site)) == without_token(before)


def test_what_the_user_empties_stays_empty_until_the_defaults_are_asked_for(site: Site) -> None:
    site.run("reconcile_all")
    change(site, first_sync="", max_tags=0, sync_studio=False)

    site.run("reconcile_all")
    assert [stored(site)[name] for name in ("first_sync", "max_tags")] == ["", 0]

    written = site.run("write_defaults").output["written"]
    assert written == ["first_sync", "max_tags"]
    assert stored(site)["first_sync"] == "merge"
    assert stored(site)["sync_studio"] is False


def test_a_page_that_sweeps_them_away_does_not_make_switches_look_off_for_long(site: Site) -> None:
    """An open page of settings writes its own copy of all of them back after any edit."""
    stale = stored(site)
    site.run("reconcile_all")
    site.save(stale)

    site.run("process_queue")

    assert stored(site)["sync_studio"] is True


def test_an_edit_made_meanwhile_is_kept(site: Site) -> None:
    with site.context() as context:
        change(site, sync_studio=False)
        keep_defaults(context)

    assert stored(site)["sync_studio"] is False
    assert stored(site)["sync_tags"] is True


def test_a_new_default_is_written_likewise(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.run("reconcile_all")
    change(site, max_retries=9)
    later = {**SHOWN, "read_timeout": 45, "max_retries": 6, "max_tags": 120, "new_one": "x"}
    monkeypatch.setitem(cast(dict[str, object], DEFAULTS), "new_one", "x")
    monkeypatch.setattr(write_defaults, "SHOWN", later)

    site.run("reconcile_all")

    now = stored(site)
    assert (now["read_timeout"], now["new_one"]) == (45, "x")
    assert (now["max_retries"], now["max_tags"]) == (9, 7)


def test_defaults_that_vanish_stop_nothing(site: Site) -> None:
    """Only what the user has set can be lost."""
    for _ in range(2):
        site.save({})
        assert "output" in reply(site, "reconcile_all")
        assert stored(site) == SHOWN
