"""The dead letters that filters leave, as the page lists them."""

from __future__ import annotations

from collections.abc import Mapping

from app.arguments import text
from core.errors import ConfigError
from core.models import Failure, Job
from sync_queue.queue import SyncQueue

MOST = 2**31  # more than there are
FILTERS = ("error", "text")


def filters_of(told: Mapping[str, object]) -> tuple[str, str]:
    """The kind of failure `error` and the part of a text `text`, "" for all.

    Raises:
        ConfigError: there is no such failure.
    """
    error = text(told, "error")
    if error not in {failure.value for failure in Failure}:
        raise ConfigError(f"The argument 'error' is {error!r}, which is no kind of failure.")
    return error, text(told, "text")


def dead_like(queue: SyncQueue, told: Mapping[str, object]) -> list[Job]:
    """All dead letters that the list shows with these filters.

    Raises:
        ConfigError: one makes no sense.
    """
    return [job for job, _ in queue.dead_page(*filters_of(told), 0, MOST)[1]]
