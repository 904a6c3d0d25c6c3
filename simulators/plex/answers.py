"""Answers in Plex's shapes: a MediaContainer as JSON or XML, and HTML pages for errors."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

from aiohttp import web

from simulators.plex.model import JsonObject
from simulators.plex.query import Page
from simulators.plex.xml import HEAD, around, element

PROTOCOL = {"X-Plex-Protocol": "1.0"}
GZIP_FROM = 1400  # bytes; shorter answers fit one packet anyway
REASONS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    414: "URI Too Long",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
MAINTENANCE: JsonObject = {
    "code": 503,
    "title": "Maintenance",
    "status": "Plex Media Server is currently running startup maintenance tasks.",
}


def wants_json(request: web.Request) -> bool:
    """XML unless the request accepts JSON by name; `*/*` is not enough."""
    return "application/json" in request.headers.get("Accept", "")


def html_error(status: int) -> web.Response:
    reason = REASONS.get(status, "Error")
    page = (
        f"<html><head><title>{reason}</title></head><body><h1>{status} {reason}</h1></body></html>"
    )
    response = web.Response(status=status, text=page, content_type="text/html", headers=PROTOCOL)
    response.force_close()
    return response


def starting(request: web.Request) -> web.Response:
    """A starting server says so in JSON; the XML twin is inferred from the shape of errors."""
    if wants_json(request):
        return web.json_response(MAINTENANCE, status=503)
    body = HEAD + element("Response", MAINTENANCE)
    return web.Response(status=503, body=body, content_type="text/xml", charset="utf-8")


def done() -> web.Response:
    """What a write answers: 200 and nothing."""
    return web.Response(status=200, content_type="text/html", headers=PROTOCOL)


def container(
    request: web.Request, switches: Mapping[str, Any], body: JsonObject, page: Page | None = None
) -> web.Response:
    """A MediaContainer whose children are plain objects."""
    if wants_json(request):
        text = json.dumps({"MediaContainer": body}, ensure_ascii=False, separators=(",", ":"))
        data = text.encode("utf-8", "surrogatepass")
    else:
        data = HEAD + around("MediaContainer", body, ())
    return _send(request, switches, data, _page_headers(body, page))


def item_container(
    request: web.Request,
    switches: Mapping[str, Any],
    attributes: JsonObject,
    blobs: Iterable[bytes],
    page: Page | None = None,
) -> web.Response:
    """A MediaContainer of items that are rendered already, in the request's format."""
    pieces = list(blobs)
    if wants_json(request):
        head = json.dumps(attributes, ensure_ascii=False, separators=(",", ":"))[:-1]
        members = b',"Metadata":[' + b",".join(pieces) + b"]" if pieces else b""
        data = b'{"MediaContainer":' + head.encode() + members + b"}}"
    else:
        data = HEAD + around("MediaContainer", attributes, pieces)
    return _send(request, switches, data, _page_headers(attributes, page))


def _page_headers(body: JsonObject, page: Page | None) -> dict[str, str]:
    if page is None or "totalSize" not in body:
        return {}
    return {
        "X-Plex-Container-Start": str(page.start),
        "X-Plex-Container-Total-Size": str(body["totalSize"]),
    }


def _send(
    request: web.Request, switches: Mapping[str, Any], data: bytes, more: dict[str, str]
) -> web.Response:
    kind = "application/json" if wants_json(request) else "text/xml;charset=utf-8"
    headers = {**PROTOCOL, "Content-Type": kind, **more}
    accepted = request.headers.get("Accept-Encoding", "")
    if switches["gzip"] and "gzip" in accepted and len(data) >= GZIP_FROM:
        packer = zlib.compressobj(1, zlib.DEFLATED, 31)
        data = packer.compress(data) + packer.flush()
        headers["Content-Encoding"] = "gzip"
    return web.Response(body=data, headers=headers)
