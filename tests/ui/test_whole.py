"""The page with the plugin itself behind it, between both simulated servers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

import simulators.demo.run
from simulators.demo.run import PLUGIN, plugin_folder, prepared
from simulators.launch import Simulators
from simulators.library.generate import generate
from tests.pool import Pool
from tests.ui.stub import hosted

TASK_MILLISECONDS = 60_000
SCENES = 24


@pytest.fixture(scope="module")
def whole(pool: Pool) -> Iterator[tuple[str, Simulators]]:
    with ExitStack() as exits:
        exits.enter_context(pool.lent_to(simulators.demo.run))
        plugins = exits.enter_context(plugin_folder())
        both = exits.enter_context(prepared(generate(SCENES), plugins))
        assets = plugins / PLUGIN / "public"
        yield exits.enter_context(hosted(both.stash.url, Path(assets))), both


def run(page: Page, *buttons: str) -> None:
    """Press one after the other and wait for the task's end."""
    for button in buttons:
        page.get_by_role("button", name=button, exact=True).first.click()
    running = page.get_by_label("What runs now")
    expect(running).to_be_visible()
    expect(running).to_have_count(0, timeout=TASK_MILLISECONDS)


def number(page: Page, tile: str) -> int:
    text = page.locator(".s2p-tile").filter(has_text=tile).locator(".s2p-tile-value").inner_text()
    return int(re.sub(r"\D", "", text))


def test_gaps_are_found_closed_and_taken_back_by_clicks(
    page: Page, whole: tuple[str, Simulators]
) -> None:
    url, both = whole
    page.goto(f"{url}/plugins/stash2plex?view=overview")
    run(page, "Reconcile", "All scenes")
    expect(page.locator(".s2p-headline")).to_contain_text("not in step")
    found = number(page, "Gaps")
    assert found > 3
    page.locator(".s2p-tile").filter(has_text="Gaps").click()
    expect(page.locator(".s2p-total")).to_have_text(f"{found} gaps")
    page.get_by_role("link", name="Overview").click()
    before = both.plex.state()["items"]
    run(page, "Process Queue")
    assert both.plex.state()["items"] != before
    page.get_by_role("link", name="Runs").click()
    page.get_by_role("button", name="Changes").first.click()
    expect(page.locator(".s2p-run-scene").first).to_be_visible()
    page.get_by_role("button", name="Undo").first.click()
    page.get_by_role("button", name="Undo it").click()
    running = page.get_by_label("What runs now")
    expect(running).to_be_visible()
    expect(running).to_have_count(0, timeout=TASK_MILLISECONDS)
    expect(page.locator(".s2p-row").first).to_contain_text("Undo")
    page.get_by_role("link", name="Log").click()
    expect(page.locator(".s2p-log li").first).to_be_visible()
