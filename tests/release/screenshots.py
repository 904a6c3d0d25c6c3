"""The pictures of installing in a real Stash, for the docs.

    STASH_BINARY=/path/to/stash python -m tests.release.screenshots [FOLDER]

It needs ffmpeg and a Chromium.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page, sync_playwright

from build_release.build import build
from build_release.contents import libraries_of
from tests.acceptance.entry import ROOT
from tests.release.conftest import EPOCH
from tests.release.real_stash import running, source_of
from tests.ui.conftest import SETTLED, found_browser
from tests.ui.screenshots import FOLDER, WIDTHS, smaller

DESK = 1280  # pixels
# What people type there; the pictures are taken with a source on loopback.
ADDRESS = "https://example.github.io/stash2plex/index.yml"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.release.screenshots")
    parser.add_argument("folder", type=Path, nargs="?", default=FOLDER)
    folder: Path = parser.parse_args().folder
    binary = os.environ.get("STASH_BINARY", "")
    if not binary or found_browser() is None:
        print("STASH_BINARY names no Stash, or no Chromium is installed.", file=sys.stderr)
        return 1
    with TemporaryDirectory() as given, sync_playwright() as playwright:
        place = Path(given)
        build(ROOT, libraries_of(ROOT), place, EPOCH)
        browser = playwright.chromium.launch(
            executable_path=found_browser(), args=["--no-sandbox", "--force-color-profile=srgb"]
        )
        with running(binary, place / "stash") as stash, source_of(place) as index:
            page = browser.new_page(locale="en-GB", reduced_motion="reduce")
            page.goto(f"{stash.url}/settings?tab=plugins")
            install(page, index, folder)
            page.goto(f"{stash.url}/plugins/stash2plex")
            page.wait_for_function(SETTLED)
            take(page, folder, "page")
        browser.close()
    return 0


def install(page: Page, index: str, folder: Path) -> None:
    """As docs/installation.md says."""
    page.get_by_role("button", name="Add Source").click()
    page.get_by_placeholder("Name").fill("Stash2Plex")
    page.get_by_placeholder("Local Path").fill("stash2plex")
    page.get_by_placeholder("Source URL").fill(ADDRESS)
    take(page, folder, "source")
    page.get_by_placeholder("Source URL").fill(index)
    page.get_by_role("button", name="Confirm").click()
    available = page.locator(".available-packages")
    available.locator("tr.package-source button").first.click()
    row = available.locator("tr:not(.package-source)", has_text="Stash2Plex").first
    row.locator("input[type=checkbox]").check()
    take(page, folder, "install")
    available.get_by_role("button", name="Install", exact=True).click()
    page.locator(".installed-packages tr", has_text="Stash2Plex").wait_for()


def take(page: Page, folder: Path, name: str) -> None:
    """The picture `stash-NAME-1280.png` of what is there."""
    page.set_viewport_size({"width": DESK, "height": WIDTHS[DESK]})
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(400)  # what Stash moves into its place
    path = folder / f"stash-{name}-{DESK}.png"
    smaller(page.screenshot()).save(path, optimize=True)
    print(path.name, f"{path.stat().st_size // 1024} KB")


if __name__ == "__main__":
    sys.exit(main())
