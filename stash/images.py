"""Downloads of scene covers from Stash, under its own address and never following a redirect.

Stash leads to its login page when the session has expired, and answers with an SVG where a scene
has no cover (facts of Stash, 4.4 and 5). The addresses that Stash tells in `paths` are not used:
they may hold a name that only browsers can reach.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.images import MAX_BYTES, ImageFailed, fault, says_no_cover
from stash.client import Download, DownloadFailed, StashClient


@dataclass(frozen=True, slots=True)
class Screenshot:
    """A scene's cover. `etag` is "" where Stash gave none."""

    data: bytes
    etag: str
    content_type: str


@dataclass(frozen=True, slots=True)
class NotModified:
    """What Stash has is still what had the ETag that was asked with."""


@dataclass(frozen=True, slots=True)
class NoCover:
    """The scene has no cover. `etag` is that of the stand-in, "" where Stash gave none."""

    etag: str


def fetch_screenshot(
    client: StashClient, scene_id: int, etag: str = ""
) -> Screenshot | NotModified | NoCover:
    """The cover of a scene.

    Args:
        etag: of what is known of it; then only something else is downloaded.

    Raises:
        ImageFailed: Stash answered with something else than a cover that Plex could show.
        StashUnreachable: Stash did not answer.
        StashUnauthorized: Stash refused the cookie and the API key.
    """
    conditions = {"If-None-Match": etag} if etag else {}
    try:
        answer = client.get(f"/scene/{scene_id}/screenshot", conditions, MAX_BYTES - 1)
    except DownloadFailed as error:
        raise _failed(scene_id, str(error)) from error
    if answer.status == 304 and etag:
        return NotModified()
    reason = _refusal(answer)
    if reason:
        raise _failed(scene_id, reason)
    told = answer.headers.get("Content-Type", "")
    fresh = answer.headers.get("ETag", "")
    if says_no_cover(answer.body, told):
        return NoCover(fresh)
    reason = fault(answer.body, told)
    if reason:
        raise _failed(scene_id, reason)
    return Screenshot(answer.body, fresh, told)


def _refusal(answer: Download) -> str:
    """Why an answer other than 200 has no cover."""
    status = answer.status
    if status == 200:
        return ""
    if answer.asks_to_log_in:
        return "Stash's session has expired; log in to Stash again or set STASH_API_KEY"
    if 300 <= status < 400:
        return f"Stash answered with a redirect (HTTP {status}); STASH_URL must name Stash itself"
    if status == 404:
        return "Stash has no such scene (HTTP 404)"
    return f"Stash could not give it (HTTP {status})"


def _failed(scene_id: int, reason: str) -> ImageFailed:
    return ImageFailed(f"the cover of scene {scene_id} cannot be used: {reason}")
