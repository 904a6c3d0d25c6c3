"""Downloads of scene covers from Stash, under its own address and never following a redirect.

Stash leads to its login page when the session has expired, and answers with an SVG where a scene
has no cover (facts of Stash, 4.4 and 5). The addresses that Stash tells in `paths` are not used:
they may hold a name that only browsers can reach.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from core.errors import PicturesUnavailable, StashUnauthorized
from core.images import MAX_BYTES, ImageFailed, Unusable, fault, is_page, says_no_cover
from stash.client import AnswerTooLarge, Download, StashClient


@dataclass(frozen=True, slots=True)
class Screenshot:
    """A scene's cover. `etag` is "" where Stash gave none."""

    data: bytes
    etag: str


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
        Unusable: Stash has something else than a cover that Plex could show.
        ImageFailed: it answered with something else, whatever it has.
        PicturesUnavailable: it gives no pictures at all, as far as this answer tells.
        StashUnreachable: Stash does not answer.
    """
    conditions = {"If-None-Match": etag} if etag else {}
    try:
        answer = client.get(f"/scene/{scene_id}/screenshot", conditions, MAX_BYTES - 1)
    except AnswerTooLarge:
        reason = f"it is larger than {MAX_BYTES / 1e6:g} MB"
        raise Unusable(str(_failed(scene_id, reason))) from None
    # One whose session or key nothing is left of gives no data either, and that ends the run.
    except (PicturesUnavailable, StashUnauthorized) as error:
        raise _not_had(scene_id, str(error)) from None
    if answer.status == 304 and etag:
        return NotModified()
    told = answer.headers.get("Content-Type", "")
    outage = _outage(answer, told)
    if outage:
        raise _not_had(scene_id, outage)
    if answer.status == 404:
        raise _failed(scene_id, "Stash has no such scene (HTTP 404)")
    if answer.status != 200:
        raise _failed(scene_id, f"Stash could not give it (HTTP {answer.status})")
    fresh = answer.headers.get("ETag", "")
    if says_no_cover(answer.body, told):
        return NoCover(fresh)
    reason = fault(answer.body, told)
    if reason and _is_stored(answer):
        raise Unusable(str(_failed(scene_id, reason)))
    if reason:
        raise _failed(scene_id, reason)
    return Screenshot(answer.body, fresh)


def _outage(answer: Download, content_type: str) -> str:
    """What an answer says that has nothing to do with the scene; "" if it has."""
    status = answer.status
    if answer.asks_to_log_in:
        return "Stash's session has expired; log in to Stash again or set STASH_API_KEY"
    if 300 <= status < 400 and status != 304:
        return f"Stash answers with a redirect (HTTP {status}); STASH_URL must name Stash itself"
    if status >= 500 or status in (408, 425, 429):
        return f"Stash could not give it (HTTP {status}); it is tried again later"
    if status == 200 and is_page(answer.body, content_type) and not _is_stored(answer):
        return "a web page came instead; is a proxy or a login in front of Stash?"
    return ""


def _is_stored(answer: Download) -> bool:
    """Whether Stash itself has these bytes: it names them by their MD5 (facts of Stash, 4.4)."""
    digest = hashlib.md5(answer.body, usedforsecurity=False).hexdigest()
    return answer.headers.get("ETag", "").strip('"') == digest


def _failed(scene_id: int, reason: str) -> ImageFailed:
    return ImageFailed(f"the cover of scene {scene_id} cannot be used: {reason}")


def _not_had(scene_id: int, reason: str) -> PicturesUnavailable:
    return PicturesUnavailable(f"the cover of scene {scene_id} could not be had: {reason}")
