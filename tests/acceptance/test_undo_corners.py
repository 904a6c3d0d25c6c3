"""Undo at its limits: what changed in between, items of other scenes, and what is said."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from core.errors import ConfigError
from core.records import Record
from simulators.library.generate import generate
from storage.state import State
from tests.acceptance.conftest import Open
from tests.acceptance.plex_state import differing, now
from tests.acceptance.site import Site
from tests.acceptance.undo_library import library, site, sync, undo, use
from tests.stored import journal_of

__all__ = ["library", "site"]  # fixtures


def test_a_sort_title_that_went_with_the_title_comes_back(site: Site) -> None:
    scene, locked = site.scenes("drift_title")[:2]
    site.hand_edit(site.key(scene), lock=False, titleSort="000007")
    site.hand_edit(site.key(locked), titleSort="000008")
    before = now(site)
    sync(site)
    synced = now(site)
    assert "titleSort" not in site.item(site.key(scene))

    undo(site)

    assert differing(before, now(site)) == {}
    undo(site)
    assert differing(synced, now(site)) == {}


def test_what_was_changed_between_an_undo_and_its_undo_is_synced_again(site: Site) -> None:
    sync(site)
    synced = now(site)
    undo(site)
    scene = site.scene("drift_title")
    site.hand_edit(site.key(scene), title="By hand")

    redone = undo(site)

    assert redone["changed_since"] == 1
    assert differing(synced, now(site))[site.items(scene)[0]]["title"][1] == "By hand"
    site.reconcile()
    assert list(site.queued()) == [scene]
    site.drain()
    assert differing(synced, now(site)) == {}


def test_an_undo_that_is_undone_out_of_turn_leaves_the_scene_to_the_next_sync(site: Site) -> None:
    scene = site.scene("drift_title")
    sync(site)
    site.edit_scene(scene, details="Something else.")
    sync(site)
    synced = now(site)
    first, _ = [undo(site, run_id=run) for run in reversed(_drains(site))]

    redone = undo(site, run_id=first["run_id"])

    assert redone["restored"] == first["restored"]
    assert list(differing(synced, now(site))) == site.items(scene)
    site.reconcile()
    assert scene in site.queued()
    site.drain()
    assert differing(synced, now(site)) == {}


def test_an_item_that_a_cut_off_run_took_over_is_put_back(
    open_alone: Open, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two scenes are merged; the record still knows the item as that of the other one."""
    site = open_alone(generate(2, seed=3, only=("in_sync",)))
    site.forget(data)
    site.use(first_sync="mirror", max_clear_percent=100)
    sync(site)
    before = now(site)
    passing, scene = site.scenes("in_sync")
    site.behind("merge_scenes", source=[passing], destination=scene)
    site.edit_scene(scene, tag_ids=[])
    site.reconcile()
    _cut_off(site, monkeypatch)
    assert differing(before, now(site)).keys() == {*site.items(passing), *site.items(scene)}

    undone = undo(site)

    assert (undone["changed_since"], differing(before, now(site))) == (0, {})
    assert site.reconcile()["total_gaps"] == 0
    undo(site)
    sync(site)
    assert all(site.item(site.key(each))["genre"] == [] for each in (passing, scene))


