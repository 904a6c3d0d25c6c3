"""Broken answers on demand, for `POST /_sim/faults`: a JSON list of faults that replaces the last.

A fault says which requests it meets, and what becomes of them:

    "match"    regex on "METHOD rawpath?query body"
    "times"    how many of them are broken, -1: all (default 1); "after": how many pass before
    "every"    only each n-th of them; "share": only so many (0..1)
    "holds"    only where the true answer holds this text: what one item spoils
    "action"   status    answered with "status", "body", "content_type" and "headers" (Retry-After);
                         not carried out. "size": the body is repeated to so many bytes; "packed":
                         and sent as gzip, however much it unpacks to
               reset     the connection is cut; not carried out
               lost      the connection is cut; carried out
               hang      no answer for "seconds"; not carried out
               delay     the true answer after "seconds"
               drip      the true answer, headers included, at "rate" bytes a second
               truncate  half of the true answer, packed or not, then the connection is cut
               alter     the true answer with "find" (text) replaced by "replace" (latin-1, so that
                         bytes that are no UTF-8 can be put there)

The first fault that meets a request counts.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import random
import re
import zlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_BLOCK = 64 * 1024


@dataclass(slots=True)
class Fault:
    match: re.Pattern[str]
    action: str
    times: int = 1
    after: int = 0
    every: int = 1
    share: float = 1.0
    holds: str = ""
    status: int = 500
    body: str = ""
    content_type: str = "text/html"
    headers: dict[str, str] = field(default_factory=dict)
    size: int = 0
    packed: bool = False
    seconds: float = 0.0
    rate: float = 1.0
    find: str = ""
    replace: str = ""
    met: int = 0

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Fault:
        known = {**raw, "match": re.compile(raw.get("match", ""), re.DOTALL)}
        return cls(**known)

    def meets(self, text: str, rng: random.Random) -> bool:
        """Whether it breaks this request."""
        if self.times == 0 or not self.match.search(text):
            return False
        self.met += 1
        if self.met <= self.after or (self.met - self.after) % self.every:
            return False
        if self.share < 1 and rng.random() >= self.share:
            return False
        self.times -= self.times > 0
        return True


async def broken(fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    """What becomes of a request that a fault meets."""
    if fault.holds:
        true = await handler(request)
        if fault.holds.encode() not in _unpacked(true):
            return true
    if fault.action == "delay":
        await asyncio.sleep(fault.seconds)
        return await handler(request)
    if fault.action == "hang":
        await asyncio.sleep(fault.seconds or 3600)
        return web.Response(status=504)
    if fault.action == "status":
        return await _status(fault, request)
    if fault.action == "reset":
        return _cut(request)
    true = await handler(request)
    if fault.action == "alter":
        return _altered(fault, true)
    if fault.action == "drip":
        await _drip(fault, request, true)
    elif fault.action == "truncate":
        half = _body(true)[: len(_body(true)) // 2]
        cut = web.StreamResponse(status=true.status, headers=true.headers.copy())
        cut.content_length = len(half) * 2 + 2
        await cut.prepare(request)
        await cut.write(half)
    return _cut(request)


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.close()
    return web.Response(status=500)


async def _status(fault: Fault, request: web.Request) -> web.StreamResponse:
    headers = {"Content-Type": fault.content_type, **fault.headers}
    if not fault.size:
        return web.Response(status=fault.status, body=fault.body.encode(), headers=headers)
    if fault.packed:
        headers["Content-Encoding"] = "gzip"
    answer = web.StreamResponse(status=fault.status, headers=headers)
    await answer.prepare(request)
    make = _packed if fault.packed else _blocks
    blocks = make(fault.body.encode() or b" ", fault.size)
    with contextlib.suppress(ConnectionError):  # few clients read it to its end
        for block in blocks:
            await answer.write(block)
    return answer


def _blocks(body: bytes, size: int) -> Iterator[bytes]:
    block = body * (1 + _BLOCK // len(body))
    for left in range(size, 0, -len(block)):
        yield block[:left]


@functools.lru_cache(maxsize=4)
def _packed(body: bytes, size: int) -> Sequence[bytes]:
    """Packed once, for as many clients as ask: it takes long, and little is left of it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = map(packer.compress, _blocks(body, size))
    return [*filter(None, itertools.chain(packed, map(packer.flush, [zlib.Z_FINISH])))]


async def _drip(fault: Fault, request: web.Request, true: web.StreamResponse) -> None:
    lines = [f"HTTP/1.1 {true.status} {true.reason}"]
    lines += [f"{name}: {value}" for name, value in true.headers.items()]
    lines += [f"Content-Length: {len(_body(true))}", "", ""]
    for byte in "\r\n".join(lines).encode() + _body(true):
        if request.transport is None or request.transport.is_closing():
            return
        request.transport.write(bytes([byte]))
        await asyncio.sleep(1 / fault.rate)


def _altered(fault: Fault, true: web.StreamResponse) -> web.Response:
    headers = true.headers.copy()
    for name in ("Content-Encoding", "Content-Length"):
        headers.popall(name, None)
    body = _unpacked(true).replace(fault.find.encode(), fault.replace.encode("latin-1"))
    return web.Response(status=true.status, body=body, headers=headers)


def _unpacked(answer: web.StreamResponse) -> bytes:
    body = _body(answer)
    return zlib.decompress(body, 31) if "Content-Encoding" in answer.headers else body


def _body(answer: web.StreamResponse) -> bytes:
    body = answer.body if isinstance(answer, web.Response) else b""
    return body if isinstance(body, bytes) else b""
