"""Settings and the assistant: what is typed is tried, checked and saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.ui.conftest import Site
from tests.ui.settings_shapes import folders, settings
from tests.ui.shapes import NOW, overview, plan

pytestmark = pytest.mark.processes


def saves(site: Site) -> list[Any]:
    return [args["values"] for mode, args in site.stub.calls if mode == "save_settings"]


def test_changed_settings_are_saved_together(site: Site) -> None:
    page = site.open("settings")
    page.locator("[data-key=sync_collection] label").click()
    page.get_by_label("Most tags of a scene", exact=True).fill("20")
    page.get_by_label("First sync", exact=True).select_option("mirror")
    expect(page.locator(".s2p-save")).to_contain_text("3 settings not saved yet.")
    assert site.serious_problems() == []
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".toast-container")).to_contain_text("The settings are saved.")
    assert saves(site) == [{"sync_collection": True, "max_tags": "20", "first_sync": "mirror"}]
    expect(page.locator(".s2p-save")).to_have_count(0)


def test_some_of_several_are_ticked(site: Site) -> None:
    page = site.open("settings")
    gaps, outage = page.get_by_label("Gaps that a rec"), page.get_by_label("Plex does not answer")
    expect(outage).to_be_checked()  # none is named, so all are meant
    outage.uncheck()
    page.get_by_label("A scene was given up on").uncheck()
    expect(gaps).to_be_disabled()  # as none of them would mean all
    outage.check()
    assert site.serious_problems() == []
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".toast-container")).to_contain_text("The settings are saved.")
    assert saves(site) == [{"notify_on": "gaps, outage"}]


def test_a_value_goes_back_to_its_default_or_to_what_it_was(site: Site) -> None:
    page = site.open("settings")
    page.get_by_role("button", name="Back to the default: 100 (Most tags of a scene)").click()
    expect(page.get_by_label("Most tags of a scene", exact=True)).to_have_value("100")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".toast-container")).to_contain_text("The settings are saved.")
    assert saves(site) == [{"max_tags": None}]
    page.locator("[data-key=sync_title] label").click()
    switch = page.get_by_role("switch", name="Sync title")
    expect(switch).not_to_be_checked()
    page.get_by_role("button", name="Discard").click()
    expect(switch).to_be_checked()


def test_a_refused_value_is_said_beside_it(site: Site) -> None:
    page = site.open("settings")
    page.get_by_role("textbox", name="Path map").fill("bad")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Save").click()
    wrong = page.locator(".s2p-setting-wrong")
    expect(wrong).to_contain_text("This is no address.")
    expect(wrong).to_contain_text("Path map")
    expect(page.locator(".s2p-save")).to_contain_text("1 setting not saved yet.")


def test_the_connection_is_tried_while_it_is_typed(site: Site) -> None:
    page = site.open("settings")
    expect(page.get_by_text("Connected to 'Living Room' as its owner.")).to_be_visible()
    page.get_by_role("textbox", name="Plex URL").fill("http://wrong:32400")
    expect(page.get_by_text("No Plex answers at this address.")).to_be_visible()
    page.get_by_role("textbox", name="Plex URL").fill("http")
    expect(page.get_by_text("An address of Plex begins with http://")).not_to_be_visible()
    page.get_by_role("textbox", name="Plex URL").fill("wrong:32400")
    expect(page.get_by_text("An address of Plex begins with http://")).to_be_visible()
    tried = [args for mode, args in site.stub.calls if mode == "try_connection"]
    assert tried[-1] == {"plex_url": "http://wrong:32400"}
    assert len(tried) == 2, "it is asked once for a word, not once for a letter"


def test_folders_are_checked_and_the_suggestion_taken(site: Site) -> None:
    page = site.open("settings")
    page.get_by_role("button", name="Check the folders").click()
    expect(page.get_by_text("9,000 of 9,800 scenes have a file")).to_be_visible()
    page.get_by_role("button", name="Use this path map").click()
    typed = page.get_by_role("textbox", name="Path map")
    expect(typed).to_have_value("/data/films=>/media/films")
    typed.fill("/data=>/media")
    page.get_by_role("button", name="Check again").click()
    expect(page.get_by_text("With '/data=>/media'")).to_be_visible()


def test_rules_are_tried_before_they_are_saved(site: Site) -> None:
    page = site.open("settings")
    page.get_by_role("textbox", name="Tag rules").fill("tag Solo => label")
    page.get_by_role("button", name="What would it make?").click()
    expect(page.get_by_text("With 'tag Solo => label': 312 collections")).to_be_visible()
    expect(page.get_by_text("Solo: a label")).to_be_visible()


def test_a_message_is_sent_to_see_whether_it_arrives(site: Site) -> None:
    page = site.open("settings")
    page.get_by_role("button", name="Send a test message").click()
    expect(page.get_by_text("A message was sent.")).to_be_visible()
    page.get_by_label("Notification address", exact=True).fill("https://host/typed")
    page.get_by_role("button", name="Send a test message").click()
    expect(page.get_by_text("It was not taken (HTTP 404).")).to_be_visible()
    sent = [args for mode, args in site.stub.calls if mode == "try_notification"]
    assert sent == [{}, {"notify_url": "https://host/typed"}]


def test_a_setting_is_found_by_a_word(site: Site) -> None:
    page = site.open("settings", text="path")
    expect(page.locator(".s2p-setting")).to_have_count(1)
    page.get_by_role("textbox", name="Path map").fill("/a=>/b")
    page.get_by_label("Find a setting").fill("nothing like it")
    expect(page.locator(".s2p-empty")).to_contain_text("No setting is called so.")
    assert "text=nothing" in page.url
    expect(page.locator(".s2p-save")).to_contain_text("1 setting not saved yet.")  # nothing is lost


def test_signing_in_offers_the_address_that_answers(site: Site) -> None:
    asked: list[Mapping[str, Any]] = []

    def check(args: Mapping[str, Any]) -> dict[str, Any]:
        asked.append(args)
        if len(asked) == 1:
            return {"state": "waiting"}
        server = {"name": "Living Room", "best": "http://10.0.0.2:32400"}
        addresses = [{"url": server["best"], "ok": True, "text": "It answers."}]
        servers = [{**server, "addresses": addresses}]
        return {"state": "done", "servers": servers, "connected_as": "Owner"}

    site.stub.answers["sign_in_check"] = check
    page = site.open("settings")
    page.get_by_role("button", name="Sign in to Plex").click()
    expect(page.get_by_text("WXYZ")).to_be_visible()
    assert page.get_by_role("link", name="https://plex.tv/link").get_attribute("href")
    expect(page.get_by_text("Signed in as Owner.")).to_be_visible(timeout=9000)
    page.get_by_role("button", name="Use this").click()
    expect(page.get_by_role("textbox", name="Plex URL")).to_have_value("http://10.0.0.2:32400")
    assert asked[0] == {"id": "5"}


def test_an_expired_code_is_said(site: Site) -> None:
    site.stub.answers["sign_in_check"] = lambda _args: {"state": "expired"}
    page = site.open("settings")
    page.get_by_role("button", name="Sign in to Plex").click()
    expect(page.get_by_text("The code has expired. Begin again.")).to_be_visible()


def fresh(args: Mapping[str, Any]) -> dict[str, Any]:
    """Nothing is set."""
    told = settings(args)
    for row in (row for group in told["groups"] for row in group["settings"]):
        row.update(value=row["default"], is_default=True, is_set=False)
    return told


def test_folders_that_are_right_are_remembered(site: Site) -> None:
    none = {"needs_setup": True, "last_reconcile": None}
    site.stub.answers |= {
        "page_overview": lambda args: {**overview(args), **none},
        "page_plan": lambda args: {**plan(args), "run_id": ""},
        "page_settings": lambda args: without_path_map(settings(args)),
        "check_folders": lambda args: {**folders(args), "line_up": 9800, "examples": []},
    }
    page = site.open("start")
    expect(page.locator(".s2p-step-now")).to_contain_text("Check folders")
    page.get_by_role("button", name="The folders are right").click()
    expect(page.locator(".s2p-step-now")).to_contain_text("Preview")
    site.open("start")
    expect(page.locator(".s2p-step-now")).to_contain_text("Preview")
    page.evaluate("localStorage.clear()")
    site.open("start")
    page.get_by_role("button", name="Check the folders").click()
    expect(page.locator(".s2p-step-now")).to_contain_text("Preview")


def without_path_map(told: dict[str, Any]) -> dict[str, Any]:
    for row in (row for group in told["groups"] for row in group["settings"]):
        if row["key"] == "path_map":
            row["value"] = ""
    return told


def test_the_assistant_leads_from_nothing_to_the_first_sync(site: Site) -> None:
    stored: dict[str, Any] = {}

    def known(args: Mapping[str, Any]) -> dict[str, Any]:
        told = fresh(args)
        for row in (row for group in told["groups"] for row in group["settings"]):
            if row["key"] in stored:
                row.update(value=stored[row["key"]], is_set=True)
                row["value"] = "" if row["kind"] == "secret" else row["value"]
        return told

    def save(args: Mapping[str, Any]) -> dict[str, Any]:
        stored.update(args["values"])
        return {"saved": list(args["values"]), "problems": [], "text": "The settings are saved."}

    made: list[int] = []
    synced: list[int] = []
    site.stub.answers |= {
        "page_settings": known,
        "save_settings": save,
        "page_overview": lambda args: {
            **overview(args),
            "needs_setup": not made,
            "last_reconcile": {"at": NOW, "status": "done", "text": "."} if synced else None,
        },
        "page_plan": lambda args: {**plan(args), "run_id": "7" if made else ""},
    }
    page = site.open()
    expect(page.locator(".s2p-step-now")).to_contain_text("Connect")
    page.get_by_label("Address of Plex, as Stash sees it").fill("http://plex:32400")
    page.get_by_label("Token of the account that owns it").fill("secret")
    page.get_by_role("button", name="Use this connection").click()
    expect(page.locator(".s2p-step-now")).to_contain_text("Choose libraries")
    page.get_by_label("Clips").uncheck()
    page.get_by_role("button", name="Sync 1 library").click()
    expect(page.locator(".s2p-step-now")).to_contain_text("Check folders")
    page.get_by_role("button", name="Check the folders").click()
    page.get_by_role("button", name="Use this path map").click()
    expect(page.locator(".s2p-step-now")).to_contain_text("Preview")
    assert site.serious_problems() == []
    made.append(1)
    page.get_by_role("button", name="Preview", exact=True).click()
    expect(page.locator(".s2p-step-now")).to_contain_text("Go")
    page.get_by_role("button", name="Sync everything").click()
    expect(page.locator(".toast-container")).to_contain_text("Sync Everything has been asked for.")
    assert stored == {
        "plex_url": "http://plex:32400",
        "plex_token": "secret",
        "plex_library": "Movies",
        "path_map": "/data/films=>/media/films",
    }
    assert [task["mode"] for task in site.stub.tasks] == ["reconcile_preview", "sync_everything"]
    synced.append(1)
    page.reload(wait_until="domcontentloaded")
    expect(page.locator(".s2p-main")).to_contain_text("All is set up.")
    expect(page.get_by_role("link", name="To the overview")).to_be_visible()
