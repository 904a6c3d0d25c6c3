"""The health check: what it says when all is well, and each message by breaking just that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.health_check.path_checks import SampleMatches
from tests.acceptance.health_library import found, said
from tests.acceptance.site import Site
from tests.acceptance.small_library import part

Break = Callable[[Site], object]


@pytest.fixture(scope="module", autouse=True)
def without_health_check() -> None:
    """Not here."""


@pytest.fixture
def site(healthy_site: Site) -> Site:
    return healthy_site


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
    (
        {"sync_title": False},
        "settings",
        "ok",
        "Switched off: 'Sync title', 'Sync collections', 'Sync groups'.",
    ),
    ({"sync_collection": True, "sync_groups": True}, "settings", "ok", "All fields are synced."),
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
    told = site.run("doctor").output
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
    assert SampleMatches(scenes, line_up).text == text


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
