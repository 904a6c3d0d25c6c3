"""One browser and one host page for the tests of this folder; each test has a page of its own."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Error,
    Page,
    ViewportSize,
    sync_playwright,
)

from tests.ui.shapes import NOW
from tests.ui.stub import StubStash, served

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
STATE = {"tick": True, "next_due_at": None, "dead_letters": 0, "held": 0, "token_refused": False}
SECONDS = 5.0
DESK: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
SETTLED = """() => document.querySelector('.s2p-main')
  && !document.querySelector('.s2p-main .spinner-border, .s2p [aria-busy=true]')"""

# What only a page that is loaded anew is without: messages, dialogs, names that a title has set.
LEFTOVER = """() => window.probed !== undefined
  || Boolean(document.querySelector('.toast-row, .modal, .modal-backdrop'))"""
# From place to place as links lead there, with all of the old one gone in between.
ELSEWHERE = """place => {
  for (const each of ['/nowhere', place]) {
    history.pushState(null, '', each);
    dispatchEvent(new PopStateEvent('popstate', { state: null }));
  }
}"""


def found_browser() -> str | None:
    """A Chromium of this machine."""
    given = os.environ.get("CHROMIUM")
    return given or next((path for name in NAMES if (path := shutil.which(name))), None)


def width_overflows(page: Page) -> bool:
    overflows: bool = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    return overflows


def serious_problems(page: Page, within: str) -> list[str]:
    """What axe-core finds that keeps people from using the page."""
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("within => axe.run(within)", within)
    return [
        f"{each['id']}: {node['html'][:200]}"
        for each in found["violations"]
        if each["impact"] in {"serious", "critical"}
        for node in each["nodes"]
    ]


@dataclass(slots=True)
class Site:
    """The host page in the browser, and the stub behind it.

    Attributes:
        complaints: errors of the page and of its console; a test that expects some clears it.
    """

    url: str
    stub: StubStash
    assets: Path
    page: Page
    complaints: list[str] = field(default_factory=list)

    def open(self, view: str = "", **filters: str) -> Page:
        """The view, once it has nothing left to ask for."""
        query = "&".join(f"{key}={value}" for key, value in {"view": view, **filters}.items())
        place = f"/plugins/stash2plex?{query}"
        if self.page.url.startswith(f"{self.url}/") and not self.page.evaluate(LEFTOVER):
            self.page.evaluate(ELSEWHERE, place)
        else:
            self.page.goto(f"{self.url}{place}", wait_until="domcontentloaded")
        self.settle()
        return self.page

    def settle(self) -> None:
        """Waits until the view has got its answers."""
        self.page.wait_for_function(SETTLED)

    def publish(self, **state: Any) -> None:
        path = self.assets / "state.json"
        path.write_text(json.dumps({**STATE, **state}), encoding="utf-8")

    def width_overflows(self) -> bool:
        return width_overflows(self.page)

    def serious_problems(self, within: str = ".s2p") -> list[str]:
        return serious_problems(self.page, within)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    path = found_browser()
    if path is None:
        pytest.skip("no Chromium is installed; CHROMIUM=/path/to/it names one")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="package")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, StubStash, Path]]:
    stub, assets = StubStash(), tmp_path_factory.mktemp("public")
    with served(stub, assets) as url:
        yield url, stub, assets


@pytest.fixture(scope="package")
def page(browser: Browser) -> Iterator[Page]:
    """The same for all tests: what it has fetched and compiled once is there."""
    context = browser.new_context(viewport=DESK, locale="en-US", reduced_motion="reduce")
    opened = context.new_page()
    opened.set_default_timeout(SECONDS * 1000)
    opened.clock.set_fixed_time(NOW)
    yield opened
    context.close()


@pytest.fixture
def site(page: Page, behind: tuple[str, StubStash, Path]) -> Iterator[Site]:
    url, stub, assets = behind
    stub.reset()
    opened = Site(url, stub, assets, page)
    opened.publish()
    page.set_viewport_size(DESK)

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error":
            opened.complaints.append(message.text)

    def complain(error: Error) -> None:
        opened.complaints.append(str(error))

    page.on("console", listen)
    page.on("pageerror", complain)
    yield opened
    page.remove_listener("console", listen)
    page.remove_listener("pageerror", complain)
    if page.url.startswith(url):
        page.evaluate("localStorage.clear()")
    assert opened.complaints == []
