"""Short questions that tell whether a service is back, for who cannot wait long for the answer."""

from __future__ import annotations

from app.wiring import Context, Patience
from core.errors import PicturesUnavailable, StashError
from core.images import ImageFailed
from core.models import Failure
from plex.exceptions import PlexError, PlexServerDown
from stash.images import fetch_screenshot

# Seconds: another job of Stash may wait while a question is asked.
BRIEF = Patience(2.0, 1.5)
PICTURES_TRIED = 3


def plex_failure(context: Context) -> PlexServerDown | None:
    """What Plex fails with; None if it answers, be it that it refuses us or takes its time.

    `/identity` is answered without the database and the account, so what needs those is asked too.
    """
    with context.open_plex(BRIEF) as plex:
        try:
            plex.identity()
        except PlexServerDown as error:
            return error
        except PlexError:
            pass  # something that refuses to say who it is; the next question tells
        try:
            plex.control_read()
        except PlexServerDown as error:
            # One that is there and slow gets the patience of a drain.
            return None if error.is_costly else error
        except PlexError:
            return None
    return None


def pictures_come(context: Context) -> bool:
    """Whether Stash gives pictures, of those scenes that wait for theirs or of any."""
    with context.open_queue() as queue:
        wanted = queue.waiting_scene_ids(Failure.NO_PICTURES)[:PICTURES_TRIED]
    stash = context.stash.hasty(BRIEF.silence)
    for scene_id in wanted:
        try:
            fetch_screenshot(stash, scene_id)
        except PicturesUnavailable:
            continue
        except ImageFailed:
            pass  # that is an answer
        except StashError:
            return False
        return True
    return False
