"""Laws of planning, on any item, any scene and servers that add, replace, alter or refuse."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from core.clear_limit import Tally, tally
from core.desired import fingerprint
from core.fields import BY_NAME, Clear, name_keys
from core.models import FullItem, Scene, Value
from core.planning.drift import altered_fields, drift_of
from core.planning.item_plan import ItemPlan, plan_item, recorded
from core.planning.three_way_merge import FirstSync
from core.records import ItemRecord
from tests.core.builders import ALL_FIELDS, FEWER, desired, file, full, record, scene
from tests.core.plex_like import Server

NAMES = ["Sea", "SEA", "Bread", "Café", unicodedata.normalize("NFD", "Café"), "Jazz  Blues", "A, B"]
TEXTS = ["", "One.", "One.\r\nTwo. ", "Night Walk", "Night Walk.mp4", " \u200b", "x" * 300]
DATES = ["", "2024-05-06", "2024-01-01", "2023-12-31"]

some_names = st.lists(st.sampled_from(NAMES), max_size=4)
some_text = st.sampled_from(TEXTS)
scenes = st.builds(
    scene,
    st.sampled_from([file("/d/Night Walk.mp4"), file("/d/Other.mp4")]),
    title=some_text,
    details=some_text,
    date=st.sampled_from([None, "2024", "2024-05", "rubbish", *DATES]),
    rating100=st.none() | st.integers(1, 100),
    director=some_text,
    studio=st.none() | some_text,
    performers=some_names,
    tags=some_names,
)
items = st.builds(
    lambda values: full("/m/Night Walk.mp4", values=values),
    st.fixed_dictionaries(
        {
            "title": some_text,
            "summary": some_text,
            "studio": some_text,
            "date": st.sampled_from(DATES),
            "rating": st.none() | st.floats(0, 10),
            "performers": some_names.map(tuple),
            "tags": some_names.map(tuple),
            "director": some_names.map(tuple),
            "collection": some_names.map(tuple),
        }
    ),
)
switches = st.sets(st.sampled_from(sorted(ALL_FIELDS)), min_size=1).map(frozenset)
settings_of_first_sync = st.sampled_from(FirstSync)
honest = st.builds(Server, replaces=st.booleans())
any_server = st.builds(
    Server,
    replaces=st.booleans(),
    spells=st.sampled_from([str, str.upper, str.strip, lambda sent: sent[:3]]),
    refuses=st.frozensets(st.sampled_from(sorted([*ALL_FIELDS, *NAMES])), max_size=4),
)


def synced(
    of: Scene,
    item: FullItem,
    base: ItemRecord | None,
    server: Server,
    first_sync: FirstSync,
    enabled: frozenset[str] = ALL_FIELDS,
) -> tuple[FullItem, ItemRecord, ItemPlan]:
    """One sync of one item: what Plex shows then, what is remembered, and what was planned."""
    plan = plan_item(desired(of, enabled), item, base, first_sync)
    after = server.apply(plan, item)
    return after, recorded(plan, after, base), plan


def left_at(of: ItemRecord, field: str) -> tuple[Value, Value, frozenset[str]] | None:
    """What a record says of a field, but for the order of what is kept."""
    left = of.fields.get(field)
    if left is None:
        return None
    # Where only our own entries are ours to remove, a name that the server spelled anew is kept.
    kept = () if BY_NAME[field].clear is Clear.OWN else left.kept
    return left.sent, left.read_back, frozenset(kept)


def keys(item: FullItem, field: str) -> frozenset[str]:
    return name_keys(BY_NAME[field].normal(item.values[field]))


@FEWER
@given(scenes, scenes, items, any_server, settings_of_first_sync, switches)
def test_a_second_sync_writes_nothing(
    of: Scene,
    edited: Scene,
    item: FullItem,
    server: Server,
    first_sync: FirstSync,
    enabled: frozenset[str],
) -> None:
    """Also where the server alters or refuses; and reconcile sees no drift in what it left."""
    base: ItemRecord | None = None
    for now in (of, edited):
        item, base, _ = synced(now, item, base, server, first_sync, enabled)
        again, same, plan = synced(now, item, base, server, first_sync, enabled)
        assert plan.changes == ()
        assert tally(plan.changes) == Tally()
        assert again.values == item.values
        assert {name: left_at(same, name) for name in BY_NAME} == {
            name: left_at(base, name) for name in BY_NAME
        }
        assert altered_fields(base, item, ALL_FIELDS) == []
        left = record(base, fingerprint=fingerprint(desired(now, enabled)))
        wanted = fingerprint(desired(now, enabled))
        assert drift_of(left, wanted, {item.ref: item}, enabled) is None


@FEWER
@given(scenes, items, honest)
def test_mirror_makes_equal(of: Scene, item: FullItem, server: Server) -> None:
    after, _, _ = synced(of, item, None, server, FirstSync.MIRROR)
    for name, want in desired(of, ALL_FIELDS).values.items():
        field = BY_NAME[name]
        if field.is_list and field.clear is Clear.OWN:
            assert keys(after, name) == name_keys(want) | keys(item, name)
        elif want is not None or field.clear is Clear.ALWAYS:
            assert field.same(want, after.values[name])


@FEWER
@given(scenes, items, any_server)
def test_a_first_merge_clears_and_removes_nothing(
    of: Scene, item: FullItem, server: Server
) -> None:
    after, _, plan = synced(of, item, None, server, FirstSync.MERGE)
    assert tally(plan.changes).cleared == 0
    assert all(change.after is not None and not change.removed for change in plan.changes)
    for field in map(BY_NAME.__getitem__, sorted(ALL_FIELDS)):
        name = field.name
        if field.is_list:
            assert keys(item, name) <= keys(after, name)
        elif field.normal(item.values[name]) is not None and name not in server.refuses:
            assert after.values[name] not in (None, "")


@FEWER
@given(scenes, scenes, items, honest)
def test_after_a_merge_removals_in_stash_arrive_and_hand_work_stays(
    of: Scene, edited: Scene, item: FullItem, server: Server
) -> None:
    middle, base, _ = synced(of, item, None, server, FirstSync.MERGE)
    after, _, _ = synced(edited, middle, base, server, FirstSync.MERGE)
    first, second = desired(of, ALL_FIELDS).values, desired(edited, ALL_FIELDS).values
    for name in ("performers", "tags", "director"):
        hand_work = keys(item, name) - name_keys(first[name])
        assert keys(after, name) == name_keys(second[name]) | hand_work
    for name in ("summary", "studio"):
        field = BY_NAME[name]
        if second[name] is not None:
            assert field.same(second[name], after.values[name])
        elif first[name] is not None:
            assert after.values[name] == ""
        else:
            assert after.values[name] == item.values[name]


@FEWER
@given(scenes, scenes, items, any_server, settings_of_first_sync)
def test_titles_are_never_cleared_and_foreign_ratings_never_taken(
    of: Scene, edited: Scene, item: FullItem, server: Server, first_sync: FirstSync
) -> None:
    foreign = of.said["rating100"] is None
    base: ItemRecord | None = None
    before = item
    for now in (of, edited):
        item, base, plan = synced(now, item, base, server, first_sync)
        assert all(change.after for change in plan.changes if change.field == "title")
    if foreign and edited.said["rating100"] is None:
        assert item.values["rating"] == before.values["rating"]


@FEWER
@given(scenes, scenes, scenes, items, honest, settings_of_first_sync)
def test_of_collections_only_what_we_added_is_ever_removed(
    of: Scene,
    edited: Scene,
    again: Scene,
    item: FullItem,
    server: Server,
    first_sync: FirstSync,
) -> None:
    shown, base = item, None
    for now in (of, edited, again):
        shown, base, _ = synced(now, shown, base, server, first_sync)
        wanted = name_keys(desired(now, ALL_FIELDS).values["collection"])
        assert keys(shown, "collection") == keys(item, "collection") | wanted


@FEWER
@given(scenes, items, settings_of_first_sync, honest)
def test_a_rating_of_ours_goes_with_stashs(
    of: Scene, item: FullItem, first_sync: FirstSync, server: Server
) -> None:
    rated = scene(*of.files, rating100=77)
    item, base, _ = synced(rated, item, None, server, first_sync)
    cleared, _, _ = synced(scene(*of.files), item, base, server, first_sync)
    assert cleared.values["rating"] is None
    by_hand = full(*base.files, values={**item.values, "rating": 3.0})
    left, _, _ = synced(scene(*of.files), by_hand, base, server, first_sync)
    assert left.values["rating"] == 3.0


@FEWER
@given(scenes, scenes, items, any_server, settings_of_first_sync, switches)
def test_a_field_that_is_off_is_left_and_keeps_its_base(
    of: Scene,
    edited: Scene,
    item: FullItem,
    server: Server,
    first_sync: FirstSync,
    enabled: frozenset[str],
) -> None:
    item, base, _ = synced(of, item, None, server, first_sync)
    after, later, plan = synced(edited, item, base, server, first_sync, enabled)
    off = ALL_FIELDS - enabled
    assert not off & {change.field for change in plan.changes}
    assert {name: after.values[name] for name in off} == {name: item.values[name] for name in off}
    assert all(later.fields.get(name) == base.fields.get(name) for name in off)


@FEWER
@given(scenes, scenes, items, honest, settings_of_first_sync)
def test_a_change_is_whole_and_can_be_undone(
    of: Scene, edited: Scene, item: FullItem, server: Server, first_sync: FirstSync
) -> None:
    item, base, _ = synced(of, item, None, server, first_sync)
    plan = plan_item(desired(edited, ALL_FIELDS), item, base, first_sync)
    for change in plan.changes:
        field, shown = BY_NAME[change.field], item.values[change.field]
        assert not field.same(change.after, shown)
        if not field.is_list:
            assert change.before == (None if field.normal(shown) is None else shown)
            continue
        assert isinstance(change.before, tuple)
        assert change.before == tuple(dict.fromkeys(shown if isinstance(shown, tuple) else ()))
        left = tuple(name for name in change.before if name not in change.removed)
        assert change.after == left + change.added
        assert set(change.removed) <= set(change.before)
        assert not name_keys(change.added) & name_keys(change.before)
        assert not name_keys(change.after) & name_keys(change.removed)
