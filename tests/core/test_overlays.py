"""The label of programs that draw on posters, and what taking it off leaves."""

from __future__ import annotations

from core.models import Change
from core.overlays import has_overlay, label_off, with_label_off
from tests.core.builders import full


def test_the_label_counts_whatever_its_case() -> None:
    assert has_overlay(full(values={"label": ("Mine", "OVERLAY")}))
    assert not has_overlay(full(values={"label": ("Mine", "Overlays")}))
    assert not has_overlay(full())


def test_it_is_taken_off_by_its_spelling_and_all_others_stay() -> None:
    change = label_off(("Mine", "oVerlay", "Ours"))
    assert change == Change(
        "label", ("Mine", "oVerlay", "Ours"), ("Mine", "Ours"), removed=("oVerlay",)
    )
    assert label_off(("Mine",)) is None
    assert label_off(None) is None


def test_a_planned_change_of_labels_does_not_bring_it_back() -> None:
    planned = Change("label", ("Overlay", "Old"), ("Overlay", "New"), ("New",), ("Old",))
    assert with_label_off(planned) == Change(
        "label", ("Overlay", "Old"), ("New",), ("New",), ("Old", "Overlay")
    )
    other = Change("label", ("Old",), ("New",), ("New",), ("Old",))
    assert with_label_off(other) is other
