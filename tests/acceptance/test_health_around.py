"""The health check: what waits, the machine, the look by itself, and the page's look at folders."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.health_check.local_checks import MB, Machine
from core.models import Failure
from storage.page.page_facts import REFUSED_AT
from storage.state import STATE_FILE
from tests.acceptance.health_library import found, said
from tests.acceptance.site import Site


@pytest.fixture(scope="module", autouse=True)
def without_health_check() -> None:
    """Not here."""


@pytest.fixture
def site(healthy_site: Site) -> Site:
    return healthy_site


# What waits ------------------------------------------------------------------------------------


def test_scenes_that_are_held_and_given_up_on(site: Site) -> None:
    site.enqueue(1, 2, 3)
    with site.queue() as queue:
        one, other, _ = queue.claim(3, 4e9)
        queue.park(one, Failure.NOT_FOUND, "Plex does not have it")
        queue.hold([(other, [])])
    told = found(site)
    assert said(told, "dead_letters")[1].startswith("1 scene is given up on. Look at the dead")
    assert said(told, "held")[1].startswith("1 scene is held back")
    assert told["problems"] == []
    assert "'Confirm Stopped Run'" in told["next_step"]
    assert (told["waiting"], told["dead_letters"]) == (0, 1)


def test_an_outage_that_is_known(site: Site) -> None:
    with site.state() as state:
        state.outages.failed("plex", 5.0, 0.0, "nobody answers")
        state.outages.failed("pictures", 5.0, 0.0, "a login page")
    sentences = said(found(site), "outage")[1]
    assert "When it was asked last, Plex did not answer for" in sentences
    assert "the pictures of Stash did not answer for" in sentences


# The machine -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("free", "state"), [(40 * MB, "problem"), (400 * MB, "warn"), (600 * MB, "ok")]
)
def test_the_disk(site: Site, free: int, state: str) -> None:
    worst, sentences = said(found(site, Machine(free_bytes=lambda _: free)), "disk")
    assert worst == state
    assert f"{free // MB} MB are free" in sentences


def test_a_disk_of_which_nothing_is_known(site: Site) -> None:
    def fail(_folder: Path) -> int:
        raise OSError("no such device")

    worst, sentences = said(found(site, Machine(free_bytes=fail)), "disk")
    assert (worst, "no such device" in sentences) == ("warn", True)


def test_pillow(site: Site) -> None:
    site.use(poster_fit="crop")
    lacking = Machine(lambda _: 10**12, lambda _name: False)
    assert "has no Pillow" in said(found(site, lacking), "python")[1]


def test_apprise(site: Site) -> None:
    site.use(notify_url="ntfy://topic, https://hook/token")
    lacking = Machine(lambda _: 10**12, lambda _name: False)
    worst, sentences = said(found(site, lacking), "notifications")
    assert worst == "warn"
    assert "begin with ntfy, since Apprise is not installed" in sentences
    assert "token" not in sentences


@pytest.mark.skipif(os.name == "nt", reason="the system has no such modes")
def test_a_data_folder_that_is_shared(site: Site) -> None:
    site.data.mkdir(exist_ok=True)
    (site.data / "something of others").touch()
    site.data.chmod(0o755)
    worst, sentences = said(found(site), "data_folder")
    assert (worst, "others can look into it" in sentences) == ("warn", True)


def test_a_data_folder_that_cannot_be_made(site: Site, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    site.data = tmp_path / "file" / "data"
    told = found(site)
    assert said(told, "data_folder")[0] == "problem"
    assert "STASH_PLUGIN_DATA" in said(told, "data_folder")[1]
    assert said(told, "state")[0] == "problem"


def test_a_state_that_is_damaged(site: Site) -> None:
    found(site)
    (site.data / STATE_FILE).write_bytes(b"no database at all" * 100)
    worst, sentences = said(found(site), "state")
    assert worst == "problem"
    assert "state.db" in sentences
    assert said(found(site), "state")[0] == "ok"


# By itself -------------------------------------------------------------------------------------


def test_it_runs_by_itself_once_after_a_change_of_settings(site: Site) -> None:
    first = site.run("clear_queue").log
    assert "The settings are new. Health check: all is well." in first
    assert "Health check" not in site.run("clear_queue").log
    assert "The settings are new" not in site.run("queue_status").log

    site.use(sync_poster=True, sync_background=True, plex_library="Nowhere", max_retry=1)
    lines = site.run("clear_queue").log.splitlines()
    assert [line for line in lines if "Nowhere" in line]
    assert [line for line in lines if "The settings are new. Health check: 1 problem." in line]
    assert not [line for line in lines if "mean nothing to this version" in line]
    assert "Health check" not in site.run("clear_queue").log


def test_while_plex_does_not_answer_the_settings_stay_new(site: Site) -> None:
    site.both.plex.configure(maintenance=True)
    assert "1 problem" in site.run("clear_queue").log
    with site.state() as state:
        state.outages.failed("plex", 5.0, 0.0, "it starts")
    assert "Health check" not in site.run("clear_queue").log
    site.both.plex.configure(maintenance=False)
    with site.state() as state:
        state.outages.succeeded("plex", 6.0)
    assert "all is well" in site.run("clear_queue").log


def test_a_large_library_is_asked_for_a_few_files(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.health_check.path_checks.SMALL", 0)
    monkeypatch.setattr("app.health_check.path_checks.ASKED", 4)
    site.reset_counters()
    assert "All 4 scenes that were looked at" in said(found(site), "folders")[1]
    assert site.both.plex.counters()["total"] < 15


def test_a_fresh_index_is_taken_for_what_plex_has(site: Site) -> None:
    site.reconcile()
    site.both.plex.configure(seconds_per_item=1.0)
    assert "All 5 scenes" in said(found(site), "folders")[1]


def test_the_page_is_told_whether_the_token_is_refused(site: Site) -> None:
    def refused_at() -> float:
        with site.context() as context, context.open_page() as page:
            return page.get_value(REFUSED_AT)

    site.use(plex_token="another")
    found(site)
    assert refused_at()
    site.use(plex_url="http://127.0.0.1:9")
    found(site)
    assert refused_at()
    site.use()
    found(site)
    assert refused_at() == 0.0


# For the page ----------------------------------------------------------------------------------


def test_folders_are_looked_at_for_the_assistant(site: Site) -> None:
    told = site.run("check_folders").output
    assert (told["scenes"], told["line_up"], told["examples"]) == (5, 5, [])
    assert told["text"] == "All 5 scenes that were looked at have their file in Plex."
    assert told["suggested_path_map"] == ""
    told = site.run("check_folders", path_map="", libraries=["1"]).output
    assert told["suggested_path_map"] == "/stash/films=>/plex/movies"
    told = site.run("check_folders", libraries="Series").output
    assert (told["scenes"], told["line_up"], len(told["examples"])) == (5, 0, 3)
    assert told["examples"][0]["path"] == "/stash/films/1.mp4"
    assert "Say in 'Path map' where Plex sees it" in told["examples"][0]["text"]
    site.use(plex_library="Series")
    assert site.run("check_folders", libraries="").output["line_up"] == 5  # emptied, and not saved
    site.use(obfuscate_paths=True)
    told = site.run("check_folders", path_map="").output
    assert told["suggested_path_map"] == "/stash/films=>/plex/movies"
    assert "allowed: pairs of absolute" in site.run("check_folders", path_map="x").error
    site.save({})
    assert site.run("check_folders").error.startswith("Connect to Plex first")
