"""What an answer of Stash says, or of another program at its address. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.errors import StashError, StashUnauthorized, StashUnreachable
from transport.http import Answer
from transport.retrying import Transient

REFUSED = "Stash refused our session and API key; log in to Stash again or set STASH_API_KEY"
EXCERPT = 300  # characters of an error that are shown
_LONGEST = 4_000  # that are searched for secrets before it is cut
_REDIRECTS = range(300, 400)
_BUSY = frozenset({408, 425, 429})


def asks_to_log_in(answer: Answer) -> bool:
    """Whether it leads to the login page: neither session nor key was accepted."""
    target = answer.headers.get("Location", "")
    return answer.status in _REDIRECTS and target.partition("?")[0].endswith("/login")


def is_busy(answer: Answer) -> bool:
    """Whether it says: not now."""
    return answer.status >= 500 or answer.status in _BUSY


def later(error: Exception, answer: Answer) -> Transient:
    """An error after which it is tried again, as the answer wishes."""
    waits = answer.headers.get("Retry-After", "")
    # 429 is given instead of doing anything.
    return Transient(error, done=answer.status != 429, retry_after=waits)


def check_status(answer: Answer) -> None:
    """Raises what a status says that is no answer to a query."""
    status = answer.status
    if status in (401, 403):
        raise StashUnauthorized(REFUSED)
    if status in _REDIRECTS:
        raise StashUnreachable("Stash answered with a redirect; STASH_URL must name Stash itself")
    if is_busy(answer):
        error = StashUnreachable(f"Stash is not ready to answer (HTTP {status}); try again later")
        raise later(error, answer)


def inside(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The object that an answer has under a name; an empty one where it has none."""
    inner = data.get(name)
    return inner if isinstance(inner, Mapping) else {}


def objects(raw: object) -> list[Mapping[str, Any]]:
    """The objects of a list, without what else is in it; none of what is no list."""
    return [each for each in raw if isinstance(each, Mapping)] if isinstance(raw, list) else []


def scenes_in(listed: object) -> list[Any]:
    """The scenes of what `findScenes` answers with. Raises StashError: it has no list of them."""
    scenes = listed.get("scenes") if isinstance(listed, Mapping) else None
    if not isinstance(scenes, list):
        raise StashError("Stash answered without a list of scenes")
    return scenes


def first_error(errors: object) -> str:
    """Message and path of the first error. Validation errors name the field in their message."""
    if not isinstance(errors, list) or not errors or not isinstance(errors[0], dict):
        return "no data and no reason given"
    message = str(errors[0].get("message") or "no reason given")
    path = errors[0].get("path")
    where = ".".join(str(step) for step in path) if isinstance(path, list) else ""
    return f"{message[:_LONGEST]} (at {where[:EXCERPT]})" if where else message[:_LONGEST]
