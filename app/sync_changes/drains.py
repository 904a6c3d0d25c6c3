"""Drains in slices, as often as something is due, and one at a time."""

from __future__ import annotations

import time
from collections.abc import Callable

from app.sync_changes.edits_during_drain import Edits
from app.wiring import Context
from app.write_session import open_scene_writer
from core import run_kinds
from core.errors import DrainBusy, GuardStopped
from sync_queue.lock import DrainLock
from worker.executor.figures import DRAIN, Figures
from worker.executor.run import Interruption, RunKind, never
from worker.scene_sync.plan_source import DueJobs

Sleep = Callable[[float], None]


def drain(
    context: Context,
    figures: Figures,
    interruption: Callable[[], Interruption] = never,
    before_batch: Callable[[], None] = lambda: None,
    sleep: Sleep = time.sleep,
) -> None:
    """Work through the queue until no job is due, or it is interrupted.

    Args:
        before_batch: called before jobs are claimed, for who has more to queue.

    Raises:
        DrainBusy: another run writes to Plex. GuardStopped: scenes are held back.
        StashError, PlexError: a server went away; `figures` has what was done until then.
    """
    with DrainLock(context.data_dir), open_scene_writer(context) as writer:
        source = DueJobs(writer.queue, writer.preparer, context.clock, before_batch)
        done = 0

        def on_scene() -> None:
            nonlocal done
            done += 1
            context.report_scenes(done, source.due)
            writer.watch.rest(sleep)

        run = writer.run(
            RunKind(run_kinds.DRAIN, DRAIN, counts_on=True),
            figures,
            on_scene=on_scene,
            guard=writer.guard,
            resolve_absent=writer.resolve_absent,
            interruption=interruption,
        )
        run.run(source)
        writer.queue.prune()
        writer.state.forget_old(context.clock())


class Drains:
    """All drains of one task, and their figures in one.

    A job that comes after a drain's last look and before it lets go of its lock is nobody's: who
    brought it finds the lock held, who holds it does not look. So each looks again once it has let
    go. Not for jobs that have failed before: those come due one after the other, and a drain for
    each of them would ask Plex for its libraries each time.
    """

    def __init__(
        self,
        context: Context,
        enough: Callable[[], bool],
        edits: Edits,
        sleep: Sleep = time.sleep,
    ) -> None:
        self._context = context
        self._is_over = enough
        self._edits = edits
        self._sleep = sleep
        self.result = Figures()
        self.busy = ""
        self._held: list[str] = []

    def run(self, *, is_first: bool = False) -> None:
        """Drain until nothing is due or it is enough; `busy` says why it could not.

        Args:
            is_first: drain once in any case.

        Raises:
            what `drain` raises, but GuardStopped; the figures until then are in the result.
        """
        self.busy = ""
        is_left = is_first or self.has_work()
        while (is_left or self._has_fresh_jobs()) and not self._enough():
            before = self.result.processed
            try:
                self._once()
            except DrainBusy as busy:
                self.busy = str(busy)
                return
            if self.result.processed == before and not is_first:
                return
            is_left = is_first = False

    def complain(self) -> None:
        """At the end of the task, since nothing else has to wait for the user's word.

        Raises:
            GuardStopped: a drain has held scenes back.
        """
        if self._held:
            raise GuardStopped("\n".join(self._held))

    def has_work(self) -> bool:
        """Whether a job is due, or was left behind by a drain that was killed."""
        with self._context.open_queue() as queue:
            self.result.remaining = queue.count_waiting()
            return queue.has_work(self._context.clock())

    def _has_fresh_jobs(self) -> bool:
        """Whether a job is due that never failed, or was left behind by a drain that was killed."""
        with self._context.open_queue() as queue:
            self.result.remaining = queue.count_waiting()
            return queue.has_fresh_due(self._context.clock()) or queue.has_working()

    def _enough(self) -> bool:
        return self._context.is_stopped() or self._is_over()

    def _once(self) -> None:
        figures = Figures(remaining=self.result.remaining)
        try:
            drain(self._context, figures, self._interruption, self._edits.take, self._sleep)
        except GuardStopped as stopped:
            self._held.append(str(stopped))
        finally:
            self.result.add(figures)

    def _interruption(self) -> Interruption:
        if self._is_over():
            return Interruption.END
        return Interruption.EDITS if self._edits.are_noted() else Interruption.NONE
