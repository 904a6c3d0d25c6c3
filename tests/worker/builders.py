"""Small makers of plans: name what a test is about, the rest is plain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core.fields import BY_NAME
from core.models import Change, Value
from core.planning.item_plan import ItemPlan
from core.planning.three_way_merge import FieldOutcome
from tests.core.builders import full
from tests.core.plex_like import EMPTY
from worker.plan import ItemEdit, ScenePlan


def change(field: str, before: Value, after: Value) -> Change:
    """A change as planning makes it: of a list with what comes and what goes."""
    if not BY_NAME[field].is_list:
        return Change(field, before, after)
    assert isinstance(before, tuple)
    assert isinstance(after, tuple)
    added = tuple(name for name in after if name not in before)
    removed = tuple(name for name in before if name not in after)
    return Change(field, before, after, added, removed)


def edit(
    *changes: Change, key: str = "7", locked: frozenset[str] = frozenset(), **more: Any
) -> ItemEdit:
    """An edit of an item that shows what its changes say of before; `more` as of `ItemEdit`."""
    values: Mapping[str, Value] = {**EMPTY, **{each.field: each.before for each in changes}}
    item = replace(full(f"/m/{key}.mp4", key=key, values=values), locked=locked)
    outcomes = {each.field: FieldOutcome(each, each.after) for each in changes}
    return ItemEdit(ItemPlan(item, outcomes), **more)


def plan(*edits: ItemEdit, scene_id: int = 1, **more: Any) -> ScenePlan:
    """A plan of one scene of which nothing is remembered; `more` as of `ScenePlan`."""
    known = {"title": "Night", "record": None, "remember": lambda _plan, _proof: None}
    return ScenePlan(scene_id, edits=edits, **{**known, **more})
