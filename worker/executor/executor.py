"""Carries plans out: journal, edit, pictures, read back, proof, record, then tell the outcome.

Every step may be the last before the process is killed. The journal is durable before the first
edit; what is told is proven and recorded; an edit sent twice changes nothing the second time, since
the plan is made anew from what Plex shows. A scene is the unit: what fails concerns it alone, and
what is proven is recorded at once.
"""

from __future__ import annotations

import logging
import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from core.errors import StashError
from core.fields import LABEL
from core.images import ImageFailed, ImageKind
from core.models import FullItem, ItemRef, Value
from core.overlays import label_off
from core.planning.item_plan import refused
from plex.client import PlexClient
from plex.exceptions import PlexError, PlexItemFailed, PlexRejected
from storage.state import State
from worker.executor.bulk_edit import BulkEditor, Sent
from worker.executor.edit_step import EditStep
from worker.executor.edits_ahead import WRITERS
from worker.executor.item_editor import ItemEditor
from worker.executor.journaling import AT_ONCE, Journaling
from worker.executor.outcome import Outcome
from worker.executor.picture_step import PictureStep
from worker.executor.proof import Written, judged
from worker.executor.read_back import WINDOW, WINDOW_SECONDS, ReadBack
from worker.pictures.sync import PictureSync
from worker.pictures.writer import PictureChange, PictureWriter
from worker.plan import ItemEdit, Proof, ScenePlan

log = logging.getLogger(__name__)

NewPictures = Callable[[PictureWriter], PictureSync | None]


@dataclass(slots=True)
class _Window:
    """Scenes that were written to and not read back yet."""

    written: list[Written] = field(default_factory=list)
    began_at: float = 0.0

    def is_full(self, now: float) -> bool:
        return len(self.written) >= WINDOW or now - self.began_at >= WINDOW_SECONDS


