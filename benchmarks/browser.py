"""What somebody waits for who looks at the page: a browser, the host page, and a process of the
plugin for each question, as Stash starts it.

    python -m benchmarks.browser [GAPS]

It needs a Chromium. Prints the medians, in milliseconds.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from aiohttp import web
from playwright.async_api import Page, async_playwright

from benchmarks.meter import ROOT, plugin_environment
from benchmarks.page import WORDS, fill
from benchmarks.simulated_servers import PLUGIN
from simulators.host.server import HostPage, listen
from tests.ui.conftest import found_browser

GAPS = 100_000
ROUNDS = 7
# Goals, in milliseconds.
FIRST_VIEW, FILTER = 1000, 300
ROWS = "() => document.querySelectorAll('.s2p-row').length > 0"
AGAIN = """text => !document.querySelector('.s2p [aria-busy=true]')
  && document.querySelector('.s2p-total').textContent !== text"""


class Stash:
    """Answers operations by the plugin, and knows of no jobs."""

    def __init__(self, data: Path) -> None:
        self._data = data

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/graphql", self._graphql)
        return app

    async def _graphql(self, request: web.Request) -> web.Response:
        body = await request.json()
        if "runPluginOperation" not in body["query"]:
            return web.json_response({"data": {"jobQueue": None}})
        given = {
            "server_connection": {"PluginDir": str(ROOT)},
            "args": body["variables"]["args"],
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(ROOT / f"{PLUGIN}.py"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=plugin_environment(self._data),
        )
        told, _ = await process.communicate(json.dumps(given).encode())
        return web.json_response({"data": {"runPluginOperation": json.loads(told)["output"]}})


@asynccontextmanager
async def hosted(data: Path) -> AsyncIterator[str]:
    stash, port = await listen(Stash(data).app())
    host, at = await listen(HostPage(f"http://127.0.0.1:{port}", ROOT, assets=data).app())
    yield f"http://127.0.0.1:{at}/plugins/stash2plex"
    for each in (host, stash):
        await each.cleanup()


async def look(page: Page, url: str) -> dict[str, list[float]]:
    """How long each thing takes, time by time."""
    times: dict[str, list[float]] = {}

    async def timed(name: str, act: Callable[[], Any], then: Callable[[], Any]) -> None:
        began = time.perf_counter()
        await act()
        await then()
        times.setdefault(name, []).append(1000 * (time.perf_counter() - began))

    for turn in range(ROUNDS):
        await timed(
            "first view: overview",
            lambda: page.goto(f"{url}?view=overview", wait_until="commit"),
            lambda: page.wait_for_selector(".s2p-tiles"),
        )
        await timed(
            "first view: gaps",
            lambda: page.goto(f"{url}?view=gaps", wait_until="commit"),
            lambda: page.wait_for_function(ROWS),
        )
        for name, place in (("All types", 1 + turn % 4), ("All studios", 1 + turn)):
            total = await page.inner_text(".s2p-total")
            await timed(
                f"filter: {name.removeprefix('All ')}",
                partial(page.get_by_label(name).select_option, index=place),
                partial(page.wait_for_function, AGAIN, arg=total),
            )
        total = await page.inner_text(".s2p-total")
        await timed(
            "filter: text",
            partial(page.get_by_label("Title or path").fill, WORDS[turn]),
            partial(page.wait_for_function, AGAIN, arg=total),
        )
    return times


async def measured(data: Path) -> dict[str, float]:
    async with hosted(data) as url, async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=found_browser(), args=["--no-sandbox"]
        )
        page = await browser.new_page(viewport={"width": 1280, "height": 900})
        await page.goto(f"{url}?view=overview")
        await page.wait_for_selector(".s2p-tiles")
        times = await look(page, url)
        await browser.close()
    return {name: median(each) for name, each in times.items()}


def main() -> int:
    gaps = int(sys.argv[1]) if len(sys.argv) > 1 else GAPS
    with TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True) as folder:
        fill(Path(folder), gaps)
        found = asyncio.run(measured(Path(folder)))
    for name, took in found.items():
        most = FIRST_VIEW if name.startswith("first") else FILTER
        print(f"{name:24} {took:5.0f} ms (goal: {most})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
