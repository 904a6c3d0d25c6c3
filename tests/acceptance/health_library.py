"""A small library for the health check, and what a check says of it."""

from __future__ import annotations

from typing import Any

from app.health_check.local_checks import Machine
from app.health_check.task import health_check
from simulators.seed import Seed
from tests.acceptance.site import Site
from tests.acceptance.small_library import FILMS, SERIES, SmallLibrary, part

ROOMY = Machine(free_bytes=lambda _folder: 10**12)


def health_library() -> Seed:
    """Five scenes, each with an item; and an episode without a scene."""
    made = SmallLibrary({FILMS: ["/plex/movies"], SERIES: ["/plex/series"]})
    for n in range(1, 6):
        made.scene(n, made.file(f"/stash/films/{n}.mp4", 1000 + n))
        made.item(FILMS, 100 + n, part(f"/plex/movies/{n}.mp4", 1000 + n))
    made.item(SERIES, 201, part("/plex/series/9.mp4", 9))
    return made.seed("/stash/films=>/plex/movies")


def found(site: Site, machine: Machine = ROOMY) -> dict[str, Any]:
    """What the health check replies."""
    with site.context() as context:
        return health_check(context, machine)


def said(told: dict[str, Any], name: str) -> tuple[str, str]:
    """The worst state of the checks of a name, and all that they say."""
    checks = [check for check in told["checks"] if check["name"] == name]
    states = {check["state"] for check in checks}
    worst = next((state for state in ("problem", "warn", "ok") if state in states), "")
    return worst, " ".join(f"{check['text']} {check['advice']}" for check in checks)
