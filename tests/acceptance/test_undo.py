"""A run taken back: Plex stands as before, but for what somebody changed since."""

from __future__ import annotations

import random
from typing import Any

import pytest

from app.tasks.undo import look_at_undo
from tests.acceptance.plex_state import differing, now
from tests.acceptance.site import Site
from tests.acceptance.soak import chosen
from tests.acceptance.undo_library import library, site, sync, undo, use

__all__ = ["library", "site"]  # fixtures

SERVERS: dict[str, tuple[str, dict[str, Any]]] = {
    "adding": ("mirror", {}),
    "adding to what is there": ("merge", {}),
    "replacing": ("mirror", {"edit_section": "replacing", "pictures_lock": False}),
    "one removal at a time": ("mirror", {"single_removal": True, "removal_last": True}),
    "altering": ("mirror", {"round_rating": True, "strip_text": True}),
    "refusing": ("mirror", {"refuse_fields": ["genre", "summary"]}),
}


@pytest.mark.parametrize(
    "server",
    chosen(
        ["adding to what is there", "replacing", "one removal at a time", "refusing"],
        ["adding", "altering"],
    ),
)
def test_undone_plex_stands_as_before(site: Site, server: str) -> None:
    first_sync, switches = SERVERS[server]
    use(site, first_sync=first_sync)
    site.both.plex.configure(**switches)
    before = now(site)
    drained = sync(site)
    synced = now(site)
    assert drained["uploads"] > 0
    site.both.plex.control("DELETE", "writes")

    undone = undo(site)

    assert differing(before, now(site)) == {}
    assert (undone["changed_since"], undone["failed"], undone["gone"]) == (0, 0, 0)
    assert undone["items_edited"] == len(differing(before, synced))
    if "single_removal" not in switches and "refuse_fields" not in switches:
        _written_once(site)

    # What was undone is left alone, and an undo can be undone.
    found = site.reconcile()
    assert found["undone_count"] == undone["scenes"]
    site.drain()
    assert differing(before, now(site)) == {}
    undo(site)
    assert differing(synced, now(site)) == {}
    found = site.reconcile()
    assert (found["total_gaps"], found["undone_count"]) == (0, 0)


def _written_once(site: Site) -> None:
    """One edit an item, and one request for each of its pictures."""
    for key, count in site.both.plex.control("GET", "writes").items():
        assert count <= 3, key


def test_a_look_says_what_would_be_done_and_does_nothing(site: Site) -> None:
    sync(site)
    synced = now(site)
    site.reset_counters()

    look = site.do(look_at_undo)

    assert site.writes() == 0
    assert now(site) == synced
    assert look["run_id"] is None
    assert look["restored"] > look["items_edited"] >= len(look["lines"]) > 0
    told = undo(site)
    names = ("restored", "already", "changed_since", "items_edited", "scenes", "undone_run")
    assert [told[name] for name in names] == [look[name] for name in names]


def test_what_was_changed_since_stays_and_is_reported(site: Site) -> None:
    before = now(site)
    sync(site)
    first, second = (site.items(scene)[0] for scene in site.scenes("empty_no_agent")[:2])
    site.hand_edit(_key(first), title="By hand", genre=["Mine"])
    site.hand_edit(_key(second), originallyAvailableAt="1999-09-09")
    third = site.items(site.scene("extra_genre"))[0]
    site.drop_item(_key(third))

    undone = undo(site)

    left = differing(before, now(site))
    assert left.pop(third)
    assert left.keys() == {first, second}
    assert left[first].keys() == {"title", "genre", "locked"}
    assert left[second].keys() - {"year"} == {"originallyAvailableAt", "locked"}
    assert (undone["changed_since"], undone["gone"]) == (3, 1)
    assert any("title is now “By hand”, left as it is" in line for line in undone["changed"])


def test_values_set_back_by_hand_lose_only_our_lock(site: Site) -> None:
    scene = site.scene("empty_no_agent")
    key, before = site.key(scene), now(site)
    sync(site)
    site.hand_edit(key, studio="", lock=False)

    undone = undo(site)

    assert differing(before, now(site)) == {}
    assert undone["already"] == 0


