"""From a source of packages to the first sync, an update and the end, by clicks in a real Stash.

    STASH_BINARY=/path/to/stash python -m pytest tests/release/test_real_stash.py

It needs ffmpeg and a Chromium as well, and prints how long each step took.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from build_release.build import build
from build_release.vendored import Files
from tests.acceptance.entry import ROOT
from tests.contract.servers import item, seed_of
from tests.pool import TOKEN, Pool
from tests.release.conftest import EPOCH
from tests.release.real_stash import VIDEOS, Person, RealStash, running, shown, source_of, told
from tests.ui.conftest import (
    DESK,
    PHONE,
    SETTLED,
    found_browser,
    serious_problems,
    width_overflows,
)
from tests.ui.test_views import SHOWN as VIEWS

BINARY = os.environ.get("STASH_BINARY", "")
WAIT = 60_000.0  # milliseconds
pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(not BINARY, reason="STASH_BINARY names no Stash"),
    pytest.mark.skipif(not shutil.which("ffmpeg"), reason="no ffmpeg"),
    pytest.mark.skipif(found_browser() is None, reason="no Chromium"),
    pytest.mark.timeout(300),
]


@pytest.fixture
def stash(tmp_path: Path) -> Iterator[RealStash]:
    with running(BINARY, tmp_path / "stash") as started:
        yield started


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found_browser(), args=["--no-sandbox"])
        opened = browser.new_page(viewport={"width": 1280, "height": 1000})
        opened.set_default_timeout(WAIT)
        yield opened
        browser.close()


def install(person: Person, page: Page, index: str) -> None:
    """As the README says: add the source, press Install."""
    person.press(page.locator(".top-nav a[href='/settings']").locator("visible=true").first)
    person.press(page.get_by_role("tab", name="Plugins"), page.get_by_text("Available Plugins"))
    person.press(page.get_by_role("button", name="Add Source"), page.locator(".modal-content"))
    person.type(page.get_by_placeholder("Name"), "Stash2Plex")
    person.type(page.get_by_placeholder("Source URL"), index, pasted=True)
    person.type(page.get_by_placeholder("Local Path"), "stash2plex")
    available = page.locator(".available-packages")
    source = available.locator("tr.package-source")
    person.press(page.get_by_role("button", name="Confirm"), source.first)
    row = available.locator("tr:not(.package-source)", has_text="Stash2Plex").first
    person.press(source.locator("button").first, row)
    person.press(row.locator("input[type=checkbox]"))
    installed = page.locator(".installed-packages tr", has_text="Stash2Plex")
    person.press(available.get_by_role("button", name="Install", exact=True), installed)


def set_up(person: Person, page: Page, plex: str) -> None:
    """The five steps of the page."""
    page.reload()
    person.press(
        page.get_by_role("button", name="Stash2Plex").locator("visible=true").first,
        page.get_by_label("Address of Plex"),
    )
    person.type(page.get_by_label("Address of Plex"), plex)
    person.type(page.get_by_label("Token of the account"), TOKEN, pasted=True)
    now = page.locator(".s2p-step-now")
    step = {name: now.filter(has_text=name) for name in ("Choose", "Folders", "Preview", "Go")}
    person.press(page.get_by_role("button", name="Use this connection"), step["Choose"])
    person.press(page.get_by_role("button", name="Sync all of them"), step["Folders"])
    person.press(page.get_by_role("button", name="Check the folders"), step["Preview"])
    person.press(page.get_by_role("button", name="Preview", exact=True), step["Go"])
    done = page.get_by_text("The first sync is done.")
    person.press(page.get_by_role("button", name="Sync everything"), done)


def edit_and_wait(stash: RealStash, plex: str) -> None:
    """Edits reach Plex by the hooks: those of all three plugins, then by the one inside Stash."""
    stash.edit(["1"], title="Edited once")
    assert "Edited once" in shown(plex, "title")
    assert stash.enabled("Stash2PlexQuickHooks")
    assert not stash.enabled("Stash2PlexSceneHooks")
    stash.edit([str(number) for number in range(1, VIDEOS + 1)], director="Somebody")
    assert stash.log("Stash2PlexQuickHooks") == []
    assert shown(plex, "Director") == [[{"tag": "Somebody"}]] * VIDEOS


def look_at_all(page: Page, url: str) -> None:
    """Every view, on a desk and on a phone."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for view in VIEWS:
        for size in (PHONE, DESK):
            page.set_viewport_size(size)
            page.goto(f"{url}/plugins/stash2plex?view={view}")
            page.wait_for_function(SETTLED)
            assert not width_overflows(page), view
            assert serious_problems(page, ".s2p") == [], view
    page.goto(f"{url}/scenes/1")
    page.get_by_role("tab", name="Plex").click()
    expect(page.locator(".s2p-scene")).to_contain_text("In step")
    assert serious_problems(page, ".s2p-scene") == []
    assert complaints == []


def test_from_the_source_to_the_first_sync_and_on(
    stash: RealStash,
    page: Page,
    pool: Pool,
    release: Path,
    libraries: Mapping[str, Files],
    capsys: pytest.CaptureFixture[str],
) -> None:
    files = stash.scan()
    items = [
        item(
            number,
            media=[[{"file": f["path"], "size": f["size"], "duration": 1000, "deleted_at": None}]],
        )
        for number, f in enumerate(files, start=1)
    ]
    person = Person()
    with pool.plex(seed_of(items=items)) as plex, source_of(release.parent) as index:
        page.goto(stash.url)
        install(person, page, index)
        set_up(person, page, plex.url)
        with capsys.disabled():
            sys.stdout.write(f"\n{told(person)}\n")
        page.goto(f"{stash.url}/plugins/stash2plex?view=overview")
        page.wait_for_function(SETTLED)
        expect(page.locator(".s2p-headline")).to_contain_text(
            f"All {len(files)} scenes are in step with Plex."
        )
        edit_and_wait(stash, plex.url)
        look_at_all(page, stash.url)
        state = next(stash.folder.glob("plugins/**/data/state.db"))
        build(ROOT, libraries, release.parent, EPOCH + 86_400, "99.0.0")
        page.goto(f"{stash.url}/settings?tab=plugins")
        installed = page.locator(".installed-packages")
        row = installed.locator("tr", has_text="Stash2Plex")
        installed.get_by_role("button", name="Check for Updates").click()
        row.locator("input[type=checkbox]").check()
        for mode in ("reconcile_all", "health_check"):  # the update comes between or after them
            stash.start(mode)
        installed.get_by_role("button", name="Update", exact=True).click()
        expect(row).to_contain_text("99.0.0", timeout=WAIT)
        stash.wait()
        page.goto(f"{stash.url}/plugins/stash2plex?view=overview")
        page.wait_for_function(SETTLED)
        expect(page.locator(".s2p-header")).to_contain_text("99.0.0")
        expect(page.locator(".s2p-headline")).to_contain_text("are in step with Plex.")

        page.goto(f"{stash.url}/settings?tab=plugins")
        row.locator("input[type=checkbox]").check()
        installed.get_by_role("button", name="Uninstall", exact=True).click()
        page.locator(".modal-footer .btn-danger").click()
        expect(row).to_have_count(0)
        assert state.exists(), "what was synced is known when it is installed again"
        assert not list(stash.folder.glob("plugins/**/Stash2Plex.py"))
    assert person.acting < 60
    assert person.waiting < 10, "seconds, on two cores that have nothing else to do"
