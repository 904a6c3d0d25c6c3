"""The page in use: one scene as both servers have it, chosen scenes, a stop, and Stash between."""

from __future__ import annotations

import dataclasses
import shutil
import time
from collections.abc import Iterator
from typing import Any

import pytest

from app.page.running_task import running_now
from app.page.scene import page_scene
from app.sync_changes.process_queue import process_queue
from app.sync_changes.task import sync_changes
from app.task_runner import MODES, perform
from app.tasks.preview import apply_preview, preview_all
from app.tasks.queue import confirm_stopped_run
from app.tasks.reconcile import reconcile_all
from core.errors import ConfigError, GuardStopped, RunStopped
from simulators.library.generate import generate
from sync_queue.inbox_reader import Inbox
from tests.acceptance.conftest import Open
from tests.acceptance.entry import ENTRY, ROOT
from tests.acceptance.site import Site
from tests.pool import Pool


@pytest.fixture
def site(mixed_site: Site) -> Site:
    return mixed_site


def look(site: Site, scene_id: int) -> dict[str, Any]:
    """The answer of the live read, which writes nothing to Plex."""
    before = site.writes()
    with site.context(scene_id=scene_id) as context:
        told = page_scene(context)
    assert site.writes() == before
    assert told["scene_id"] == str(scene_id)
    return told


