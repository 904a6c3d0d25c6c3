"""A renamed tag, performer or studio is a value that changed, and none that was taken away."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.clear_limit import tally
from core.fields import name_keys
from core.models import FullItem
from core.planning.item_plan import plan_item
from core.planning.three_way_merge import FirstSync
from tests.core.builders import desired, file, scene
from tests.core.planning.test_planning_laws import (
    honest,
    items,
    settings_of_first_sync,
    some_names,
    synced,
)
from tests.core.plex_like import Server

TAGS = frozenset({"tags"})
FILE = file("/d/Night Walk.mp4")


@given(items, some_names, st.integers(0, 4), honest, settings_of_first_sync)
def test_a_rename_takes_nothing_away(
    item: FullItem, names: list[str], many: int, server: Server, first_sync: FirstSync
) -> None:
    shown, base, _ = synced(scene(FILE, tags=names), item, None, server, first_sync, TAGS)
    renamed = [*(f"{name} (new)" for name in names[:many]), *names[many:]]

    plan = plan_item(desired(scene(FILE, tags=renamed), TAGS), shown, base, first_sync)

    twice = sum(len(each.removed) - len(name_keys(each.removed)) for each in plan.changes)
    assert tally(plan.changes).cleared <= twice


@given(items, some_names, some_names, honest, settings_of_first_sync, st.booleans())
def test_what_somebody_else_put_there_counts_whatever_comes_instead(
    item: FullItem,
    names: list[str],
    others: list[str],
    server: Server,
    first_sync: FirstSync,
    is_later: bool,
) -> None:
    """And what goes without anything coming counts as well."""
    base = None
    if is_later:
        item, base, _ = synced(scene(FILE, tags=names), item, None, server, first_sync, TAGS)

    plan = plan_item(desired(scene(FILE, tags=others), TAGS), item, base, first_sync)

    for change in plan.changes:
        assert change.renamed <= min(len(change.added), len(change.removed))
        assert base is not None or change.renamed == 0
