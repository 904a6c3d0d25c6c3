"""Downloads of scene covers from Stash, under its own address and never following a redirect.

Stash leads to its login page when the session has expired, and answers with an SVG where a scene
has no cover (facts of Stash, 4.4 and 5). The addresses that Stash tells in `paths` are not used:
they may hold a name that only browsers can reach.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import PicturesUnavailable, StashError, StashUnauthorized, StashUnreachable
from core.images import (
    MAX_BYTES,
    ImageFailed,
    Unusable,
    fault,
    is_drawing,
    is_page,
    media_type,
    says_no_cover,
)
from stash.answers import asks_to_log_in, inside, objects
from stash.client import AnswerTooLarge, StashClient
from transport.http import Answer

_COVERS = (
    "query Covers($filter: FindFilterType, $of: SceneFilterType)"
    " { findScenes(filter: $filter, scene_filter: $of) { count scenes { id } } }"
)
_LACKING = {"is_missing": "cover"}


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
    answer = _answer(client, scene_id, {"If-None-Match": etag} if etag else {})
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
        if _lacks_cover(client, scene_id):
            return NoCover(fresh)
        if is_drawing(answer.body):
            raise _not_had(
                scene_id, "Stash has one, and cannot read it; is its folder of blobs there?"
            )
    reason = fault(answer.body, told)
    if reason and _is_stored(answer):
        raise Unusable(str(_failed(scene_id, reason)))
    if reason:
        raise _failed(scene_id, reason)
    return Screenshot(answer.body, fresh)


def _answer(client: StashClient, scene_id: int, conditions: Mapping[str, str]) -> Answer:
    try:
        return client.get(f"/scene/{scene_id}/screenshot", conditions, MAX_BYTES - 1)
    except AnswerTooLarge as error:
        reason = f"it is larger than {MAX_BYTES / 1e6:g} MB, and Plex takes no larger ones"
        failed = _failed(scene_id, reason)
        # Without an end, or unpacked to gigabytes, anything may come from a proxy.
        is_stored = not error.start or media_type(error.start)
        raise (Unusable(str(failed)) if is_stored else failed) from None
    # One whose session or key nothing is left of gives no data either, and that ends the run.
    except (PicturesUnavailable, StashUnauthorized) as error:
        raise _not_had(scene_id, str(error)) from None


def scenes_with_covers(client: StashClient, seed: int, most: int) -> list[int]:
    """Some scenes of which Stash has a cover, whether or not it can read it.

    Args:
        seed: other ones for each, up to eight digits.

    Raises:
        StashError: or its kinds.
    """
    paging = {"per_page": most, "sort": f"random_{seed}"}
    told = client.call_GQL(_COVERS, {"filter": paging, "of": {"NOT": _LACKING}})
    ids = [str(row.get("id")) for row in objects(inside(told, "findScenes").get("scenes"))]
    return [int(scene_id) for scene_id in ids if scene_id.isascii() and scene_id.isdecimal()]


def _lacks_cover(client: StashClient, scene_id: int) -> bool:
    """Whether Stash has no cover of a scene. It sends the same picture where it has one in a file
    that it cannot read (measured on Stash 0.30)."""
    this = {"id": {"value": scene_id, "modifier": "EQUALS"}, **_LACKING}
    try:
        told = client.call_GQL(_COVERS, {"filter": {"per_page": 1}, "of": this})
    except StashUnreachable:
        raise
    except StashUnauthorized as error:
        raise _not_had(scene_id, str(error)) from None
    except StashError:
        return True  # a Stash that cannot tell
    return inside(told, "findScenes").get("count") != 0


def _outage(answer: Answer, content_type: str) -> str:
    """What an answer says that has nothing to do with the scene; "" if it has."""
    status = answer.status
    if asks_to_log_in(answer):
        return "Stash's session has expired; log in to Stash again or set STASH_API_KEY"
    if 300 <= status < 400 and status != 304:
        return f"Stash answers with a redirect (HTTP {status}); STASH_URL must name Stash itself"
    if status >= 500 or status in (408, 425, 429):
        return f"Stash could not give it (HTTP {status}); it is tried again later"
    if status == 200 and is_page(answer.body, content_type) and not _is_stored(answer):
        return "a web page came instead; is a proxy or a login in front of Stash?"
    return ""


def _is_stored(answer: Answer) -> bool:
    """Whether Stash itself has these bytes: it names them by their MD5 (facts of Stash, 4.4)."""
    digest = hashlib.md5(answer.body, usedforsecurity=False).hexdigest()
    return answer.headers.get("ETag", "").strip('"') == digest


def _failed(scene_id: int, reason: str) -> ImageFailed:
    return ImageFailed(f"the cover of scene {scene_id} cannot be used: {reason}")


def _not_had(scene_id: int, reason: str) -> PicturesUnavailable:
    return PicturesUnavailable(f"the cover of scene {scene_id} could not be had: {reason}")
