"""Laws of what is taken back when a scene is gone: what we added, and nothing else."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from core.desired import Desired
from core.fields import spelled
from core.models import FullItem, Scene, Value
from core.planning.item_plan import plan_item, recorded
from core.planning.three_way_merge import FirstSync
from tests.core.builders import ALL_FIELDS, record
from tests.core.planning.test_planning_laws import (
    honest,
    items,
    scenes,
    settings_of_first_sync,
    synced,
)
from tests.core.plex_like import Server
from worker.destroyed_scenes.plan_source import added_fields


def keys(value: Value) -> set[str]:
    return {key for key, _ in spelled(value)}


@given(scenes, items, st.sampled_from(["", "Mine Alone"]), honest, settings_of_first_sync)
def test_it_takes_back_what_a_sync_has_added_and_nothing_else(
    of: Scene, item: FullItem, by_hand: str, server: Server, first_sync: FirstSync
) -> None:
    shown, base, _ = synced(of, item, None, server, first_sync)
    there = shown.values["collection"]
    assert isinstance(there, tuple)
    edited = (*there, by_hand) if by_hand else there
    shown = replace(shown, values={**shown.values, "collection": edited})
    fields = added_fields(record(base), ALL_FIELDS)
    assert fields <= {"collection"}
    wanted = Desired(dict.fromkeys(fields), "")

    plan = plan_item(wanted, shown, base, first_sync)
    after = server.apply(plan, shown)

    before = keys(item.values["collection"])
    assert keys(after.values["collection"]) == before | keys((by_hand,))
    for name in ALL_FIELDS - {"collection"}:
        assert after.values[name] == shown.values[name]
    # Once done, nothing is left to do.
    left = recorded(plan, after, base)
    assert added_fields(record(left), ALL_FIELDS) == frozenset()
    assert not plan_item(wanted, after, left, first_sync).changes


@given(scenes, items, honest, settings_of_first_sync)
def test_nothing_is_taken_back_that_was_undone_or_is_switched_off(
    of: Scene, item: FullItem, server: Server, first_sync: FirstSync
) -> None:
    _, base, _ = synced(of, item, None, server, first_sync)

    assert added_fields(replace(record(base), undone=True), ALL_FIELDS) == frozenset()
    assert added_fields(record(base), ALL_FIELDS - {"collection"}) == frozenset()
