"""A reconcile that skips what has not changed finds what one that looks at everything finds."""

from __future__ import annotations

import json
import logging
import random
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.tasks.queue import confirm_stopped_run
from app.tasks.reconcile import reconcile_all
from core.errors import GuardStopped
from core.finding_types import MISSING
from plex import section_reuse
from reconciliation import few_changes
from reconciliation.detection_state import PLAIN, FoundGap
from reconciliation.engine import GapDetectionEngine
from simulators.library.generate import generate
from simulators.seed import Seed
from storage.page.finding_query import FindingQuery
from storage.page.findings import ALL
from storage.page.page_file import PageFile
from storage.plex_index.saved_index import INDEX_FILE
from storage.state import STATE_FILE, State
from sync_queue.queue import SyncQueue
from tests.acceptance.conftest import Open
from tests.acceptance.random_changes import RandomChanges, crowded
from tests.acceptance.site import Site
from tests.acceptance.soak import amount, chosen
from tests.stored import owners, sql, verdict_count

SCENES = 48
ROUNDS = amount(3, 12)
CHANGES = 4  # in each round
# Those that concern one scene, and in Plex no file.
FEW = ("edit", "tag", "empty", "hand_edit", "list_edit", "reset", "unlock", "edit_around_a_drain")
SEED = 11
LIBRARIES: dict[str, Seed] = {
    "of all kinds": generate(SCENES, seed=5),
    "of few names": crowded(SCENES, seed=2),
}


ONE = pytest.mark.parametrize("site", chosen([*LIBRARIES][:1], [*LIBRARIES][1:]), indirect=True)


@pytest.fixture(scope="module", params=list(LIBRARIES))
def site(request: pytest.FixtureRequest, open_site: Open) -> Site:
    found = open_site(LIBRARIES[request.param])
    found.use(first_sync="mirror", max_clear_percent=100)
    if "sync_timestamps" in found.truth:
        found.inherit_timestamps()
    found.reconcile()
    found.drain()
    return found


@pytest.fixture(autouse=True)
def _no_library_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(section_reuse, "SMALL", 0)
    monkeypatch.setattr(few_changes, "RARE", 2)


class Later:
    """A clock that goes on by ten minutes with each run: what Stash has changed is past."""

    def __init__(self) -> None:
        self._now = time.time()

    def go_on(self) -> Callable[[], float]:
        self._now += 600.0
        return lambda: self._now


def look(
    site: Site, data: Path, clock: Callable[[], float] = time.time, *, everywhere: bool
) -> tuple[dict[str, Any], bool]:
    """What a reconcile finds, queues and remembers, in a copy of the data directory; and whether
    it took over what the last one has found.

    Args:
        everywhere: a full pass, without verdicts and with an index of Plex that is new.
    """
    shutil.copytree(site.data, data)
    if everywhere:
        sql(data / STATE_FILE, "DELETE FROM verdicts")
        for file in data.glob(f"{INDEX_FILE}*"):
            file.unlink()
    gaps: list[FoundGap] = []
    with site.context(clock) as context, SyncQueue(data / "queue") as queue:
        engine = GapDetectionEngine(
            context.stash, context.settings, data, queue, clock=clock, on_gaps=gaps.extend
        )
        found = json.loads(json.dumps(engine.run(full=everywhere).as_dict()))
        found["queued"] = queue.queued_scene_ids()
    # Requests are what is saved.
    found.pop("plex_requests")
    is_taken_over = found.pop("scenes_spared") == found["scenes_checked"]
    found["gaps"] = sorted((gap.scene_id, gap.gap_type, gap.reason) for gap in gaps)
    with State(data, pytest.fail) as state:
        found["owners"] = owners(data, "item_owners")
        records = state.records.get_many(state.records.ids())
        # A full pass takes the time from items that were edited within the second of a read-back.
        found["records"] = {
            scene_id: [replace(item, updated_at=None) for item in record.items]
            for scene_id, record in records.items()
        }
    with PageFile(data, pytest.fail) as page:
        found["orphans"] = page.orphans.page("", "", 0, ALL)
        found["told"] = page.findings.page(FindingQuery(), 0, ALL), page.findings.facets()
    shutil.rmtree(data)
    return found, is_taken_over


def same_with_and_without_skipping(
    site: Site, folder: Path, why: str, clock: Callable[[], float] = time.time
) -> bool:
    """Whether what the last run has found was taken over."""
    one, is_taken_over = look(site, folder / "skipping", clock, everywhere=False)
    other, _ = look(site, folder / "everywhere", clock, everywhere=True)
    assert {name: one[name] for name in one if one[name] != other[name]} == {}, why
    return is_taken_over


