"""Where Stash shows the page and its entries, also behind a reverse proxy with a prefix."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.ui.conftest import PHONE, Site
from tests.ui.stub import served

pytestmark = pytest.mark.processes


def test_the_navigation_bar_and_the_tools_lead_to_the_page(site: Site) -> None:
    page = site.page
    page.goto(f"{site.url}/settings?tab=tools")
    entry = page.locator(".s2p-tools")
    expect(entry).to_have_count(1)
    entry.get_by_role("link", name="Stash2Plex").click()
    expect(page.get_by_role("heading", name="Stash2Plex")).to_be_visible()
    page.goto(f"{site.url}/")
    page.get_by_role("button", name="Stash2Plex").click()
    expect(page.locator(".s2p-headline")).to_be_visible()
    expect(page).to_have_title("Overview | Stash2Plex")


def test_the_place_in_stashs_settings_shows_true_values(site: Site) -> None:
    page = site.page
    page.goto(f"{site.url}/settings?tab=plugins")
    values = page.locator(".s2p-plugin-settings")
    expect(values).to_contain_text("All settings are on Stash2Plex's own page")
    expect(values.locator("dd").filter(has_text="on (default)")).to_have_count(1)
    expect(values).not_to_contain_text("Stash's own rows of settings.")
    values.get_by_role("link", name="Settings").click()
    expect(page.get_by_role("textbox", name="Plex URL")).to_be_visible()


def test_a_scenes_own_page_has_a_tab(site: Site) -> None:
    page = site.page
    page.set_viewport_size(PHONE)
    page.goto(f"{site.url}/scenes/13")
    expect(page.get_by_role("heading", name="A Long Weekend")).to_be_visible()
    assert "page_scene" not in site.stub.reads, "nobody has looked at the tab"
    page.get_by_role("tab", name="Plex").click()
    expect(page.locator(".s2p-scene")).to_contain_text("Plex shows something else than Stash.")
    assert not site.width_overflows()
    page.get_by_role("button", name="Sync now").click()
    expect(page.locator(".toast-container")).to_contain_text("Done: sync_scenes.")
    assert site.serious_problems() == []


def test_all_addresses_begin_with_the_prefix_of_a_proxy(site: Site, tmp_path: Path) -> None:
    page = site.page
    asked: list[str] = []
    with served(site.stub, tmp_path, "/stash") as url:
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{url}/plugins/stash2plex?view=gaps&type=drift")
        expect(page.locator(".s2p-total")).to_have_text("24 gaps")
        page.locator(".s2p-title").first.click()
        expect(page.get_by_role("tab", name="Plex")).to_be_visible()
        assert page.url.startswith(f"{url}/scenes/")
        page.goto("about:blank")
    assert [each for each in asked if not each.startswith((url, "data:", "about:"))] == []
