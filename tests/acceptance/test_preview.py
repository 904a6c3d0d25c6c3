"""A preview writes nothing, and what follows it writes what it has shown, edit for edit."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.tasks.preview import apply_preview, look_at_apply, preview_all, preview_queue
from core.errors import DrainBusy
from core.fields import PICTURES
from plex.exceptions import PlexServerDown
from simulators.library.generate import generate
from simulators.library.oracle_fields import WITH_COLLECTIONS, FirstSync
from sync_queue.lock import DrainLock
from tests.acceptance.conftest import Open
from tests.acceptance.faults import BUSY, WRONG
from tests.acceptance.oracle_check import verdict
from tests.acceptance.plans import Edit, apply, planned, written
from tests.acceptance.plex_state import differing, now
from tests.acceptance.site import Site
from tests.acceptance.soak import chosen
from tests.stored import plan_of

CASES = (
    *("empty_no_agent", "empty_agent", "drift_title", "extra_genre", "cleared_lists"),
    *("cleared_details", "in_sync", "two_sections", "missing_inside", "bare"),
)
CHANGING = CASES[:6]
SCENES = 3 * len(CASES)


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(generate(SCENES, seed=9, only=CASES, cover_share=0.5))


@pytest.fixture
def site(library: Site, data: Path) -> Iterator[Site]:
    library.forget(data)
    library.both.plex.load(library.both.seed)
    use(library)
    yield library
    library.both.plex.faults([])
    library.both.stash.faults([])
    library.behind("import_scenes", scenes=library.both.seed["stash"]["scenes"])


def use(site: Site, **settings: Any) -> None:
    site.use(
        **{
            "first_sync": "mirror",
            "max_clear_percent": 100,
            "sync_poster": True,
            "sync_background": True,
            **settings,
        }
    )


def test_a_preview_changes_nothing(site: Site) -> None:
    before, queued = now(site), site.queued()
    site.reset_counters()

    ended = site.run("reconcile_preview")

    shown = ended.output
    assert site.writes() == 0
    assert (now(site), site.queued(), site.recorded()) == (before, queued, {})
    assert shown["enqueued_count"] == 0
    assert shown["total_gaps"] > 0
    assert shown["scenes_planned"] == shown["scenes_changing"] + shown["unchanged"]
    assert shown["guard"] == ""
    assert shown["lines"][0].startswith("scene ")
    assert shown["lines"][0] in ended.log
    assert f"Preview {shown['run_id']}: of {shown['scenes_planned']} scenes, " in ended.log
    with site.state() as state:
        changes = [each.change for each in plan_of(state, shown["run_id"])]
    counted = sum(len(each.added) + len(each.removed) or 1 for each in changes)
    assert counted == sum(shown["totals"].values())
    by_kind: dict[str, int] = {}
    for kinds in shown["changes"].values():
        for kind, count in kinds.items():
            by_kind[kind] = by_kind.get(kind, 0) + count
    assert by_kind == shown["totals"]
    assert set(by_kind) == {"set", "change", "clear", "add", "remove"}
    assert shown["changes"].keys() >= PICTURES


@pytest.mark.parametrize(
    ("first_sync", "reading"), [("mirror", "additive"), ("merge", "replacing")]
)
def test_what_is_applied_is_what_was_shown(site: Site, first_sync: FirstSync, reading: str) -> None:
    use(site, first_sync=first_sync, sync_collection=True)
    site.both.plex.configure(edit_section=reading)
    stash, before = site.both.stash.state(), site.both.plex.state()
    shown = site.do(preview_all)
    edits = planned(site, shown["run_id"])
    site.both.plex.control("DELETE", "writes")

    applied = site.do(apply_preview)

    wrote = written(site, "apply_preview")
    assert set(wrote) == edits
    assert len(wrote) == len(edits) == applied["planned"] == applied["applied"]
    assert applied["items_edited"] == len({e[0] for e in edits if e[1] not in PICTURES})
    assert (applied["changed_meanwhile"], applied["already"], applied["failed"]) == (0, 0, 0)
    assert applied["scenes_done"] == shown["scenes_changing"]
    _requests_are_as_few_as_can_be(site, edits)
    after = site.both.plex.state()
    wrong = verdict(stash, site.truth, before, after, first_sync, fields=WITH_COLLECTIONS)
    assert wrong == []
    assert site.do(preview_all)["scenes_changing"] == 0
    again = site.reconcile()
    assert again["drift_count"] == shown["unchanged"]
    assert site.drain()["items_edited"] == 0


def _requests_are_as_few_as_can_be(site: Site, edits: set[Edit]) -> None:
    """One edit for all fields of an item; a picture is one more, and their locks one together."""
    fields: dict[str, set[str]] = {}
    for ref, name, _, _ in edits:
        fields.setdefault(ref.key, set()).add(name)
    wrote = site.both.plex.control("GET", "writes")
    assert wrote.keys() == fields.keys()
    for key, names in fields.items():
        pictures = len(names & PICTURES)
        assert wrote[key] <= bool(names - PICTURES) + pictures + bool(pictures)


def test_a_drain_writes_what_was_shown_as_well(site: Site) -> None:
    shown = site.do(preview_all)
    edits = planned(site, shown["run_id"])

    site.reconcile()
    with site.context() as context:
        due = preview_queue(context)
    drained = site.drain()

    assert planned(site, due["run_id"]) == edits
    assert set(written(site, "drain")) == edits
    assert drained["values_touched"] == shown["values_touched"]
    assert drained["values_cleared"] == shown["values_cleared"]
    assert due["left_out"] == drained["retried"] + drained["skipped"]


@pytest.mark.parametrize(
    "mode",
    chosen(["reconcile_missing_metadata", "process_queue", "recent"], ["reconcile_recent", "all"]),
)
def test_a_dry_run_of_another_task(site: Site, mode: str) -> None:
    for scene in site.both.seed["stash"]["scenes"]:
        site.edit_scene(scene["id"], organized=True)  # all of them are recent now
    site.enqueue(*site.scenes("drift_title"))
    before, queued = now(site), site.queued()

    shown = site.run(mode, dry_run="true").output

    assert (now(site), site.queued(), site.recorded()) == (before, queued, {})
    changing = {
        "reconcile_recent": CHANGING,
        "reconcile_missing_metadata": ("empty_no_agent", "empty_agent"),
        "process_queue": ("drift_title",),
        "all": CHANGING,
        "recent": CHANGING,
    }
    with site.state() as state:
        scenes = state.plans.scene_ids(shown["run_id"])
    assert scenes == sorted(scene for case in changing[mode] for scene in site.scenes(case))
    assert ("total_gaps" in shown) == mode.startswith("reconcile")
    with site.state() as state:
        (run,) = state.runs.latest(limit=1)
    assert (run.kind, run.status, run.id) == ("preview", "done", shown["run_id"])


def test_only_the_plan_is_written_minus_what_changed_meanwhile(site: Site) -> None:
    site.reconcile()
    shown = site.do(preview_all)
    in_plex, in_stash, gone, right = site.scenes("empty_no_agent") + site.scenes("drift_title")[:1]
    site.hand_edit(site.key(in_plex), title="By hand", genre=["Mine"])
    site.edit_scene(in_stash, title="Said since", details="New.")
    site.drop_item(site.key(gone))
    later = site.scene("in_sync")
    site.edit_scene(later, title="Not in the plan")
    title = next(s["title"] for s in site.both.seed["stash"]["scenes"] if s["id"] == right)
    site.hand_edit(site.key(right), title=title, lock=False)
    before = now(site)
    edits = planned(site, shown["run_id"])

    look = site.do(look_at_apply)
    assert now(site) == before
    applied = site.do(apply_preview)

    assert set(written(site, "apply_preview")) < edits
    left = {
        (ref.key, name)
        for ref, name, _, _ in edits - set(written(site, "apply_preview"))
        if ref.key != site.key(gone)
    }
    assert left == {
        *((site.key(in_plex), name) for name in ("title", "tags")),
        *((site.key(in_stash), name) for name in ("title", "summary")),
        (site.key(right), "title"),
    }
    assert applied["already"] == 1
    gone_too = sum(ref.key == site.key(gone) for ref, *_ in edits)
    assert applied["changed_meanwhile"] == 4 + gone_too == len(applied["changed"])
    assert applied["applied"] + applied["already"] + applied["changed_meanwhile"] == len(edits)
    for name in ("planned", "applied", "already", "changed_meanwhile", "changed", "scenes_done"):
        assert look[name] == applied[name]
    assert site.item(site.key(later))["title"] != "Not in the plan"
    _records_claim_no_more_than_is_true(site, [in_plex, in_stash], gone)


def _records_claim_no_more_than_is_true(site: Site, partly: list[int], gone: int) -> None:
    """The jobs of scenes that are done have ended; the others bring the rest."""
    assert set(partly) | {gone} <= set(site.queued())
    assert not set(site.queued()) & set(site.scenes("drift_title"))
    assert site.record(gone) is None
    for scene in partly:
        record = site.record(scene)
        assert record is not None
        assert (record.fingerprint, record.scene_updated_at) == ("", 0.0)
        (item,) = record.items
        assert "studio" in item.fields
        assert item.fields["studio"].locked
        assert "title" not in item.fields
    with site.queue() as queue:
        queue.clear_waiting()
    assert set(partly) <= set(_reconciled(site))
    site.drain()
    for scene in partly:
        assert site.item(site.key(scene))["title"] != "By hand"
        record = site.record(scene)
        assert record is not None
        assert record.fingerprint
    site.drain()
    assert not set(partly) & set(_reconciled(site))


def _reconciled(site: Site) -> dict[int, str]:
    site.reconcile()
    return site.queued()


def test_an_applied_preview_can_be_undone(site: Site) -> None:
    before = now(site)
    site.do(preview_all)
    site.do(apply_preview)

    site.run("undo_last_run")

    assert differing(before, now(site)) == {}


def test_applying_twice_writes_once(site: Site) -> None:
    shown = site.do(preview_all)
    site.do(apply_preview)
    site.reset_counters()

    again = apply(site, run_id=str(shown["run_id"]))

    assert site.writes() == 0
    pictures = sum(sum(shown["changes"].get(name, {}).values()) for name in PICTURES)
    assert again["already"] == again["planned"] - pictures
    assert again["changed_meanwhile"] == pictures


def test_plex_going_down_keeps_the_jobs(site: Site) -> None:
    site.reconcile()
    queued = site.queued()
    shown = site.do(preview_all)
    site.both.plex.faults([{"match": "PUT ", "after": 4, "times": -1, **BUSY}])

    with pytest.raises(PlexServerDown):
        site.do(apply_preview)

    site.both.plex.faults([])
    with site.state() as state:
        proven = state.records.ids()
    assert set(site.queued()) == set(queued) - proven
    assert site.do(apply_preview)["failed"] == 0
    with site.state() as state:
        changing = set(state.plans.scene_ids(shown["run_id"]))
    # Of the scene in hand a part had arrived, so it is no longer what the preview has shown.
    left = set(site.queued())
    assert left >= set(queued) - changing
    assert len(left & changing) <= 1
    with site.state() as state:
        statuses = [run.status for run in state.runs.latest("apply_preview")]
    assert statuses == ["done"]  # it went on where it was cut off


def test_a_cover_that_cannot_be_had_is_tried_again_alone(site: Site) -> None:
    shown = site.do(preview_all)
    site.both.stash.faults([{"match": "GET /scene/\\d+/screenshot", "times": -1, **WRONG}])

    applied = site.do(apply_preview)

    assert applied["failed"] > 0
    assert "cover" in applied["failures"][0] or "page" in applied["failures"][0]
    site.both.stash.faults([])
    with site.state() as state:
        state.outages.succeeded("pictures", time.time())  # or no picture would be asked for yet
    site.reconcile()
    site.drain()
    assert site.do(preview_all)["scenes_changing"] == 0
    pictures = {e[:2] for e in planned(site, shown["run_id"]) if e[1] in PICTURES}
    assert pictures <= {e[:2] for e in written(site, "drain")}


# What to say -------------------------------------------------------------------------------


def test_a_preview_that_fails_is_not_applied(site: Site) -> None:
    site.do(preview_all)
    site.both.stash.faults([{"match": "findScenes\\(", "after": 1, "times": -1, **BUSY}])
    site.both.plex.faults([{"match": "GET /library/metadata", "times": -1, **BUSY}])
    ended = site.run("reconcile_preview")
    assert "HTTP 503" in ended.error
    site.both.stash.faults([])
    site.both.plex.faults([])

    assert site.do(apply_preview)["preview"] == 1


def test_it_waits_for_no_other_run(site: Site) -> None:
    site.do(preview_all)
    with DrainLock(site.data):
        with pytest.raises(DrainBusy, match="Start 'Apply Preview' again"):
            site.do(apply_preview)
        assert "Start 'Undo Last Run' again" in site.run("undo_last_run").error
        assert site.do(look_at_apply)["applied"] > 0


def test_with_every_field_off_there_is_nothing_to_plan(site: Site) -> None:
    use(site, sync_master=False)

    assert "all fields are switched off" in site.do(preview_all)["note"]
    assert "all fields are switched off" in site.do(apply_preview)["note"]
    assert "has no dry_run" in site.run("clear_queue", dry_run="yes").error
