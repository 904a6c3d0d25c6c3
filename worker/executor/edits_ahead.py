"""Sends the edits of the next scenes while one is in hand, so that Plex need not wait for us.

Only the requests are made elsewhere: whoever asks for the outcome of an edit waits for it, in the
order of the scenes, so all else is as if they were sent one after the other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from functools import partial

from core.models import ItemRef
from worker.executor.calls_under_way import CallsUnderWay
from worker.plan import ItemEdit

WRITERS = 2  # edits under way at once
# Scenes begun at once: at most so many, and no more than take so long. Those beyond the writers
# wait for these, and keep them busy while scenes before them are read back and recorded.
MOST, AHEAD_SECONDS = 384, 0.5
# So many scenes, at the least and at the most, tell how long one takes: the last, and more of them
# than are proven at once, which holds up one of each 25.
FEWEST, MEASURED = 16, 128

# The outcomes of so many edits are waited for at once, for so many seconds at most: who is woken
# for each of them is in the way of the writers.
TOGETHER, TOGETHER_SECONDS = 8, 0.02

Send = Callable[[ItemEdit], frozenset[str] | None]


class EditsAhead:
    """Edits under way.

    Args:
        send: sends one edit; used by several threads at once.
        spares: whether Plex is to be spared, with one edit after the other.
        clock: seconds.
    """

    def __init__(self, send: Send, spares: Callable[[], bool], clock: Callable[[], float]) -> None:
        self._send = send
        self._clock = clock
        self._done_at: deque[float] = deque(maxlen=MEASURED)
        self._spares = spares
        self._begun = CallsUnderWay[ItemRef, frozenset[str] | None](WRITERS, "edits")

    @property
    def depth(self) -> int:
        """How many scenes may be begun by now."""
        if self._spares():
            return 1
        times = self._done_at
        if len(times) < FEWEST or times[-1] < times[0]:  # the clock was set back
            return WRITERS
        each = (times[-1] - times[0]) / (len(times) - 1)
        return MOST if each * MOST <= AHEAD_SECONDS else max(WRITERS, int(AHEAD_SECONDS / each))

    @property
    def begun(self) -> frozenset[ItemRef]:
        """The items of which an edit was begun and is not in hand yet."""
        return frozenset(self._begun)

    def note_scene(self) -> None:
        """A scene is written."""
        self._done_at.append(self._clock())

    def begin(self, edit: ItemEdit) -> None:
        """Have an edit sent; `send` has to follow, or `drop`."""
        self._begun.begin(edit.ref, partial(self._send, edit))

    def send(self, edit: ItemEdit) -> frozenset[str] | None:
        """What became of an edit, which is sent now if it was not begun. Raises as `Send`."""
        begun = self._begun.pop(edit.ref)
        if begun is None:
            return self._send(edit)
        if not begun.done():
            self._begun.wait_for_next(TOGETHER, TOGETHER_SECONDS)
        return begun.result()

    def withdraw(self, edits: Iterable[ItemEdit]) -> bool:
        """Have edits not sent that were begun; False where one is sent already."""
        return all(self._begun.cancel(edit.ref) for edit in edits)

    def drop(self) -> None:
        """Of what was begun nothing is sent any more when this returns."""
        self._begun.drop()

    def close(self) -> None:
        """End the threads."""
        self._begun.close()