class Executor:
    """Carries out the plans of one run.

    Args:
        run_id: under which the journal keeps the previous values.
        writer: makes what writes pictures of what journals them.
        pictures: makes what syncs covers of what writes pictures; None where none are wanted.
        clock: epoch seconds.
        on_outcomes: told what became of scenes, once that is recorded.
        on_scene: told after each scene that was written, for progress.
        spares: whether Plex is to be spared, with one edit after the other.
    """

    def __init__(
        self,
        plex: PlexClient,
        state: State,
        run_id: int,
        writer: Callable[[Callable[[PictureChange], None]], PictureWriter],
        pictures: NewPictures,
        clock: Callable[[], float],
        on_outcomes: Callable[[Sequence[Outcome]], None],
        on_scene: Callable[[], None],
        spares: Callable[[], bool] = lambda: False,
    ) -> None:
        self._state = state
        self._run_id = run_id
        self._clock = clock
        self._on_outcomes = on_outcomes
        self._on_scene = on_scene
        self._editor = ItemEditor(plex)
        self._edits = EditStep(plex, self._editor, spares, clock)
        self._read_back = ReadBack(plex, self._editor)
        self._journal = Journaling(state.journal, run_id, clock)
        self._bulk = BulkEditor(plex, state, self._journal.write_items, spares)
        self._writer = writer(self._journal.write_picture)
        self._pictures = PictureStep(pictures(self._writer), state, clock)
        self._lane: deque[Written] = deque()

    def execute(
        self,
        plans: Sequence[ScenePlan],
        is_over: Callable[[], bool] = lambda: False,
        more: Callable[[], Sequence[ScenePlan]] = tuple,
    ) -> list[ScenePlan]:
        """Carry some plans out, and tell what became of each.

        Args:
            is_over: asked after each scene; once it says so the others are left.
            more: brings plans for other items, if it has some, when all are begun.

        Returns:
            those that were not begun.

        Raises:
            PlexError, StashError: a server went away. What was proven until then is recorded and
                told; of the others nobody is to blame.
        """
        self._journal.forget()
        window = _Window()
        left: list[ScenePlan] = []
        try:
            shared = Sent()
            for plan in self._begun(plans, more, shared, is_over, left):
                self._write(plan, shared, window)
            self._finish_all()
            self._edits.settle()
            self._pictures.settle()
        except (PlexError, StashError):
            self._edits.ahead.drop()
            self._pictures.drop()
            self._lane.clear()
            self._prove_before_outage(window)
            raise
        finally:
            self._edits.ahead.close()
            self._pictures.close()
        self._prove(window)
        return left

    def _begun(
        self,
        plans: Sequence[ScenePlan],
        more: Callable[[], Sequence[ScenePlan]],
        shared: Sent,
        is_over: Callable[[], bool],
        left: list[ScenePlan],
    ) -> Iterator[ScenePlan]:
        """The plans in turn, journaled, with the edits of the next ones under way.

        Args:
            shared: gets the items that were edited together.
            left: gets those that are not begun.
        """
        pending, begun = deque(self._shared(plans, shared)), deque[ScenePlan]()
        is_first, is_ending = True, False
        while pending or begun:
            while pending and len(begun) < self._edits.depth:
                if self._pictures.doubtful:
                    # The next ones may be as bad; another one may not.
                    pending.rotate(random.randrange(len(pending)))
                plan = self._edits.next_of(pending)
                # One that has its edit already is seen to the end.
                is_open = shared.edited.isdisjoint(plan.items)
                is_ending = is_ending or (is_open and not is_first and is_over())
                is_first = False
                if is_open and is_ending:
                    left.append(plan)
                    continue
                self._begin(plan, () if is_ending else islice(pending, AT_ONCE - 1), shared)
                begun.append(plan)
            is_ending = is_ending or (len(begun) > self._edits.depth and is_over())
            if is_ending:
                left.extend(self._withdrawn(begun, shared))
            if begun:
                yield begun.popleft()
            if not pending and not is_ending:
                pending.extend(self._shared(more(), shared))

    def _withdrawn(self, begun: deque[ScenePlan], shared: Sent) -> Iterator[ScenePlan]:
        """Take out those of which nothing is sent yet: Plex may be slow by now.

        From the last one on: a writer that gets free meanwhile takes the first."""
        for plan in list(begun)[: WRITERS - 1 : -1]:
            if shared.edited.isdisjoint(plan.items) and self._edits.ahead.withdraw(plan.edits):
                begun.remove(plan)
                yield plan

    def _shared(self, plans: Sequence[ScenePlan], shared: Sent) -> Sequence[ScenePlan]:
        """The plans, once what they have in common is sent."""
        if plans:
            self._journal.expect(plans)
            sent = self._bulk.send(plans)
            shared.edited |= sent.edited
            shared.shown |= sent.shown
        return plans

    def _begin(self, plan: ScenePlan, next_plans: Iterable[ScenePlan], shared: Sent) -> None:
        """Journal a scene, the next ones with it, have its edits sent and its cover fetched."""
        if plan not in self._journal:
            self._journal.write([plan, *next_plans])
        if self._edits.depth > 1:
            self._pictures.expect(plan)
            for edit in plan.edits:
                # Pictures are put back before all else.
                if edit.names and not edit.pictures and edit.ref not in shared.edited:
                    self._edits.ahead.begin(edit)

    @property
    def _doubtful(self) -> list[Written]:
        return [*self._edits.doubtful, *self._pictures.doubtful]

    # Writing -----------------------------------------------------------------------------

    def _write(self, plan: ScenePlan, shared: Sent, window: _Window) -> None:
        """Write one scene, and read back what waits for that if it is time."""
        if not window.written:
            window.began_at = self._clock()
        written = Written(plan)
        window.written.append(written)
        for edit in plan.edits:
            if edit.ref in shared.edited:
                written.edits[edit.ref] = edit
                if edit.ref in shared.shown:
                    written.shown[edit.ref] = shared.shown.pop(edit.ref)
            else:
                self._edit(edit, written)
        self._pictures.begin(written)
        self._lane.append(written)
        while len(self._lane) > (self._pictures.depth if self._edits.depth > 1 else 0):
            self._finish(self._lane.popleft())
        if window.is_full(self._clock()):
            self._prove(window)

    def _finish_all(self) -> None:
        while self._lane:
            self._finish(self._lane.popleft())

    def _finish(self, written: Written) -> None:
        """See the pictures of a scene to their end; then all of it is written."""
        self._pictures.finish(written)
        if written.cover is not None:
            for ref in sorted(written.cover.outdated):
                self._take_label_off(ref, written)
            self._edits.check_refusal(written)
        written.is_complete = True
        self._edits.ahead.note_scene()
        self._on_scene()

    def _edit(self, edit: ItemEdit, written: Written) -> None:
        """Select pictures that are put back, and send the one edit of an item."""
        failed = {name for name in edit.pictures if not self._restore(edit, name, written)}
        wanted = edit
        if failed or not edit.locks.keys() <= set(edit.names):
            wanted = edit.only([name for name in edit.names if name not in failed])
        if wanted.names:
            self._edits.send(wanted, written)

    def _take_label_off(self, ref: ItemRef, written: Written) -> None:
        """A program that draws on posters draws anew where its label is gone. Whether it is shows
        when the item is read."""
        edit = next(each for each in written.plan.edits if each.ref == ref)
        planned = next((c.after for c in edit.changes if c.field == LABEL), None)
        change = label_off(edit.item.values.get(LABEL) if planned is None else planned)
        if change is None:
            return
        self._journal.write_beside(written.plan, ref, change)
        try:
            self._editor.send_change(edit, change)
        except PlexItemFailed as error:
            written.failures.append(f"the label Overlay of item {ref}: {error}")
        written.note_label_off(ref)

    def _restore(self, edit: ItemEdit, name: str, written: Written) -> bool:
        try:
            self._writer.restore(edit.ref, ImageKind(name), edit.pictures[name])
        except (ImageFailed, PlexRejected, PlexItemFailed) as error:
            written.failures.append(f"{name} of item {edit.ref}: {error}")
            return False
        written.restored.setdefault(edit.ref, set()).add(name)
        return True

    # Proof -------------------------------------------------------------------------------

    def _prove_before_outage(self, window: _Window) -> None:
        """A server went away: what Plex still says of what was written is proven all the same.

        Of the scene in hand it is not known what arrived; the journal has it.
        """
        window.written = [w for w in window.written if w.is_complete and w not in self._doubtful]
        self._edits.doubtful.clear()
        self._pictures.doubtful.clear()
        try:
            self._prove(window)
        except PlexError as error:
            log.debug("what was written last could not be read back: %s", error)

    def _prove(self, window: _Window) -> None:
        """Read back, record and tell what was written."""
        self._finish_all()
        # Whether it is the items or the server that fails is seen by what comes next.
        doubtful = self._doubtful
        written = [each for each in window.written if each not in doubtful]
        window.written = doubtful
        if not written:
            return
        outcomes, records = [], []
        shown = self._shown(written)
        for each in written:
            each.note_failed(self._read_back.failed)
            outcome = judged(each, shown, self._read_back.is_lost)
            unlocked = self._read_back.unlocked
            outcome.unlocked = {r: unlocked[r] for r in each.plan.items if unlocked.get(r)}
            outcomes.append(outcome)
            if outcome.is_proven or each.plan.is_partial_ok:
                there = {ref: item for ref, item in each.after(shown).items() if item is not None}
                known, tells_locks = each.known(there), self._read_back.tells_locks
                proof = Proof(there, outcome.back, known, tells_locks)
                records.append(each.plan.remember(each.plan, proof))
        if left := list(_refused_in(outcomes, shown)):
            self._state.journal.note_left(self._run_id, left)
        self._state.remember(
            [record for record in records if record is not None],
            [
                ref
                for each, outcome in zip(written, outcomes, strict=True)
                if outcome.is_recorded
                for ref in each.plan.items
                if ref not in each.errors
            ],
        )
        self._journal.done(each.plan for each in written)
        self._on_outcomes(outcomes)

    def _shown(self, written: Iterable[Written]) -> dict[ItemRef, FullItem]:
        known: dict[ItemRef, FullItem] = {}
        unread: dict[ItemRef, ItemEdit] = {}
        moved: set[ItemRef] = set()
        for each in written:
            known |= each.shown
            unread |= {r: e for r, e in each.edits.items() if r not in each.shown}
            moved |= each.moved
        failed = {ref for each in written for ref in each.errors}
        edited = {ref: edit for ref, edit in unread.items() if ref not in failed}
        return known | self._read_back.read(edited, moved)


def _refused_in(
    outcomes: Iterable[Outcome], shown: Mapping[ItemRef, FullItem]
) -> Iterator[tuple[ItemRef, str, Value]]:
    """What the server made of changes that it did not take: item, field and value."""
    for edit in (edit for outcome in outcomes for edit in outcome.plan.edits):
        if (item := shown.get(edit.ref)) is not None:
            for change in refused(edit.plan, item):
                yield edit.ref, change.field, item.values.get(change.field)
