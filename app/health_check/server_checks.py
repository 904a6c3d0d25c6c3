"""Both servers: whether they answer, who they are, whether the token is the owner's, what there is.

What is asked of Plex is little: a handful of small requests, given up soon.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.health_check.check_result import Checks
from app.wiring import Context, Timeouts
from core.change_words import counted
from core.errors import ConfigError, StashError
from core.models import Section
from core.settings import REQUIRED
from plex.client import PlexClient
from plex.exceptions import PlexError, PlexUnauthorized
from plex.library import synced_libraries
from stash.scenes import count_scenes, stash_version

TIMEOUTS = Timeouts(connect=5.0, silence=10.0, longest=10.0)
NO_OWNER = (
    "The token is not that of the account that owns the Plex server, so Plex takes no changes."
)
SIGN_IN = "Sign in to Plex with the owner's account, or enter the owner's token in plex_token."


UNLISTED_ADVICE = (
    "If it should be there, look for it in Plex, and whether the token may see it; if it was"
    " deleted, name the others in plex_library."
)


@dataclass(frozen=True, slots=True)
class StashFound:
    """What Stash says of itself; "" and 0 where it did not answer."""

    version: str = ""
    scenes: int = 0


@dataclass(frozen=True, slots=True)
class SyncedLibrary:
    """A synced library, and how many movies or episodes it has."""

    section: Section
    items: int


def check_stash(checks: Checks, context: Context) -> StashFound:
    """Stash's version, and how many scenes it has."""
    version = ""
    try:
        version = stash_version(context.stash)
        scenes = count_scenes(context.stash)
    except StashError as error:
        checks.problem("stash", str(error), "Look at Stash's own log, and try again.")
        return StashFound(version)
    shown = version or "of an unknown version"
    if scenes:
        checks.ok("stash", f"Stash {shown} answers and has {counted(scenes, 'scene')}.")
    else:
        advice = "Let Stash scan your files first."
        checks.warn("stash", f"Stash {shown} answers and has no scenes.", advice)
    return StashFound(version, scenes)


def can_ask_plex(context: Context) -> bool:
    """Whether the settings say where Plex is and how to enter; if not, they are told as faults."""
    return context.faults.keys().isdisjoint({*REQUIRED, "verify_tls"})


@dataclass(frozen=True, slots=True)
class PlexFound:
    """Whether Plex can be worked with.

    Attributes:
        version: None where it cannot.
        refuses_token: it answers, and does not take the token.
    """

    version: str | None = None
    refuses_token: bool = False


def check_plex(checks: Checks, plex: PlexClient) -> PlexFound:
    """Whether Plex answers and takes the token."""
    try:
        version = plex.identity().version
        plex.control_read()
    except PlexUnauthorized as error:
        checks.problem("plex", str(error), SIGN_IN)
        return PlexFound(refuses_token=True)
    except (PlexError, ConfigError) as error:
        advice = "Start Plex, or correct plex_url; the assistant finds addresses that work."
        checks.problem("plex", str(error), advice)
        return PlexFound()
    checks.ok("plex", f"Plex {version} answers and takes the token.")
    return PlexFound(version)


def check_owner(checks: Checks, plex: PlexClient) -> None:
    """Only the owner's token may edit."""
    try:
        is_owner = plex.is_owners_token()
    except PlexError as error:
        checks.warn("owner", f"Plex does not say whose token it is: {error}", "Try again later.")
        return
    if is_owner is False:
        checks.problem("owner", NO_OWNER, SIGN_IN)
    elif is_owner:
        checks.ok("owner", "The token is that of the account that owns the server.")
    else:
        checks.ok("owner", "This Plex does not tell whose token it is.")


def check_libraries(
    checks: Checks, plex: PlexClient, names: Sequence[str], known: Mapping[str, str]
) -> list[SyncedLibrary]:
    """The synced libraries with their numbers of items; [] where there are none to be synced.

    Args:
        known: titles by key of libraries that were synced before.
    """
    try:
        sections, unlisted = synced_libraries(plex, names, known)
        found = count_libraries(plex, sections)
    except ConfigError as error:
        checks.problem("libraries", str(error), "Choose the libraries again in the settings.")
        return []
    except PlexError as error:
        checks.problem("libraries", str(error), "Try again later.")
        return []
    for title in unlisted.values():
        said = f"Plex does not list library {title!r} any more; what it has is left as it is."
        checks.warn("libraries", said, UNLISTED_ADVICE)
    for library in found:
        section = library.section
        folders = ", ".join(section.locations) or "none"
        what = f"Library {section.title!r} (number {section.key})"
        if library.items:
            items = counted(library.items, "episode" if section.type == "show" else "item")
            checks.ok("libraries", f"{what} has {items}; its folders: {folders}.")
        else:
            advice = "Let Plex scan it, or leave it out in plex_library."
            checks.warn("libraries", f"{what} is empty; its folders: {folders}.", advice)
    return found


def count_libraries(plex: PlexClient, sections: Sequence[Section]) -> list[SyncedLibrary]:
    """The number of items of each section. Raises PlexError: or its kinds."""
    return [SyncedLibrary(section, plex.count_items(section)) for section in sections]
