"""What a drain is about to write, weighed for the clear guard: how much, of what, and exactly what.

What would be taken away is remembered mark by mark, so that the user's word for one run is no word
for another that takes away as much of something else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from core.guards import Tally, tally
from core.models import Change, ItemRef
from core.wording import change_line
from worker.scene_sync.preparer import Prepared

LISTED = 20  # changes that are put into words; the counts are whole
_MARK = 6  # bytes


@dataclass(slots=True)
class Weight:
    """What some scenes would write.

    Attributes:
        fields: how many values would be taken away, by field.
        marks: a short digest of each of these values.
        lines: the first changes that take something away, in words.
    """

    total: Tally = field(default_factory=Tally)
    fields: Counter[str] = field(default_factory=Counter)
    marks: set[str] = field(default_factory=set)
    lines: list[str] = field(default_factory=list)

    def add(self, prepared: Iterable[Prepared]) -> None:
        """Weigh more scenes."""
        for each in prepared:
            for plan in each.plans:
                for change in plan.changes:
                    self._add(each, plan.ref, change)

    def _add(self, prepared: Prepared, ref: ItemRef, change: Change) -> None:
        one = tally([change])
        self.total += one
        if not one.cleared:
            return
        self.fields[change.field] += one.cleared
        self.marks.update(_mark(ref, change.field, name) for name in change.removed or ("",))
        if len(self.lines) < LISTED:
            self.lines.append(change_line(prepared.scene.id, prepared.title, change))

    def figures(self) -> dict[str, Any]:
        """The figures of a run that is stopped, JSON-able."""
        return {
            "cleared": self.total.cleared,
            "touched": self.total.touched,
            "cleared_fields": dict(self.fields),
        }

    def in_words(self) -> str:
        """How much of what would be taken away, like "7 tags, 3 studio"."""
        return ", ".join(f"{count} {name}" for name, count in self.fields.most_common())


def _mark(ref: ItemRef, name: str, entry: str) -> str:
    told = "\0".join((ref.section, ref.key, name, entry))
    return blake2b(told.encode("utf-8", "surrogatepass"), digest_size=_MARK).hexdigest()


def packed(marks: Iterable[str]) -> str:
    """Marks in one text, as they are kept with a stopped run."""
    return "".join(sorted(marks))


def unpacked(text: str) -> set[str]:
    """The marks in such a text."""
    size = 2 * _MARK
    return {text[start : start + size] for start in range(0, len(text), size)}
