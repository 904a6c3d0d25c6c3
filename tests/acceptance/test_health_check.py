"""The health check: what it says when all is well, and each message by breaking just that."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.self_test.folders import LineUp
from app.self_test.health import health_check
from app.self_test.machine import MB, Machine
from core.models import Failure
from storage.page_facts import REFUSED_AT
from storage.state import STATE_FILE
from tests.acceptance.conftest import Open
from tests.acceptance.site import Site
from tests.acceptance.small_library import FILMS, SERIES, SmallLibrary, part, restore

Break = Callable[[Site], object]
ROOMY = Machine(free_bytes=lambda _folder: 10**12)


@pytest.fixture(scope="module", autouse=True)
def without_health_check() -> None:
    """Not here."""


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    made = SmallLibrary({FILMS: ["/plex/movies"], SERIES: ["/plex/series"]})
    for n in range(1, 6):
        made.scene(n, made.file(f"/stash/films/{n}.mp4", 1000 + n))
        made.item(FILMS, 100 + n, part(f"/plex/movies/{n}.mp4", 1000 + n))
    made.item(SERIES, 201, part("/plex/series/9.mp4", 9))
    return open_site(made.seed("/stash/films=>/plex/movies"))


@pytest.fixture
def site(library: Site, data: Path) -> Iterator[Site]:
    restore(library)
    library.forget(data)
    library.use(sync_poster=True, sync_background=True)
    yield library
    library.both.plex.faults([])
    library.both.stash.faults([])


def found(site: Site, machine: Machine = ROOMY) -> dict[str, Any]:
    with site.context() as context:
        return health_check(context, machine)


def said(told: dict[str, Any], name: str) -> tuple[str, str]:
    """The worst state of the checks of a name, and all that they say."""
    checks = [check for check in told["checks"] if check["name"] == name]
    states = {check["state"] for check in checks}
    worst = next((state for state in ("problem", "warn", "ok") if state in states), "")
    return worst, " ".join(f"{check['text']} {check['advice']}" for check in checks)


def test_all_is_well(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")

    told = found(site)

    assert {check["state"] for check in told["checks"]} == {"ok"}, told["checks"]
    assert told["problems"] == []
    assert told["next_step"] == "Press 'Preview' to see what a sync would change."
    assert said(told, "stash")[1].strip() == "Stash v0.30.1 answers and has 5 scenes."
    assert "Plex 1.43.0.10492-abcdef012 answers" in said(told, "plex")[1]
    assert "'Films' (number 1) has 5 items; its folders: /plex/movies" in said(told, "libraries")[1]
    assert "'Series' (number 3) has 1 episode" in said(told, "libraries")[1]
    assert "All 5 scenes" in said(told, "folders")[1]
    assert len(caplog.messages) == len(told["checks"]) + 1
    assert caplog.messages[-1].startswith("Health check: all is well. Next step: Press 'Preview'")
    assert (told["scenes"], told["waiting"], told["dead_letters"]) == (5, 0, 0)
    assert told["libraries"] == ["Films", "Series"]
    assert told["settings"]["plex_token"] == "***"


def test_the_next_step_follows_what_was_done(site: Site) -> None:
    site.reconcile()
    assert found(site)["next_step"] == "Press 'Process Queue' to bring to Plex what waits."
    site.drain()
    assert found(site)["next_step"] == "Nothing has to be done."


SETTINGS = [
    ({"enabled": False}, "enabled", "problem", "switched off. Switch 'Enabled' on"),
    (
        {"sync_master": False},
        "sync_master",
        "problem",
        "all fields are off. Switch 'Sync anything'",
    ),
    ({"skip_not_found": True}, "skip_not_found", "warn", "is dropped. Switch 'Skip scenes not"),
    ({"organized_only": True}, "organized_only", "warn", "not marked as organized"),
    ({"reconcile_missing": False}, "reconcile_missing", "warn", "not queue scenes that are miss"),
    ({"reconcile_interval": "never"}, "reconcile_interval", "warn", "Nothing is compared by its"),
    ({"strict_matching": False}, "strict_matching", "warn", "one is guessed"),
    ({"first_sync": "mirror"}, "first_sync", "warn", "removes from Plex what Stash"),
    ({"max_clear_percent": 100}, "max_clear_percent", "warn", "No run is held back"),
    ({"debug_logging": True}, "debug_logging", "warn", "the log grows fast"),
    ({"max_retry": 3}, "settings", "warn", "mean nothing to this version: max_retry."),
    ({"sync_title": False}, "settings", "ok", "Switched off: 'Sync title', 'Sync collections'."),
    ({"sync_collection": True}, "settings", "ok", "All fields are synced."),
    ({"plex_library": "Flims"}, "libraries", "problem", "'Plex libraries' names 'Flims'"),
    ({"plex_token": "another"}, "plex", "problem", "token was refused"),
    ({"plex_url": "http://127.0.0.1:9"}, "plex", "problem", "refused the connection"),
    ({"path_map": "/stash=>/nowhere"}, "folders", "ok", "All 5 scenes"),  # by name and size
    ({"plex_library": "Series"}, "folders", "problem", "0 of 5 scenes"),
]


@pytest.mark.parametrize(("settings", "name", "state", "text"), SETTINGS)
def test_settings_that_deserve_attention(
    site: Site, settings: dict[str, Any], name: str, state: str, text: str
) -> None:
    site.use(sync_poster=True, sync_background=True, **settings)

    told = found(site)

    worst, sentences = said(told, name)
    assert worst == state
    assert text in sentences
    assert bool(told["problems"]) is (state == "problem")


def test_each_single_field_off(site: Site) -> None:
    with site.context() as context:
        off = {f"sync_{name}": False for name in context.settings.switched_on}
    site.use(**off)
    assert said(found(site), "fields")[1].startswith("Nothing is synced: each single field is off")


def test_certificates_that_cannot_be_read(site: Site) -> None:
    site.use(plex_url="https://127.0.0.1:9", verify_tls="/no/such/file.pem")
    worst, sentences = said(found(site), "plex")
    assert worst == "problem"
    assert "/no/such/file.pem is no file of certificates" in sentences


def test_certificates_that_nobody_checks(site: Site) -> None:
    site.use(plex_url="https://127.0.0.1:9", verify_tls="false")
    assert "can read the Plex token" in said(found(site), "verify_tls")[1]


def test_settings_that_make_no_sense_are_told_and_end_nothing(site: Site) -> None:
    site.use(max_tags="x")
    told = site.run("health_check").output

    assert told["problems"] == [
        "'Most tags of a scene' is 'x'; allowed: a whole number from 1 to 1000; 0 or empty for the"
        " default. Correct it in the settings."
    ]
    assert told["plex_version"]
    site.save({})
    told = site.run("health_check").output
    assert "'Plex URL' is not set; enter the address of Plex" in told["problems"][0]
    assert "'Plex token' is not set" in told["problems"][1]
    assert (told["plex_version"], told["stash_version"]) == ("", "v0.30.1")
    assert "'plex_url'" not in site.run("process_queue").error


# Files -----------------------------------------------------------------------------------------


def test_a_path_map_that_would_find_more_is_suggested(site: Site) -> None:
    site.use(path_map="/other=>/there")
    for n in (4, 5):  # Plex has not analysed them: without a size only the folders tell
        site.drop_item(f"10{n}")
        site.put_item(f"1:10{n}", media=[[part(f"/plex/movies/{n}.mp4")]])
    worst, sentences = said(found(site), "folders")
    assert worst == "warn"
    assert "3 of 5 scenes" in sentences
    assert "'/stash/films/4.mp4': an item has a file of this name, but a size is" in sentences
    assert "Enter in 'Path map': /stash/films=>/plex/movies; /other=>/there" in sentences


def test_a_file_that_is_another_in_plex(site: Site) -> None:
    site.drop_item("101")
    site.put_item("1:101", media=[[part("/plex/movies/old/1.mp4", 77)]])
    sentences = said(found(site), "folders")[1]
    assert (
        "Plex has a file of this name, but of another size (77 bytes, in Stash 1001)" in sentences
    )


@pytest.mark.parametrize(
    ("scenes", "line_up", "text"),
    [
        (0, 0, "There are no scenes with files to look at."),
        (1, 1, "The one scene that was looked at has its file in Plex."),
        (1, 0, "0 of 1 scenes that were looked at have their file in Plex."),
    ],
)
def test_few_scenes_in_words(scenes: int, line_up: int, text: str) -> None:
    assert LineUp(scenes, line_up).text == text


def test_files_that_plex_does_not_have(site: Site) -> None:
    site.drop_item("101")
    worst, sentences = said(found(site), "folders")
    assert worst == "warn"
    assert "4 of 5 scenes" in sentences
    assert "'/stash/films/1.mp4': Plex has no such file, though its library has" in sentences


# Servers ---------------------------------------------------------------------------------------


def test_the_token_of_somebody_else(site: Site) -> None:
    site.both.plex.configure(non_admin=True)
    told = found(site)
    assert said(told, "owner")[0] == "problem"
    assert told["next_step"].startswith("Sign in to Plex with the owner's account")


def _plex(match: str, status: int) -> Break:
    fault = {"match": match, "times": -1, "action": "status", "status": status}
    return lambda site: site.both.plex.faults([fault])


@pytest.mark.parametrize(
    ("broken", "name", "state", "text"),
    [
        (_plex("GET /accounts", 404), "owner", "ok", "does not tell whose token"),
        (_plex("GET /accounts", 500), "owner", "warn", "does not say whose token"),
        (_plex("GET /library/sections/1/all", 500), "libraries", "problem", "HTTP 500"),
        (_plex("GET /identity", 503), "plex", "problem", "is starting, busy or failing"),
    ],
)
def test_a_plex_that_fails(site: Site, broken: Break, name: str, state: str, text: str) -> None:
    broken(site)
    worst, sentences = said(found(site), name)
    assert worst == state
    assert text in sentences


def test_an_empty_library(site: Site) -> None:
    site.drop_item("201")
    worst, sentences = said(found(site), "libraries")
    assert worst == "warn"
    assert "'Series' (number 3) is empty" in sentences


def test_a_stash_without_scenes(site: Site) -> None:
    for n in range(1, 6):
        site.behind("destroy_scene", scene_id=n)
    told = found(site)
    assert said(told, "stash") == (
        "warn",
        "Stash v0.30.1 answers and has no scenes. Let Stash scan your files first.",
    )


def test_a_stash_that_fails_for_scenes(site: Site) -> None:
    body = '{"errors": [{"message": "the disk is full", "path": ["findScenes"]}]}'
    answer = {"action": "status", "status": 200, "body": body, "content_type": "application/json"}
    site.both.stash.faults([{"match": "CountScenes", "times": -1, **answer}])
    assert "the disk is full" in said(found(site), "stash")[1]
    site.both.stash.faults([{"match": "SampleScenes", "times": -1, **answer}])
    assert "the disk is full" in said(found(site), "folders")[1]


# What waits ------------------------------------------------------------------------------------


def test_scenes_that_are_held_and_given_up_on(site: Site) -> None:
    site.enqueue(1, 2, 3)
    with site.queue() as queue:
        one, other, _ = queue.claim(3, 4e9)
        queue.park(one, Failure.NOT_FOUND, "Plex does not have it")
        queue.hold([(other, "{}", ["tags - A"])])
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

    site.use(sync_poster=True, sync_background=True, plex_library="Series", max_retry=1)
    lines = site.run("clear_queue").log.splitlines()
    assert [line for line in lines if "0 of 5 scenes that were looked at" in line]
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
    monkeypatch.setattr("app.self_test.folders.SMALL", 0)
    monkeypatch.setattr("app.self_test.folders.ASKED", 4)
    site.reset_counters()
    assert "All 2 scenes that were looked at" in said(found(site), "folders")[1]
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
    assert "allowed: pairs of absolute" in site.run("check_folders", path_map="x").error
    site.save({})
    assert site.run("check_folders").error.startswith("Connect to Plex first")
