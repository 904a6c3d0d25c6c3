"""Short questions that tell whether a service is back, for who cannot wait long for the answer."""

from __future__ import annotations

from collections.abc import Iterable

from app.plex_watch import PlexWatch
from app.wiring import Context, Timeouts
from core.errors import StashError
from core.models import Failure
from core.records import NO_PICTURES, Record
from plex.exceptions import PlexError, PlexServerDown
from storage.page.page_facts import MACHINE
from storage.state_tables.outages import PICTURES, PLEX_PICTURES
from worker.pictures.supply import gives_pictures, others_than, sample, some_of

# Seconds: another job of Stash may wait while two questions are asked, five at most. A Plex that
# takes two for each answer is slow, and not away.
BRIEF = Timeouts(2.0, 2.4, 2.4)
BUSY = Timeouts(2.0, 5.0, 6.0)  # before a drain, for a Plex that asks for a few seconds
GROWTH, MOST = 1.5, 20  # of what a silent Plex is waited for, with each failure, up to so many
PICTURES_TRIED = 3  # of either kind
UNTRIED = "to see whether Plex takes its cover"


def plex_failure(context: Context, failures: int) -> PlexServerDown | None:
    """What Plex fails with; None if it answers, be it that it refuses us.

    `/identity` is answered without the database and the account, and the list of libraries without
    any item, so all that a drain begins with is asked for. One that is slow is reached in the end,
    since each time it is waited for longer, up to `read_timeout`.

    Args:
        failures: of Plex, in a row.
    """
    seconds = BRIEF.silence * GROWTH ** min(failures, MOST)
    with context.open_plex(Timeouts(BRIEF.connect, seconds, seconds)) as plex:
        try:
            plex.identity()
        except PlexServerDown as error:
            return error
        except PlexError:
            pass  # something that refuses to say who it is; the next question tells
        try:
            plex.make_sure_it_reads()
        except PlexServerDown as error:
            return error
        except PlexError:
            return None
    return None


def make_sure_of_plex(context: Context) -> None:
    """Ask briefly: for a server that is silent, a drain, and with it all jobs of Stash, would wait
    for minutes. Raises PlexServerDown: it does not answer."""
    with context.open_plex(BUSY) as plex:
        try:
            identity = plex.identity()
        except PlexServerDown as error:
            with context.open_state() as state:
                PlexWatch(state.outages, context.clock).failed(error)
            raise
        except PlexError:
            return  # what stands there in its place is asked for more by the drain
    with context.open_page() as page:
        page.set_value(MACHINE, identity.machine_id)


def pictures_come(context: Context) -> bool:
    """Whether Stash gives pictures, of scenes that wait for theirs or of others."""
    with context.open_queue() as queue, context.open_state() as state:
        wanted = queue.waiting_scene_ids(Failure.NO_PICTURES)
        known = set(sample(state.records.some)).difference(wanted)
    stash = context.stash.with_timeout(BRIEF.silence)
    try:
        return gives_pictures(stash, some_of(wanted, PICTURES_TRIED)) or gives_pictures(
            stash, some_of(others_than(stash, lambda: known), PICTURES_TRIED)
        )
    except StashError:
        return False


def count_without_pictures(context: Context) -> int:
    """How many jobs wait for pictures."""
    with context.open_queue() as queue:
        return queue.count_waiting(Failure.NO_PICTURES)


def wake_for_pictures(context: Context) -> None:
    """Pictures may come again: the jobs that wait for them are due.

    Where Plex takes none, and shows none of ours that could be given to it again, a few scenes are
    tried with them whose covers were not yet: what Plex does with these tells whether it takes any.
    """
    with context.open_state() as state, context.open_queue() as queue:
        state.outages.succeeded(PICTURES, context.clock())
        if state.outages.breaker(PLEX_PICTURES, context.clock()).failures:
            known = state.records.get_many(sample(state.records.some))
            queue.put_many(
                {"scene_id": scene, "reason": UNTRIED}
                for scene in some_of(_untried(known.values()), PICTURES_TRIED)
            )
        queue.wake(Failure.NO_PICTURES)


def _untried(known: Iterable[Record]) -> set[int]:
    """The scenes of which no cover is known; none where one is shown."""
    pictures = {each.scene_id: each.pictures for each in known}
    if any(shown.sha1 for each in pictures.values() for shown in each.pictures.values()):
        return set()
    return {scene for scene, each in pictures.items() if each == NO_PICTURES}


def look_for_pictures(context: Context) -> None:
    """Where jobs wait for pictures, see once whether these come again."""
    if count_without_pictures(context) and pictures_come(context):
        wake_for_pictures(context)