def by_name(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {field["name"]: field for field in told["fields"]}


def test_nobody_waits_long_for_a_scene_where_plex_drops_all(site: Site) -> None:
    site.both.plex.faults([{"match": "", "action": "reset", "times": -1}])
    site.reset_counters()
    ended = site.run("page_scene", scene_id=site.scene("in_sync"))
    assert "dropped the connection" in ended.reply["error"]
    assert site.both.plex.counters()["total"] == 2
    site.both.plex.faults([])


def test_a_scene_is_shown_with_both_values_of_each_field(site: Site) -> None:
    scene = site.scene("in_sync")
    site.enqueue(scene)
    assert look(site, scene)["queued"]
    site.drain()
    told = look(site, scene)
    assert (told["state"], told["headline"]) == ("in_step", "In step with Plex.")
    assert told["fields"]
    assert not any(field["differs"] for field in told["fields"])
    assert told["items"][0]["rating_key"] == site.key(scene)
    assert told["items"][0]["library"]
    assert told["plex"]["machine_identifier"]

    site.both.plex.configure(clock_offset=60)
    site.hand_edit(site.key(scene), title="Mine")
    site.edit_scene(scene, details="New words.")
    told = look(site, scene)

    assert told["state"] == "differs"
    assert told["headline"] == "2 fields differ: Title, Summary."
    fields = by_name(told)
    assert (fields["summary"]["stash"], fields["summary"]["kind"]) == ("New words.", "text")
    assert (fields["title"]["plex"], fields["title"]["differs"]) == ("Mine", True)
    site.use(preserve_plex_edits=True)
    title = by_name(look(site, scene))["title"]
    assert (title["differs"], title["kept"]) == (False, True)
    site.use(sync_poster=True)
    poster = by_name(look(site, scene))["poster"]
    assert (poster["kind"], poster["label"]) == ("image", "Poster")


@pytest.mark.parametrize(
    ("case", "state", "action"),
    [
        ("missing_inside", "missing", "sync"),
        ("", "no_metadata", "ignore"),
        ("ambiguous_sizes", "ambiguous", "pin"),
    ],
)
def test_a_scene_without_an_item_says_why(site: Site, case: str, state: str, action: str) -> None:
    bare = site.truth["no_metadata"]
    told = look(site, int(bare[0]) if state == "no_metadata" else site.scene(case))
    assert told["state"] == state, told
    assert told["reason"].endswith(".")
    assert action in told["actions"]
    assert bool(told["candidates"]) == (state == "ambiguous")


def test_a_doubtful_scene_without_metadata_has_its_candidates_too(site: Site) -> None:
    scene = site.scene("ambiguous_sizes")
    site.edit_scene(scene, details="", date=None, studio_id=None, performer_ids=[], tag_ids=[])
    assert look(site, scene)["state"] == "no_metadata"
    site.reconcile()
    told = look(site, scene)
    assert told["state"] == "ambiguous"
    assert len({each["path"] for each in told["candidates"]}) > 1


def test_a_missing_scene_without_metadata_says_both_and_offers_no_sync(site: Site) -> None:
    scene = site.scene("missing_inside")
    site.edit_scene(scene, details="", date=None, studio_id=None, performer_ids=[], tag_ids=[])
    site.reconcile()
    gaps = site.run("page_gaps", type="missing", per_page=200).output["rows"]
    row = next(each for each in gaps if each["scene_id"] == str(scene))
    assert row["reason"].startswith("no item in Plex for any of its files. Stash has no metadata")
    assert not row["can_sync"]
    assert [each["can_sync"] for each in gaps].count(False) < len(gaps)


def test_an_ignored_and_an_outside_scene_say_so(site: Site) -> None:
    outside, ignored = site.scene("missing_outside"), site.scene("stale")
    with site.state() as state:
        state.ignored.add({ignored: "Stale"}, 1.0)
    site.reconcile()
    assert look(site, outside)["state"] == "outside"
    told = look(site, ignored)
    assert (told["state"], told["actions"]) == ("ignored", ["unignore"])


def test_what_stash_does_not_have_is_refused(site: Site) -> None:
    answered = site.run("page_scene", scene_id="99999")
    assert answered.error == "Stash has no scene 99999."
    assert not answered.stderr
    assert site.run("page_scene").error == "Stash has no scene."


def test_chosen_scenes_of_a_preview_are_written_alone(site: Site) -> None:
    shown = site.do(preview_all)
    with site.state() as state:
        planned = state.plans.scene_ids(shown["run_id"])
    chosen = planned[:2]
    with site.context(scene_id=chosen) as context, pytest.raises(ConfigError, match="unknown"):
        apply_preview(context)
    with site.context(scene_ids=[str(each) for each in chosen]) as context:
        applied = apply_preview(context)
    assert applied["scenes_done"] == 2
    assert {scene for scene in planned if site.record(scene)} == set(chosen)


def test_chosen_scenes_of_those_held_are_written_alone(open_alone: Open) -> None:
    site = open_alone(generate(60, seed=2, only=("cleared_lists", "cleared_studio")))
    site.use(first_sync="mirror")
    site.reconcile()
    with pytest.raises(GuardStopped):
        site.drain()
    with site.queue() as queue:
        held = [each.job.scene_id for each in queue.held()]
    with site.context(scene_id=held[:3]) as context, pytest.raises(ConfigError, match="unknown"):
        confirm_stopped_run(context)
    with site.context(scene_ids=held[:3]) as context:
        confirmed = confirm_stopped_run(context)
    assert confirmed["succeeded"] == 3
    with site.queue() as queue:
        assert [each.job.scene_id for each in queue.held()] == held[3:]


def test_sync_everything_leaves_nothing_to_do(site: Site) -> None:
    done = site.run("sync_everything").output
    assert done["reconcile"]["total_gaps"] > 0
    assert done["succeeded"] == done["processed"] - done["retried"] - done["failed"] > 0
    again = site.run("sync_everything").output
    assert again["reconcile"]["enqueued_count"] == 0
    recent = site.run("sync_recent").output
    assert recent["reconcile"]["scenes_checked"] < again["reconcile"]["scenes_checked"]
    assert recent["remaining"] == again["remaining"]


def test_a_drain_that_is_stopped_ends_after_the_scenes_in_hand(site: Site) -> None:
    site.reconcile()
    done = 0
    waiting = len(site.queued())

    def report(_share: float) -> None:
        nonlocal done
        done += 1

    with site.context() as given:
        context = dataclasses.replace(given, on_progress=report, is_stopped=lambda: done >= 3)
        with pytest.raises(RunStopped, match="Stopped, as you asked"):
            perform(MODES["process_queue"], context)
    left = len(site.queued())
    assert 0 < left < waiting
    with site.state() as state:
        run = state.runs.latest("drain", limit=1)[0]
    assert run.status == "partial"
    assert run.figures["succeeded"] == waiting - left >= 3
    with site.context() as context:
        process_queue(context)
    assert differing_jobs(site) == 0


def differing_jobs(site: Site) -> int:
    """How many jobs wait that have not failed."""
    with site.queue() as queue:
        return queue.stats(time.time()).due


@pytest.mark.parametrize("task", [reconcile_all, preview_all])
def test_a_reconcile_that_is_stopped_has_queued_nothing(site: Site, task: Any) -> None:
    with site.context() as given:
        context = dataclasses.replace(given, is_stopped=lambda: True)
        with pytest.raises(RunStopped):
            task(context)
    assert site.queued() == {}
    with site.state() as state:
        assert state.runs.latest(limit=1)[0].status in ("partial", "failed")


def test_sync_changes_that_is_stopped_is_asked_for_by_the_next_change(site: Site) -> None:
    site.reconcile()
    with site.context() as given:
        context = dataclasses.replace(given, is_stopped=lambda: True)
        with pytest.raises(RunStopped):
            sync_changes(context, lambda _seconds: None)
    with Inbox(site.data) as inbox:
        assert inbox.lease().asked_at is None


def test_a_stop_concerns_no_later_task(site: Site) -> None:
    (site.data / "stop-request").touch()
    assert "note" not in site.run("reconcile_all").output
    assert not (site.data / "stop-request").exists()
    assert running_now(site.data, time.time()) is None


# Through Stash -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def in_stash(pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A Stash that has the plugin; its code is that of this checkout."""
    folder = tmp_path_factory.mktemp("stash")
    plugin = folder / "plugins" / "Stash2Plex"
    plugin.mkdir(parents=True)
    shutil.copy(ROOT / "Stash2Plex.yml", plugin)
    start = f"import runpy\nrunpy.run_path({str(ENTRY)!r}, run_name='__main__')\n"
    (plugin / "Stash2Plex.py").write_text(start, encoding="utf-8")
    with pool.both(
        generate(30, seed=8, only=("stale", "drift_title", "in_sync")),
        plugin_dir=folder / "plugins",
        plugin_env={"STASH_PLUGIN_DATA": str(folder / "data")},
    ) as both:
        yield Site(both, folder / "data")


def operate(site: Site, mode: str, **args: Any) -> dict[str, Any]:
    query = 'mutation ($a: Map) { runPluginOperation(plugin_id: "Stash2Plex", args: $a) }'
    told: dict[str, Any] = site.both.stash.graphql(query, {"a": {"mode": mode, **args}})
    return told["runPluginOperation"]  # type: ignore[no-any-return]


def test_stash_hands_over_what_the_page_asks_for(in_stash: Site) -> None:
    site = in_stash
    assert operate(site, "page_overview")["needs_setup"]
    site.reconcile()
    rows = operate(site, "page_gaps", per_page=5)["rows"]
    chosen = rows[0]["scene_id"]
    assert operate(site, "page_scene", scene_id=chosen)["fields"]

    assert operate(site, "sync_scenes", scene_ids=[chosen])["queued"] == 1

    deadline = time.monotonic() + 60
    while site.record(int(chosen)) is None:
        assert time.monotonic() < deadline, "nobody has brought the scene to Plex"
        time.sleep(0.05)
    assert operate(site, "page_scene", scene_id=chosen)["state"] == "in_step"
