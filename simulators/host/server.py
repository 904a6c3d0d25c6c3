"""Serves the host page: Stash's frame in small, the plugin's scripts, and what Stash answers.

    python -m simulators.host.server --stash URL --plugin-dir DIR [--port 0] [--prefix /stash]

Prints one line of JSON, {"url": ..., "port": ...}, once it answers. Scripts, style and assets are
those that the plugin's yml lists, put together and limited as Stash does it; GraphQL and pictures
are passed on to the Stash at URL.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from aiohttp import ClientError, ClientSession, ClientTimeout, web

HERE = Path(__file__).parent
PLUGIN = "Stash2Plex"
# As Stash limits its own page: what is not listed is refused by the browser.
POLICY = (
    "default-src data: 'self' 'unsafe-inline'; connect-src data: 'self' ws: wss:; img-src data: *; "
    "script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "media-src blob: 'self'; child-src 'none'; object-src 'none'; form-action 'self'"
)
PASSED_ON = ("Content-Type", "Accept", "Cookie", "ApiKey")
GIVEN_BACK = ("Content-Type", "Set-Cookie", "Cache-Control")
LIBRARIES = {
    "react.js": "react.production.min.js",
    "react-dom.js": "react-dom.production.min.js",
    "react-router-dom.js": "react-router-dom.min.js",
    "react-bootstrap.js": "react-bootstrap.min.js",
    "bootstrap.css": "bootstrap.min.css",
}


class HostPage:
    """The page, between a browser and a Stash.

    Args:
        stash: the address of Stash, without a slash at its end.
        plugin: the folder with the plugin's yml; scripts are read anew for each page.
        prefix: of every address, as behind a reverse proxy: "" or like "/stash".
        assets: the folder of the plugin's published files; the one beside the yml if None.
    """

    def __init__(
        self, stash: str, plugin: Path, prefix: str = "", assets: Path | None = None
    ) -> None:
        self._stash = stash
        self._plugin = plugin
        self._prefix = prefix.rstrip("/")
        self._assets = assets
        self._session: ClientSession

    def app(self) -> web.Application:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.cleanup_ctx.append(self._client)
        of_plugin = f"/plugin/{PLUGIN}"
        for path, handler in {
            "/graphql": self._pass_on,
            "/scene/{id}/screenshot": self._pass_on,
            f"{of_plugin}/javascript": self._javascript,
            f"{of_plugin}/css": self._css,
            f"{of_plugin}/assets/{{name:.*}}": self._asset,
            "/host/{name}": self._own_file,
            "/{path:.*}": self._page,
        }.items():
            app.router.add_route("*", self._prefix + path, handler)
        return app

    async def _client(self, _app: web.Application) -> Any:
        timeout = ClientTimeout(total=300)
        async with ClientSession(timeout=timeout, auto_decompress=True) as self._session:
            yield

    async def _page(self, _request: web.Request) -> web.Response:
        text = (HERE / "static" / "index.html").read_text(encoding="utf-8")
        text = text.replace("{base}", f"{self._prefix}/")
        headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
        return web.Response(text=text, content_type="text/html", headers=headers)

    async def _own_file(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        known = {path.name: path for path in (HERE / "static").iterdir()}
        path = HERE / "vendor" / LIBRARIES[name] if name in LIBRARIES else known.get(name)
        return web.FileResponse(path) if path is not None else _missing()

    def _interface(self) -> Mapping[str, Any]:
        """The section `ui` of the plugin's yml."""
        raw = yaml.safe_load((self._plugin / f"{PLUGIN}.yml").read_text(encoding="utf-8"))
        listed: Mapping[str, Any] = raw.get("ui") or {}
        return listed

    def _joined(self, kind: str) -> str:
        names = self._interface().get(kind) or []
        return "\n".join((self._plugin / name).read_text(encoding="utf-8") for name in names)

    async def _javascript(self, _request: web.Request) -> web.Response:
        return web.Response(text=self._joined("javascript"), content_type="text/javascript")

    async def _css(self, _request: web.Request) -> web.Response:
        return web.Response(text=self._joined("css"), content_type="text/css")

    async def _asset(self, request: web.Request) -> web.StreamResponse:
        folder = (self._interface().get("assets") or {}).get("/")
        if folder is None:
            return _missing()
        root = (self._assets or self._plugin / folder).resolve()
        path = (root / request.match_info["name"]).resolve()
        if path == root and root.is_dir():
            names = "".join(f'<a href="{each.name}">{each.name}</a>' for each in root.iterdir())
            return web.Response(text=names, content_type="text/html")
        return web.FileResponse(path) if path.is_file() and root in path.parents else _missing()

    async def _pass_on(self, request: web.Request) -> web.Response:
        """To Stash and back."""
        headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
        url = self._stash + request.raw_path.removeprefix(self._prefix)
        try:
            async with self._session.request(
                request.method,
                url,
                data=await request.read(),
                headers=headers,
                allow_redirects=False,
            ) as answer:
                body = await answer.read()
        except ClientError as error:
            return web.Response(status=502, text=f"Stash does not answer: {error}\n")
        back = {name: answer.headers[name] for name in GIVEN_BACK if name in answer.headers}
        return web.Response(status=answer.status, body=body, headers=back)


def _missing() -> web.Response:
    return web.Response(status=404, text="404 page not found\n")


async def listen(app: web.Application, port: int = 0) -> tuple[web.AppRunner, int]:
    """Listens on loopback; the runner, to be cleaned up, and the port."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return runner, int(runner.addresses[0][1])


async def serve(options: argparse.Namespace) -> None:
    """Runs until it is told to terminate."""
    stop = asyncio.Event()
    wake = asyncio.get_running_loop().call_soon_threadsafe
    signal.signal(signal.SIGTERM, lambda *_: wake(stop.set))
    page = HostPage(options.stash, options.plugin_dir, options.prefix, options.assets)
    runner, port = await listen(page.app(), options.port)
    print(json.dumps({"url": f"http://127.0.0.1:{port}{options.prefix}", "port": port}), flush=True)
    await stop.wait()
    await runner.cleanup()


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m simulators.host.server")
    parser.add_argument("--stash", required=True, help="the address of a Stash")
    parser.add_argument("--plugin-dir", type=Path, required=True, help="where Stash2Plex.yml is")
    parser.add_argument("--assets", type=Path, help="what the plugin publishes; beside the yml")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--prefix", default="", help="as of a reverse proxy, like /stash")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(parser.parse_args(argv)))


if __name__ == "__main__":
    main()
