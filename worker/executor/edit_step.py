"""The edits of scenes in the course of a run: items that Plex chokes on, or a Plex that takes none.

Nobody is blamed before an edit of another item was tried.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TypeVar

from core.models import ItemRef
from plex.client import PlexClient
from plex.exceptions import (
    PlexError,
    PlexItemFailed,
    PlexRejected,
    PlexServerDown,
    PlexUnauthorized,
)
from worker.executor.edit_probe import EditProbe
from worker.executor.edits_ahead import EditsAhead
from worker.executor.item_editor import ItemEditor
from worker.executor.proof import Written
from worker.plan import ItemEdit

# Scenes in a row whose edits fail; with another one, it is asked whether it is the server.
ALL_FAIL = 3

REFUSES_ALL = (
    "Plex refuses every edit, one that changes nothing included: {}. Does a proxy stand before it?"
    " All jobs wait"
)

T = TypeVar("T")


class EditStep:
    """Sends the edits of written scenes.

    Args:
        spares, clock: as of `EditsAhead`.

    Attributes:
        ahead: the edits of scenes that are not in hand yet.
        doubtful: scenes of which it is not known yet whether they or Plex are to blame.
    """

    def __init__(
        self,
        plex: PlexClient,
        editor: ItemEditor,
        spares: Callable[[], bool],
        clock: Callable[[], float],
    ) -> None:
        self._editor = editor
        self._probe = EditProbe(plex, editor)
        self.ahead = EditsAhead(editor.send, spares, clock)
        self.doubtful: list[Written] = []
        # Begun before the last failure: that these were taken says nothing of what came after it.
        self._begun_before: frozenset[ItemRef] = frozenset()

    def send(self, edit: ItemEdit, written: Written) -> None:
        """Send the one edit of an item. Raises PlexError: but PlexRejected and PlexItemFailed."""
        written.edits[edit.ref] = edit
        try:
            refused = self.ahead.send(edit)
        except (PlexItemFailed, PlexRejected) as error:
            written.errors[edit.ref] = error
            self._begun_before = self.ahead.begun
            if written not in self.doubtful:
                self.doubtful.append(written)
                if len(self.doubtful) > ALL_FAIL or _was_costly(error):
                    self.settle()
        else:
            if refused is not None:  # else it is gone, as reading it back will find
                written.refused_alone[edit.ref] = refused
                self._probe.note_taken(edit.item)
                if edit.ref not in self._begun_before:
                    self.doubtful.clear()

    @property
    def depth(self) -> int:
        """How many scenes may be begun: one, while it is not known who is to blame."""
        return 1 if self.doubtful else self.ahead.depth

    def next_of(self, pending: deque[T]) -> T:
        """The next plan; of the other end where some in a row have failed, since items that Plex
        fails for may well lie together."""
        return pending.pop() if len(self.doubtful) == ALL_FAIL else pending.popleft()

    def settle(self) -> None:
        """Blame those that failed last, if Plex takes an edit of another item.

        Raises:
            PlexServerDown: it does not. PlexUnauthorized: it lets us edit nothing.
        """
        if not self.doubtful:
            return
        failed = {ref for each in self.doubtful for ref in each.errors}
        is_taken = self._probe.is_taken(failed)
        if is_taken is False or (is_taken is None and len(self.doubtful) >= ALL_FAIL):
            error = next(iter(self.doubtful[-1].errors.values()))
            if isinstance(error.__cause__, PlexUnauthorized):
                raise error.__cause__
            if isinstance(error, PlexRejected):
                raise PlexServerDown(REFUSES_ALL.format(error)) from error
            raise PlexServerDown(str(error.__cause__ or error)) from error
        if len(self.doubtful) > ALL_FAIL:
            self._editor.hopeless |= {ref.section for ref in failed}
        self.doubtful.clear()

    def check_refusal(self, written: Written) -> None:
        """Where the token was refused for a picture, it may be refused for all.

        Raises:
            PlexUnauthorized: it is.
        """
        refused = written.cover.refused if written.cover is not None else None
        if refused is not None and self._probe.is_taken(written.plan.items.keys()) is False:
            raise refused


def _was_costly(error: PlexError) -> bool:
    """Whether others like it would take minutes."""
    return isinstance(error.__cause__, PlexServerDown) and error.__cause__.is_costly
