"""Laws of `preserve_plex_edits`: what the user does in Plex stays, all else follows Stash."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given

from core.fields import BY_NAME
from core.models import FullItem, Scene
from core.planning.item_plan import ItemPlan, plan_item, recorded
from core.planning.three_way_merge import FirstSync
from core.records import ItemRecord
from tests.core.builders import ALL_FIELDS, FEWER, desired
from tests.core.planning.test_planning_laws import (
    any_server,
    honest,
    items,
    keys,
    scenes,
    settings_of_first_sync,
)
from tests.core.plex_like import Server


def synced(
    of: Scene, item: FullItem, base: ItemRecord | None, server: Server, first_sync: FirstSync
) -> tuple[FullItem, ItemRecord, ItemPlan]:
    plan = plan_item(desired(of, ALL_FIELDS), item, base, first_sync, preserve=True)
    after = server.apply(plan, item)
    return after, recorded(plan, after, base), plan


@FEWER
@given(scenes, items, scenes, items, any_server, settings_of_first_sync)
def test_a_second_sync_writes_nothing(
    of: Scene,
    item: FullItem,
    edited: Scene,
    by_hand: FullItem,
    server: Server,
    first_sync: FirstSync,
) -> None:
    base: ItemRecord | None = None
    for now, shown in (
        (of, item),
        (edited, None),
        (edited, by_hand),
        (of, by_hand),
        (edited, None),
    ):
        item, base, _ = synced(now, shown or item, base, server, first_sync)
        _, _, again = synced(now, item, base, server, first_sync)
        assert again.changes == ()


@FEWER
@given(scenes, items, scenes, items, honest, settings_of_first_sync)
def test_hand_edits_stay_and_the_rest_follows_stash(
    of: Scene,
    item: FullItem,
    edited: Scene,
    by_hand: FullItem,
    server: Server,
    first_sync: FirstSync,
) -> None:
    left, base, _ = synced(of, item, None, server, first_sync)
    touched = replace(left, values={**left.values, **by_hand.values})
    after, _, _ = synced(edited, touched, base, server, first_sync)
    plain = plan_item(desired(edited, ALL_FIELDS), left, base, first_sync)
    follows = server.apply(plain, left)
    for name, field in BY_NAME.items():
        if name not in base.fields:  # its first sync is still to come
            continue
        if field.is_list:
            added = keys(touched, name) - keys(left, name)
            taken = keys(left, name) - keys(touched, name)
            assert added <= keys(after, name)
            assert not taken & keys(after, name)
            assert keys(after, name) == (keys(follows, name) - taken) | added
        elif field.equal(left.values[name], touched.values[name]):
            assert field.equal(after.values[name], follows.values[name])
        else:
            assert after.values[name] == touched.values[name]


@FEWER
@given(scenes, items, scenes, honest, settings_of_first_sync)
def test_without_hand_edits_it_makes_no_difference(
    of: Scene, item: FullItem, edited: Scene, server: Server, first_sync: FirstSync
) -> None:
    left, base, _ = synced(of, item, None, server, first_sync)
    wanted = desired(edited, ALL_FIELDS)
    mine = plan_item(wanted, left, base, first_sync, preserve=True)
    plain = plan_item(wanted, left, base, first_sync)
    assert mine.changes == plain.changes
    assert mine.notes == plain.notes == ()
