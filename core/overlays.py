"""Posters that another program has drawn on: Kometa gives such an item a label. Pure.

On such an item a poster that is not ours is no sign of anything while the cover stays as it is.
With a new cover ours goes up and the label goes away, so that the program draws anew.
"""

from __future__ import annotations

from core.fields import LABEL, spelled
from core.models import Change, FullItem, Value

OVERLAY = "overlay"  # the label's identity


def has_overlay(item: FullItem) -> bool:
    """Whether another program has drawn on an item's poster."""
    return label_off(item.values.get(LABEL)) is not None


def label_off(labels: Value) -> Change | None:
    """The change that takes the label off an item with these labels; None where it is not there."""
    shown = spelled(labels)
    there = tuple(name for key, name in shown if key == OVERLAY)
    if not there:
        return None
    left = tuple(name for key, name in shown if key != OVERLAY)
    return Change(LABEL, tuple(name for _, name in shown), left, removed=there)


def with_label_off(planned: Change) -> Change:
    """A planned change of an item's labels, that takes the label off besides."""
    off = label_off(planned.after)
    if off is None:
        return planned
    gone = label_off(planned.before)
    removed = (*planned.removed, *(gone.removed if gone is not None else ()))
    return Change(LABEL, planned.before, off.after, planned.added, removed, planned.renamed)