def reconcile(site: Site, clock: Callable[[], float] = time.time) -> None:
    """Whatever the guards say to so much of a change."""
    try:
        site.do(reconcile_all, clock)
    except GuardStopped:
        site.do(confirm_stopped_run)
        with suppress(GuardStopped):
            site.do(reconcile_all, clock)


def test_nothing_is_missed(site: Site, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, few_changes.log.name)
    rng = random.Random(SEED)
    life = RandomChanges(site, rng)
    clock = Later()
    skipped = taken_over = 0
    for turn in range(ROUNDS):
        for _ in range(3):  # by the last one, all times of Stash have stood for long enough
            reconcile(site, clock.go_on())
        with site.state() as state:
            skipped += verdict_count(state)
        if turn % 3 == 0:
            taken_over += same_with_and_without_skipping(
                site, tmp_path, f"nothing has moved: {life.told}", clock.go_on()
            )
        for _ in range(rng.randint(1, CHANGES)):
            life.change(*(FEW if turn % 2 else ()))
        same_with_and_without_skipping(site, tmp_path, f"round {turn}: {life.told}", clock.go_on())
        if turn % 3 == 2:
            reconcile(site, clock.go_on())
            site.drain(clock.go_on())
    assert skipped > ROUNDS * SCENES / 10
    assert taken_over
    assert sum("but for" in line and "for 0" not in line for line in caplog.messages) >= ROUNDS / 3


@ONE
def test_a_scene_that_goes_with_a_name_that_only_it_shows_is_missed(
    site: Site, tmp_path: Path
) -> None:
    clock, scene = Later(), min(row["id"] for row in site.both.seed["stash"]["scenes"])
    tag = site.behind("create", kind="tag", values={"name": "Only here"})["id"]
    site.behind("auto_tag", scene_id=scene, tag_ids=[tag])
    for _ in range(3):
        reconcile(site, clock.go_on())
    site.behind("update", kind="tag", id=tag, values={"name": "Called otherwise"})
    site.behind("destroy_scene", scene_id=scene)

    assert not same_with_and_without_skipping(site, tmp_path, "it is gone", clock.go_on())


@ONE
def test_a_scene_that_plex_lacks_is_judged_alone(
    site: Site, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, few_changes.log.name)
    site.use(first_sync="mirror", max_clear_percent=100)
    clock = Later()
    for _ in range(3):
        reconcile(site, clock.go_on())
    with PageFile(site.data, pytest.fail) as page, site.state() as state:
        left = state.verdicts.left(page.findings.ids(FindingQuery(MISSING)))
    # The others have lost their item, or Plex has a copy of their file.
    scene = min(i for i, each in left.items() if each.kinds == 1 << PLAIN.index("missing"))
    site.edit_scene(scene, title="Not scanned yet")

    same_with_and_without_skipping(site, tmp_path, f"scene {scene}", clock.go_on())

    assert "but for 1 scenes" in caplog.text


@ONE
@pytest.mark.parametrize(
    "setting",
    chosen(
        [{"tag_blocklist": "Travel"}, {"path_map": ""}, {"organized_only": True}],
        [{"sync_tags": False}, {"max_tags": 1}, {"reconcile_missing": False}],
    ),
    ids=lambda setting: next(iter(setting)),
)
def test_another_setting_has_everything_looked_at_again(
    site: Site, tmp_path: Path, setting: dict[str, Any]
) -> None:
    site.use(first_sync="mirror", max_clear_percent=100)
    reconcile(site)
    site.use(first_sync="mirror", max_clear_percent=100, **setting)

    same_with_and_without_skipping(site, tmp_path, str(setting))


@ONE
def test_a_full_pass_comes_when_it_is_due_and_when_it_is_asked_for(site: Site) -> None:
    site.use(first_sync="mirror", max_clear_percent=100, full_pass_days=3)
    for _ in range(2):
        reconcile(site)
    days = 86_400.0

    assert site.run("reconcile_all").output["scenes_spared"] > 0
    assert site.run("reconcile_all", full="true").output["scenes_spared"] == 0
    assert site.run("reconcile_all").output["scenes_spared"] > 0
    assert site.do(reconcile_all, lambda: time.time() + 2 * days)["scenes_spared"] > 0
    assert site.do(reconcile_all, lambda: time.time() + 3 * days)["scenes_spared"] == 0
