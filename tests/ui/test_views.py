"""Every view shows what the plugin answers, as text, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.ui.conftest import PHONE, Site
from tests.ui.settings_shapes import settings
from tests.ui.shapes import NOW, PROBE, overview

pytestmark = pytest.mark.processes

SHOWN = {
    "overview": "120 of 9,800 scenes differ from Plex.",
    "start": "Five steps to the first sync",
    "gaps": "A Long Weekend, part 10",
    "orphans": "Holiday 3",
    "plan": "60 scenes would change.",
    "runs": "58 scenes were synced, 2 were given up on.",
    "held": "12 scenes would lose 48 values",
    "dead_letters": "Plex has no item with this file.",
    "pins": "A Long Weekend, part 2",
    "settings": "Most tags of a scene",
    "log": "its title was written to",
}
# The answer when there is nothing, and what the view says then.
NOTHING = {
    "gaps": "No gaps: Plex shows what Stash says.",
    "orphans": "Nothing here.",
    "runs": "Nothing has run yet.",
    "held": "Nothing is held back.",
    "dead_letters": "No dead letters.",
    "pins": "No scene is pinned.",
    "log": "No lines.",
    "plan": "There is no preview yet.",
}
EMPTY: dict[str, Any] = {"total": 0, "page": 1, "per_page": 50, "rows": [], "run_id": ""}
COMPARED = {**EMPTY, "as_of_at": NOW}


@pytest.mark.parametrize("view", SHOWN)
def test_a_view_shows_its_rows(site: Site, view: str) -> None:
    page = site.open(view)
    expect(page.locator(".s2p-main")).to_contain_text(SHOWN[view])
    assert not site.width_overflows()
    page.set_viewport_size(PHONE)
    expect(page.locator(".s2p-views .active")).to_be_visible()
    assert not site.width_overflows()
    assert not page.evaluate("Boolean(window.probed)")
    assert site.serious_problems() == []


@pytest.mark.parametrize("view", NOTHING)
def test_a_view_says_what_it_means_that_it_has_nothing(site: Site, view: str) -> None:
    site.stub.answers[f"page_{view}"] = lambda _args: COMPARED
    expect(site.open(view).locator(".s2p-empty")).to_contain_text(NOTHING[view])


@pytest.mark.parametrize("view", ["gaps", "orphans"])
def test_nothing_is_called_in_step_that_was_never_compared(site: Site, view: str) -> None:
    site.stub.answers[f"page_{view}"] = lambda _args: EMPTY
    expect(site.open(view).locator(".s2p-empty")).to_contain_text("Nothing has been compared yet.")
    assert site.serious_problems() == []


def test_a_preview_that_changes_nothing_leads_to_the_gaps(site: Site) -> None:
    told = {"run_id": "7", "made_at": NOW, "counts": {"scenes": 0}, "can_apply": True}
    answer = {**EMPTY, **told, "text": "Nothing would change."}
    site.stub.answers["page_plan"] = lambda _args: answer
    page = site.open("plan")
    expect(page.get_by_role("button", name="Apply all")).to_have_count(0)
    page.locator(".s2p-main").get_by_role("link", name="Gaps").click()
    expect(page.locator(".s2p-total")).to_have_text("120 gaps")


@pytest.mark.parametrize("view", SHOWN)
def test_a_view_that_fails_says_why_and_tries_again(site: Site, view: str) -> None:
    mode = "page_settings" if view == "start" else f"page_{view}"
    site.stub.fails(mode, "The state cannot be read: the disk is full.")
    page = site.open(view)
    expect(page.get_by_role("alert")).to_contain_text("the disk is full.")
    del site.stub.answers[mode]
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".s2p-main")).to_contain_text(SHOWN[view])


def test_what_comes_from_titles_stays_text(site: Site) -> None:
    page = site.open("gaps", text="onerror")
    expect(page.locator(".s2p-row .s2p-title")).to_contain_text('<img src=x onerror="window')
    page.get_by_role("button", name="Compare").click()
    expect(page.locator(".s2p-compare")).to_contain_text("<script>window.probed=1</script>")
    for view in ("plan", "runs", "log"):
        for button in site.open(view).get_by_role("button", name="Changes").all()[:2]:
            button.click()
        site.settle()
        expect(page.locator(".s2p-main")).to_contain_text("<script>")
    assert not page.evaluate("Boolean(window.probed)")


def test_what_comes_from_errors_and_settings_stays_text(site: Site) -> None:
    site.stub.fails("page_runs", PROBE)
    expect(site.open("runs").get_by_role("alert")).to_contain_text("<script>window.probed=1")

    def told(args: Mapping[str, Any]) -> dict[str, Any]:
        answer = settings(args)
        answer["groups"][0]["settings"][2] |= {"value": PROBE, "help": PROBE, "label": PROBE}
        return {**answer, "problems": [{"key": "plex_library", "text": PROBE}]}

    site.stub.answers["page_settings"] = told
    page = site.open("settings")
    expect(page.locator(".s2p-setting-wrong")).to_contain_text("<script>window.probed=1")
    page.goto(f"{site.url}/settings?tab=plugins")
    expect(page.locator(".s2p-values").first).to_contain_text("<script>window.probed=1")
    assert not page.evaluate("Boolean(window.probed)")


def test_the_first_visit_leads_to_the_assistant(site: Site) -> None:
    site.stub.answers["page_overview"] = lambda args: {**overview(args), "needs_setup": True}
    page = site.open()
    expect(page.get_by_role("heading", name="Five steps to the first sync")).to_be_visible()
    expect(page.locator(".s2p-views")).to_contain_text("Start")


def test_an_ended_session_is_said(site: Site) -> None:
    site.stub.signed_out = True
    page = site.open("gaps")
    expect(page.get_by_role("alert")).to_contain_text("Your session in Stash has ended.")
    site.complaints.clear()  # the browser notes each 401


def test_a_view_is_reached_by_keyboard_alone(site: Site) -> None:
    page = site.open("overview")
    page.get_by_role("link", name="Overview").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Title or path")).to_be_visible()
    page.get_by_label("Choose A Long Weekend, part 10", exact=True).focus()
    page.keyboard.press("Space")
    expect(page.locator(".s2p-selection")).to_contain_text("1 chosen")
