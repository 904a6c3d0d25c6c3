"""A Stash that knows the page's questions only, and answers from `tests.ui.shapes`."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from simulators.host.server import HostPage, listen
from tests.ui.settings_shapes import SETTINGS_READS
from tests.ui.shapes import READS, Answer, Reader

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9"><rect width="16" height="9"/></svg>'
)
START_SECONDS = 30
Listening = tuple[web.AppRunner, int]
ROOT = Path(__file__).resolve().parents[2]


class StubStash:
    """Answers operations; notes what was asked for.

    Attributes:
        answers: replaces what a mode answers, or raises; cleared by `reset`.
        calls: (mode, arguments) of operations that are no reads.
        tasks: arguments of the tasks started.
        jobs: what `jobQueue` answers.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.answers: dict[str, Reader] = {}
        self.calls: list[tuple[str, Answer]] = []
        self.tasks: list[Answer] = []
        self.jobs: list[Answer] = []
        self.reads: list[str] = []
        self.signed_out = False

    def fails(self, mode: str, message: str) -> None:
        def refuse(_args: Mapping[str, Any]) -> Answer:
            raise RuntimeError(message)

        self.answers[mode] = refuse

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/graphql", self._graphql)
        app.router.add_get("/scene/{id}/screenshot", self._picture)
        return app

    async def _picture(self, _request: web.Request) -> web.Response:
        return web.Response(text=SVG, content_type="image/svg+xml")

    async def _graphql(self, request: web.Request) -> web.Response:
        if self.signed_out:
            return web.Response(status=401)
        body = await request.json()
        query, variables = body["query"], body.get("variables") or {}
        args = dict(variables.get("args") or {})
        try:
            return web.json_response({"data": self._data(query, args, variables)})
        except RuntimeError as error:
            return web.json_response({"errors": [{"message": str(error)}], "data": None})

    def _data(self, query: str, args: Answer, variables: Answer) -> Answer:
        if "runPluginOperation" in query:
            return {"runPluginOperation": self._operation(args.pop("mode"), args)}
        if "runPluginTask" in query:
            self.tasks.append(args)
            return {"runPluginTask": str(len(self.tasks))}
        if "jobQueue" in query:
            return {"jobQueue": self.jobs or None}
        if "findScenes" in query:
            return {"findScenes": {"scenes": [{"id": "3", "title": "A Long Weekend"}]}}
        return {"findScene": {"id": variables.get("id"), "title": "A Long Weekend", "details": ""}}

    def _operation(self, mode: str, args: Answer) -> Answer:
        known: dict[str, Reader] = {**READS, **SETTINGS_READS, **self.answers}
        if mode.startswith("page_"):
            self.reads.append(mode)
            return known[mode](args)
        self.calls.append((mode, args))
        return known[mode](args) if mode in known else {"text": f"Done: {mode}."}


@contextmanager
def served(stub: StubStash, assets: Path, prefix: str = "") -> Iterator[str]:
    """The host page with the stub behind it; its address."""
    with on_loopback(lambda: listen(stub.app())) as stash, hosted(stash, assets, prefix) as url:
        yield url


@contextmanager
def hosted(stash: str, assets: Path, prefix: str = "") -> Iterator[str]:
    """The host page with that Stash behind it; its address."""
    page = HostPage(stash, ROOT, prefix, assets)
    with on_loopback(lambda: listen(page.app())) as url:
        yield f"{url}{prefix}"


@contextmanager
def on_loopback(start: Callable[[], Coroutine[None, None, Listening]]) -> Iterator[str]:
    """A server on a loop in a thread of its own; its address."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    runner, port = asyncio.run_coroutine_threadsafe(start(), loop).result(START_SECONDS)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(START_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(START_SECONDS)
        loop.close()
