"""The health check: can we reach both servers, and do their libraries line up with the settings?"""

from __future__ import annotations

import logging
from typing import Any

from app.wiring import Context
from plex.library import synced_sections
from stash.scenes import count_scenes, stash_version
from storage import folder

log = logging.getLogger(__name__)


def health_check(context: Context) -> dict[str, Any]:
    """Look whether the data folder can be written, and ask both servers who they are and what is
    to be synced. Changes nothing."""
    folder.try_writing(context.data_dir)
    version = stash_version(context.stash)
    scenes = count_scenes(context.stash)
    log.info("Stash %s answers, with %d scenes", version, scenes)
    with context.open_plex() as plex:
        identity = plex.identity()
        sections = synced_sections(plex, context.settings.plex_library)
    log.info("Plex %s answers and takes the token", identity.version)
    for section in sections:
        log.info(
            "library %r (number %s, %s) is synced; its folders: %s",
            section.title,
            section.key,
            section.type,
            ", ".join(section.locations),
        )
    with context.open_queue() as queue:
        stats = queue.stats(context.clock())
    return {
        "stash_version": version,
        "scenes": scenes,
        "plex_version": identity.version,
        "libraries": [section.title for section in sections],
        "waiting": stats.waiting,
        "dead_letters": sum(stats.dead.values()),
        "settings": context.settings.public(),
    }
