"""The page after real work on a real library: what a reconcile finds, and what a sync leaves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from app.page.context import PageContext
from app.page.operations import OPERATIONS
from storage.page.page_facts import LAST
from tests.acceptance.entry import ROOT
from tests.acceptance.site import Site
from tests.ui import shapes

LEFT_ALONE = ("ambiguous", "contested", "outside", "ungated", "undone", "ignored", "refused")


@pytest.fixture
def site(mixed_site: Site) -> Site:
    return mixed_site


def ask(site: Site, mode: str, **args: Any) -> dict[str, Any]:
    """The answer to a read, through JSON as Stash gets it."""
    context = PageContext(site.data, ROOT, args, {}, {})
    told: dict[str, Any] = json.loads(json.dumps(OPERATIONS[mode](context)))
    return told


def gaps(site: Site, **args: Any) -> dict[str, dict[str, Any]]:
    return {row["scene_id"]: row for row in ask(site, "page_gaps", per_page=200, **args)["rows"]}


def test_the_page_shows_what_the_reconcile_found_and_no_longer_what_is_synced(site: Site) -> None:
    found = site.reconcile()

    told = ask(site, "page_overview")
    types = {kind: len(gaps(site, type=kind)) for kind in told["tiles"]["gaps_by_type"]}
    assert types == told["tiles"]["gaps_by_type"]
    assert types["ambiguous"] == found["ambiguous_count"] > 0
    assert types["missing"] == found["missing_count"] + found["vanished_count"] > 0
    assert len(gaps(site, type="outside")) == found["outside_count"] > 0
    assert ask(site, "page_orphans")["total"] == found["orphan_count"] > 0
    assert told["tiles"]["scenes"] == found["scenes_checked"]
    rows = gaps(site)
    assert all(row["title"] and row["reason"] and row["path"] for row in rows.values())
    assert not [row for row in rows.values() if "_" in row["reason"].partition("'")[0]]
    assert all(row["candidates"] for row in gaps(site, type="ambiguous").values())
    queued = {scene_id for scene_id, row in rows.items() if row["queued"]}
    assert queued == {str(scene_id) for scene_id in site.queued()}
    items = {f"{i['section']}:{i['rating_key']}" for row in rows.values() for i in row["items"]}
    assert items <= site.rightful().keys()

    site.drain()

    left = gaps(site)
    assert left.keys() == {scene_id for scene_id, row in rows.items() if not row["queued"]} | {
        str(scene_id) for scene_id in {**site.queued(), **site.dead()}
    }
    after = ask(site, "page_overview")["tiles"]
    assert after["in_step"] == told["tiles"]["in_step"] + len(rows) - len(left)
    run = ask(site, "page_runs")["rows"][0]
    changes = ask(site, "page_run", run_id=run["run_id"])
    assert run["can_undo"]
    assert changes["total"] > 0
    assert all(row["title"] and row["library"] for row in changes["rows"])


def test_a_run_over_recent_scenes_leaves_the_rest_as_it_was_found(site: Site) -> None:
    site.reconcile()
    before = gaps(site)
    site.run("reconcile_recent")
    assert gaps(site).keys() == before.keys()


def test_what_was_undone_is_brought_again_where_somebody_asks_for_it(site: Site) -> None:
    site.reconcile()
    site.drain()
    undone = site.run("undo_last_run").output
    assert undone["restored"]
    scene = site.scene("empty_no_agent")
    before = site.item(site.key(scene))

    context = PageContext(site.data, ROOT, {"scene_ids": [str(scene)]}, {}, {}, looks_only=False)
    assert OPERATIONS["sync_scenes"](context)["queued"] == 1
    site.drain()

    assert site.item(site.key(scene)) != before
    record = site.record(scene)
    assert record is not None
    assert not record.undone


def test_what_is_ignored_is_left_alone_by_all(site: Site) -> None:
    stale, drifted = site.scene("stale"), site.scene("drift_title")
    site.inherit_timestamps()
    with site.state() as state:
        state.ignored.add({stale: "Stale", drifted: "Drifted"}, 1.0)

    found = site.reconcile()

    assert found["ignored_count"] == 2
    alone = found["scenes_checked"] - found["scenes_with_gaps"] - found["in_order_count"]
    assert alone == sum(found[f"{each}_count"] for each in LEFT_ALONE)
    assert not {stale, drifted} & site.queued().keys()
    assert gaps(site, type="ignored").keys() == {str(stale), str(drifted)}
    before = ask(site, "page_orphans")["total"]
    site.enqueue(stale)
    site.reset_counters()
    written = site.drain()
    assert stale not in site.queued()
    assert site.record(stale) is None
    assert written["skipped"] >= 1
    assert site.run("all").output["ignored_count"] == 2
    assert ask(site, "page_orphans")["total"] == before == found["orphan_count"]


def test_a_preview_is_shown_as_it_was_made(site: Site) -> None:
    told = site.run("reconcile_preview").output
    plan = ask(site, "page_plan", per_page=200)
    assert plan["counts"]["scenes"] == told["scenes_changing"] == plan["total"]
    kinds = ("set", "clear", "add", "remove", "pictures")
    assert sum(plan["counts"][kind] for kind in kinds) == sum(told["totals"].values())
    assert plan["can_apply"]


def test_a_task_leaves_its_log_and_its_figures(site: Site) -> None:
    site.run("reconcile_all")
    log = ask(site, "page_log")
    assert log["rows"][0]["task"] == "Reconcile Library (All)"
    assert any("scenes with gaps" in row["text"] for row in log["rows"])
    told = ask(site, "page_overview")
    assert not told["needs_setup"]
    assert told["next_reconcile_at"] is not None
    assert told["running"] is None
    with site.context() as context, context.open_page() as page:
        assert page.get_value(LAST)["libraries"]
    before = ask(site, "page_log")["total"]
    answered = site.run("page_overview")
    assert answered.output["tiles"] == told["tiles"]
    assert not answered.stderr
    assert ask(site, "page_log")["total"] == before


# What the tests of the page's scripts take for the plugin's answers ----------------------------

FREE = {"gaps_by_type"}  # its keys are those that occur
EXAMPLES = {
    "page_scene": {"scene_id": "3"},
    "page_run": {"run_id": "7"},
}


def differences(assumed: Any, real: Any, place: str) -> Iterator[str]:
    """Where an assumed answer has what the real one lacks, or what is of another type there."""
    if assumed is None or real is None:
        return
    if isinstance(assumed, dict) and isinstance(real, dict):
        for key, value in assumed.items():
            if key in real:
                yield from differences(value, real[key], f"{place}.{key}")
            elif place.rpartition(".")[2] not in FREE:
                yield f"{place} has no {key}"
    elif isinstance(assumed, list) and isinstance(real, list):
        yield from (each for one in real[:1] for each in differences(assumed[0], one, place))
    elif isinstance(assumed, (int, float)) and isinstance(real, (int, float)):
        return
    elif type(assumed) is not type(real):
        yield f"{place} is {type(real).__name__}, not {type(assumed).__name__}"


def test_the_tests_of_the_page_assume_what_the_plugin_answers(site: Site) -> None:
    preview = site.run("reconcile_preview").output["run_id"]
    site.reconcile()
    site.drain()
    scene = site.scene("stale")
    site.edit_scene(scene, title="Another")
    site.reconcile()
    with site.state() as state:
        drain = state.runs.latest("drain", limit=1)[0].id
    args: dict[str, dict[str, Any]] = {
        "page_scene": {"scene_id": str(scene)},
        "page_run": {"run_id": drain},
        "page_plan": {"run_id": preview},
    }
    found: list[str] = []
    for mode, assumed in shapes.READS.items():
        if mode == "page_scene":
            real = site.run(mode, **args[mode]).output
        else:
            real = ask(site, mode, **args.get(mode, {}))
        told = json.loads(json.dumps(assumed(EXAMPLES.get(mode, {}))))
        found += differences(told, real, mode)
    assert found == []