def test_an_undone_scene_comes_back_when_stash_says_something_else(site: Site) -> None:
    sync(site)
    scenes = undo(site)["scenes"]
    before = now(site)
    saved, changed = site.scenes("empty_no_agent")[:2]
    site.edit_scene(saved, organized=True)  # moves updated_at, and nothing that is synced
    site.edit_scene(changed, details="Something else.")

    found = site.reconcile()

    assert list(site.queued()) == [changed]
    assert found["undone_count"] == scenes - 1
    site.enqueue(saved)
    drained = site.drain()
    assert (drained["skipped"], drained["items_edited"]) == (1, 1)
    (item,) = differing(before, now(site))
    assert item == site.items(changed)[0]
    record = site.record(changed)
    assert record is not None
    assert not record.undone
    # All of the scene arrives, also what was undone.
    assert site.item(site.key(changed))["genre"]
    assert site.reconcile()["total_gaps"] == 0


def test_another_run_can_be_named(site: Site) -> None:
    before = now(site)
    sync(site)
    scene = site.scene("in_sync")
    site.edit_scene(scene, title="A later title")
    sync(site)
    with site.state() as state:
        first = state.runs.latest("drain")[1].id

    undone = undo(site, run_id=str(first))

    assert undone["undone_run"] == first
    left = differing(before, now(site))
    assert left.keys() == set(site.items(scene))
    with site.state() as state:
        known = state.runs.get(undone["run_id"])
    assert known is not None
    assert (known.kind, known.status, known.figures["restored"]) == (
        "undo",
        "done",
        undone["restored"],
    )


def test_what_a_later_sync_wrote_stays(site: Site) -> None:
    sync(site)
    scene = site.scene("empty_no_agent")
    site.edit_scene(scene, title="A later title")
    sync(site)
    with site.state() as state:
        first = state.runs.latest("drain")[1].id

    undone = undo(site, run_id=first)

    assert site.item(site.key(scene))["title"] == "A later title"
    assert undone["changed_since"] == 1


@pytest.mark.parametrize("seed", range(2))
def test_any_history_can_be_taken_back(site: Site, seed: int) -> None:
    """Random edits on both sides, synced and undone, with hand edits in between."""
    chance = random.Random(seed)
    use(site, first_sync=chance.choice(["merge", "mirror"]), preserve_plex_edits=seed == 1)
    site.both.plex.configure(edit_section=chance.choice(["additive", "replacing"]))
    scenes = sorted(set(site.rightful().values()))
    sync(site)
    for _ in range(3):
        for scene in chance.sample(scenes, 6):
            site.edit_scene(scene, **_any_edit(chance))
        for scene in chance.sample(scenes, 3):
            site.hand_edit(site.key(scene), **_any_hand_edit(chance))
        site.reconcile()
        before = now(site)
        if site.drain()["items_edited"] == 0:
            continue
        edited = {
            (site.items(scene)[0], name): value
            for scene in chance.sample(scenes, 3)
            for name, value in _any_hand_edit(chance).items()
        }
        for (item, name), value in edited.items():
            site.hand_edit(_key(item), **{name: value})

        undone = undo(site)

        left = differing(before, now(site))
        fields = {(item, name) for item, row in left.items() for name in row}
        assert fields - edited.keys() <= {(item, "locked") for item, _ in edited}
        for (item, name), value in edited.items():
            assert _shown(site, item, name) == (sorted(value) if name == "genre" else value)
        assert undone["failed"] == 0


def _any_edit(chance: random.Random) -> dict[str, Any]:
    edits: list[dict[str, Any]] = [
        {"title": f"Title {chance.random():.6f}"},
        {"details": chance.choice(["", "Line one.\n\nLine two, “quoted” 🎬."])},
        {"rating100": chance.choice([None, 35, 80])},
        {"date": chance.choice(["2001-02-03", None])},
        {"performer_ids": [str(i) for i in chance.sample(range(1, 8), 3)]},
        {"tag_ids": [str(i) for i in chance.sample(range(1, 12), 4)]},
    ]
    chosen: dict[str, Any] = {}
    for each in chance.sample(edits, 3):
        chosen |= each
    return chosen


def _any_hand_edit(chance: random.Random) -> dict[str, Any]:
    edits: list[dict[str, Any]] = [
        {"title": f"By hand {chance.random():.6f}"},
        {"summary": f"By hand {chance.random():.6f}"},
        {"studio": f"By hand {chance.random():.6f}"},
        {"genre": [f"By hand {chance.randint(1, 9)}", "Mine"]},
    ]
    return chance.choice(edits)


def _shown(site: Site, item: str, name: str) -> Any:
    value = site.item(_key(item)).get(name)
    return sorted(value) if isinstance(value, list) else value


def _key(item: str) -> str:
    return item.partition(":")[2]
