"""What a task leaves for people to look at when it ends: its lines of the log, the settings that it
went by, and a few figures that Stash serves to every open tab."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from app.page import public_figures
from app.page.context import PageContext
from core.errors import StateError
from core.run_kinds import PREVIEW, RECONCILE, SYNCING, UNDO
from core.settings import Settings
from plex.exceptions import PlexUnauthorized
from shell import logs
from shell.protocol import PluginInput
from storage.page.log_lines import LogLine
from storage.page.page_facts import REFUSED_AT, SETTINGS
from storage.page.page_file import PageFile

log = logging.getLogger(__name__)

_ASKING_PLEX = (RECONCILE, PREVIEW, UNDO, *SYNCING)


@dataclass(slots=True)
class Publisher:
    """Publishes at the end of one task.

    Attributes:
        settings: what the task goes by, once that is known.
    """

    plugin: PluginInput
    context: PageContext
    settings: Settings | None = None
    _began: float = field(default_factory=time.time)

    def publish(self, error: BaseException | None) -> None:
        """Keep what is to be kept, and publish the figures.

        Args:
            error: what the task ended with.
        """
        try:
            with self.context.open_page() as page:
                if self.settings is not None:
                    page.set_value(SETTINGS, _told(self.settings))
                self._note_token(page, error)
                page.log.add(self._lines(error))
            public_figures.publish(self.context)
        except StateError as trouble:
            log.debug("nothing could be kept for the page: %s", trouble)

    def _note_token(self, page: PageFile, error: BaseException | None) -> None:
        """Whether Plex refuses the token: until a task has been able to work with it."""
        refused_at = page.get_value(REFUSED_AT)
        if isinstance(error, PlexUnauthorized):
            page.set_value(REFUSED_AT, self.context.clock())
        elif refused_at and error is None and self._has_worked(refused_at):
            page.set_value(REFUSED_AT, 0.0)

    def _has_worked(self, since: float) -> bool:
        with self.context.open_state() as state:
            latest = state.runs.latest_of_each_kind()
        return any(
            run.kind in _ASKING_PLEX and run.has_ended and run.started_at > since for run in latest
        )

    def _lines(self, error: BaseException | None) -> Iterator[LogLine]:
        run = f"{int(self._began * 1000):x}-{os.getpid()}"
        for at, level, text in logs.kept():
            yield LogLine(at, level, text, run, self.plugin.mode)
        if error is not None:
            text = logs.clean(str(error) or type(error).__name__)
            yield LogLine(self.context.clock(), "error", text, run, self.plugin.mode)


@contextmanager
def publishing(
    plugin: PluginInput, env: Mapping[str, str], clock: Callable[[], float] = time.time
) -> Iterator[Publisher]:
    """Around a task: publishes at its end, whatever came of it."""
    context = PageContext.of(plugin, env, looks_only=False, clock=clock)
    publisher = Publisher(plugin, context)
    try:
        yield publisher
    except BaseException as error:
        publisher.publish(error)
        raise
    publisher.publish(None)


def _told(settings: Settings) -> dict[str, Any]:
    """What the page has to know of the settings without asking Stash."""
    public = {name: list(v) if isinstance(v, tuple) else v for name, v in settings.public().items()}
    return {
        "enabled": settings.enabled,
        "syncs": bool(settings.synced_fields()),
        "reconcile_interval": settings.reconcile_interval,
        "reconcile_scope": settings.reconcile_scope,
        "obfuscate_paths": settings.obfuscate_paths,
        "page_tick": settings.page_tick,
        "public": json.loads(json.dumps(public)),
    }
