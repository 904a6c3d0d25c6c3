"""The pictures of the page that README and docs show.

    python -m tests.ui.screenshots [FOLDER]

The plugin works between both simulated servers; a Chromium looks at the host page. Each view is
taken at the width of a desk and of a phone, and nothing on it may be wider than that.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, Route, sync_playwright

from simulators.demo.run import PLUGIN, plugin_folder, prepared
from simulators.library.generate import generate
from tests.ui.conftest import SETTLED, found_browser
from tests.ui.stub import hosted

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "images"
WIDTHS = {1280: 860, 390: 844}
SCENES = 400
COLOURS = 255  # of a picture; more only make it larger
TASK_MILLISECONDS = 300_000
ADDRESS = "/plugins/stash2plex?view="


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.ui.screenshots")
    parser.add_argument("folder", type=Path, nargs="?", default=FOLDER)
    folder: Path = parser.parse_args().folder
    if found_browser() is None:
        print("No Chromium is installed; CHROMIUM=/path/to/it names one.", file=sys.stderr)
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    with served() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found_browser(), args=["--no-sandbox", "--force-color-profile=srgb"]
        )
        too_wide = list(story(browser, url, folder))
        browser.close()
    for each in too_wide:
        print(f"{each} is wider than its screen.", file=sys.stderr)
    return 1 if too_wide else 0


@contextmanager
def served() -> Iterator[str]:
    with (
        plugin_folder() as plugins,
        prepared(generate(SCENES), plugins) as both,
        hosted(both.stash.url, plugins / PLUGIN / "public") as url,
    ):
        yield url


def story(browser: Browser, url: str, folder: Path) -> Iterator[str]:
    """Takes them all, in the order in which a user comes to see them; those that are too wide."""
    page = browser.new_page(locale="en-GB", reduced_motion="reduce")
    page.set_default_timeout(TASK_MILLISECONDS)
    page.route("**/screenshot*", cover)
    camera = Camera(page, url, folder)
    yield from camera.take("start", f"{ADDRESS}start")
    camera.run("Reconcile", "All scenes")
    yield from camera.take("gaps", f"{ADDRESS}gaps")
    yield from camera.take("gap", f"{ADDRESS}gaps&type=stale_sync", opens="Compare")
    scene = str(page.locator(".s2p-title").first.get_attribute("href"))
    yield from camera.take("scene", scene, tab="Plex")
    camera.run("Preview")
    yield from camera.take("plan", f"{ADDRESS}plan", opens="Changes")
    camera.run("Process Queue")
    yield from camera.take("runs", f"{ADDRESS}runs", opens="Changes")
    camera.run("Reconcile", "All scenes")
    yield from camera.take("overview", f"{ADDRESS}overview")
    yield from camera.take("settings", f"{ADDRESS}settings")
    yield from camera.take("log", f"{ADDRESS}log")


class Camera:
    """Goes to an address and takes it at both widths."""

    def __init__(self, page: Page, url: str, folder: Path) -> None:
        self._page, self._url, self._folder = page, url, folder

    def take(self, name: str, address: str, opens: str = "", tab: str = "") -> Iterator[str]:
        """The pictures `page-NAME-WIDTH.png`; yields those that are too wide.

        Args:
            opens: the button of the first row to press before.
            tab: the tab to look at before.
        """
        page = self._page
        for width, height in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": height})
            page.goto(self._url + address, wait_until="networkidle")
            if opens:
                page.get_by_role("button", name=opens).first.click()
            if tab:
                page.get_by_role("tab", name=tab).click()
                page.locator(".s2p-scene").wait_for()
            else:
                page.wait_for_function(SETTLED)
            page.wait_for_load_state("networkidle")
            page.evaluate("document.activeElement.blur()")
            if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                yield f"{name} at {width}"
            path = self._folder / f"page-{name}-{width}.png"
            smaller(page.screenshot()).save(path, optimize=True)
            print(path.name, f"{path.stat().st_size // 1024} KB")

    def run(self, *buttons: str) -> None:
        """Start a task on the overview by buttons and wait for its end."""
        page = self._page
        page.goto(f"{self._url}{ADDRESS}overview", wait_until="networkidle")
        for button in buttons:
            page.get_by_role("button", name=button, exact=True).first.click()
        running = page.get_by_label("What runs now")
        running.wait_for()
        running.wait_for(state="detached")


def smaller(picture: bytes) -> Image.Image:
    with Image.open(io.BytesIO(picture)) as image:
        return image.convert("RGB").quantize(
            COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
        )


def cover(route: Route) -> None:
    """In place of the simulated covers, which are noise: a hill and a sun."""
    number = int((re.findall(r"scene/(\d+)/", route.request.url) or ["0"])[0])
    hue, sun, hill = number * 47 % 360, 20 + number * 13 % 120, 40 + number * 7 % 30
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 90">'
        f'<rect width="160" height="90" fill="hsl({hue} 45% 38%)"/>'
        f'<circle cx="{sun}" cy="28" r="13" fill="hsl({hue + 40} 80% 75%)"/>'
        f'<path d="M0 90V{hill}Q60 {hill - 25} 95 60T160 {hill + 10}V90z"'
        f' fill="hsl({hue + 20} 40% 22%)"/></svg>'
    )
    route.fulfill(body=svg, content_type="image/svg+xml")


if __name__ == "__main__":
    sys.exit(main())