@pytest.mark.parametrize("recorded", [False, True])
def test_what_a_cut_off_run_wrote_is_ours_again_once_its_undo_is_undone(
    site: Site, recorded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = site.scene("drift_title")
    use(site, first_sync="merge", preserve_plex_edits=recorded)
    if recorded:
        sync(site)
    site.edit_scene(scene, details="Words that go again.")
    site.enqueue(scene)
    _cut_off(site, monkeypatch)
    undo(site)
    undo(site)
    assert site.item(site.key(scene))["summary"] == "Words that go again."

    site.edit_scene(scene, details="")
    sync(site)

    assert not site.item(site.key(scene))["summary"]


def _cut_off(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A drain that ends between its edits and the records of them."""
    with monkeypatch.context() as patched:
        patched.setattr(State, "remember", _end)
        with pytest.raises(SystemExit):
            site.drain()


def _end(*_: object) -> None:
    raise SystemExit


def _drains(site: Site) -> list[int]:
    """The drains that changed something, newest first."""
    with site.state() as state:
        runs = state.runs.latest("drain")
        return [run.id for run in runs if any(journal_of(state, run.id))]


def test_an_item_that_went_to_another_scene_is_left_to_it(site: Site) -> None:
    sync(site)
    scene, other = site.scenes("empty_no_agent")[:2]
    with site.state() as state:
        mine, taker = state.records.get_many([scene])[scene], state.records.get_many([other])[other]
        state.records.save_many([_with(taker, mine)])
    before = now(site)

    undone = undo(site)

    item = site.items(scene)[0]
    assert item not in differing(before, now(site))
    assert any(f"it belongs to scene {other} now" in line for line in undone["changed"])


def test_an_item_that_has_the_key_of_another_by_now_is_left_alone(site: Site) -> None:
    """A moved file keeps its name; here Plex has scanned another film under the same key."""
    scene = site.scene("drift_title")
    sync(site)
    (item,) = site.items(scene)
    key = site.key(scene)
    title = site.item(key)["title"]
    raw = site.raw_item(key)
    part = {**raw["media"][0][0], "file": "/elsewhere/Another film.mp4"}
    site.drop_item(key)
    site.put_item(item, media=[[part]], title=title)
    before = now(site)

    released, undone = site.run("release"), undo(site, run_id=_drains(site)[0])

    assert released.output["gone"] == undone["gone"] == 1
    assert item not in differing(before, now(site))


def _with(taker: Record, owner: Record) -> Record:
    return dataclasses.replace(taker, items=(*taker.items, *owner.items))


# What to say -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({}, "There is no run that changed anything. Runs are kept for 30 days."),
        ({"run_id": 77}, "There is no run 77."),
        ({"run_id": "1"}, "Run 1 is a reconcile: it has changed nothing in Plex."),
        ({"run_id": "last"}, "'run_id' is 'last'"),
        ({"run_id": True}, "'run_id' is True"),
        ({"run": 77}, "'run' is unknown"),
        ({"run_id": -1}, "'run_id' is -1"),
    ],
)
def test_there_has_to_be_something_to_undo(site: Site, args: dict[str, object], said: str) -> None:
    with site.state() as state:
        state.runs.start("reconcile", 1.0)
    with pytest.raises(ConfigError) as caught:
        undo(site, **args)
    assert said in str(caught.value)


def test_the_task_works_also_while_the_plugin_is_switched_off(site: Site) -> None:
    sync(site)
    synced = now(site)
    use(site, enabled=False)

    ended = site.run("undo_last_run", dry_run="true")

    assert ended.output["run_id"] is None
    assert "would be taken back" in ended.log
    assert now(site) == synced
    assert site.run("undo_last_run").output["restored"] == ended.output["restored"]


@pytest.mark.parametrize("match", ["/library/metadata/KEY/posters", "GET /library/metadata/.*KEY"])
def test_an_item_that_plex_chokes_on_keeps_no_other_from_being_put_back(
    site: Site, match: str
) -> None:
    before = now(site)
    sync(site)
    item = next(
        f"{row['section']}:{key}"
        for key, row in site.both.plex.state()["items"].items()
        if any(each["name"].startswith("upload") for each in row["posters"])
    )
    fails = {"action": "status", "status": 500, "times": -1}
    site.both.plex.faults([{"match": match.replace("KEY", item.partition(":")[2]), **fails}])

    ended = site.run("undo_last_run")

    assert ended.output["failed"] == 1
    assert item in ended.output["failures"][0]
    assert "What failed still waits to be put back: press Undo Last Run again" in ended.log
    site.both.plex.faults([])
    assert differing(before, now(site)).keys() == {item}
    again = undo(site)
    assert again["undone_run"] == ended.output["undone_run"]
    assert differing(before, now(site)) == {}


def test_what_plex_does_not_put_back_is_said_to_have_failed_and_nothing_else(site: Site) -> None:
    before = now(site)
    sync(site)
    site.both.plex.faults([{"match": "^PUT ", "action": "status", "status": 200, "times": -1}])

    ended = site.run("undo_last_run")

    assert ended.output["failed"] > 0
    assert "still shows what it had" in ended.log
    assert "not sent again until Stash changes it" not in ended.log
    site.both.plex.faults([])
    undo(site)
    assert differing(before, now(site)) == {}
