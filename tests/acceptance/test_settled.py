"""A reconcile that skips what has not changed finds what one that looks at everything finds."""

from __future__ import annotations

import os
import random
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from app.tasks.queue import confirm_stopped_run
from app.tasks.reconcile import reconcile_all
from core.errors import GuardStopped
from plex import section_reuse
from reconciliation.detection_state import Found
from reconciliation.engine import GapDetectionEngine
from simulators.library.generate import generate
from simulators.seed import Seed
from storage.finding_query import Wanted
from storage.findings import ALL
from storage.page_file import PageFile
from storage.saved_index import INDEX_FILE
from storage.state import STATE_FILE, State
from tests.acceptance.conftest import Open
from tests.acceptance.random_changes import RandomChanges, crowded
from tests.acceptance.site import Site
from tests.stored import owners, sql, verdict_count

SCENES = 80
ROUNDS = int(os.environ.get("STASH2PLEX_ROUNDS", "6"))
CHANGES = 4  # in each round
SEED = 11
LIBRARIES: dict[str, Seed] = {
    "of all kinds": generate(SCENES, seed=5),
    "of few names": crowded(SCENES, seed=2),
}


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


def look(site: Site, data: Path, *, everywhere: bool) -> dict[str, Any]:
    """What a reconcile finds and remembers, in a copy of the data directory.

    Args:
        everywhere: a full pass, without verdicts and with an index of Plex that is new.
    """
    shutil.copytree(site.data, data)
    if everywhere:
        sql(data / STATE_FILE, "DELETE FROM verdicts")
        for file in data.glob(f"{INDEX_FILE}*"):
            file.unlink()
    gaps: list[Found] = []
    with site.context() as context:
        engine = GapDetectionEngine(context.stash, context.settings, data, on_gaps=gaps.extend)
        found = engine.run(full=everywhere).as_dict()
    # Requests are what is saved.
    for saved in ("plex_requests", "scenes_spared"):
        found.pop(saved)
    found["gaps"] = sorted((gap.scene_id, gap.gap_type, gap.reason) for gap in gaps)
    with State(data, pytest.fail) as state:
        found["owners"] = owners(data, "item_owners")
        records = state.records.get_many(state.records.ids())
        found["records"] = {scene_id: record.items for scene_id, record in records.items()}
    with PageFile(data, pytest.fail) as page:
        found["orphans"] = page.orphans.page("", "", 0, ALL)
        found["told"] = page.findings.page(Wanted(), 0, ALL)
    shutil.rmtree(data)
    return found


def same_with_and_without_skipping(site: Site, folder: Path, why: str) -> None:
    one = look(site, folder / "skipping", everywhere=False)
    other = look(site, folder / "everywhere", everywhere=True)
    assert {name: one[name] for name in one if one[name] != other[name]} == {}, why


def reconcile(site: Site) -> None:
    """Whatever the guards say to so much of a change."""
    try:
        site.reconcile()
    except GuardStopped:
        site.do(confirm_stopped_run)
        with suppress(GuardStopped):
            site.reconcile()


def test_nothing_is_missed(site: Site, tmp_path: Path) -> None:
    rng = random.Random(SEED)
    life = RandomChanges(site, rng)
    skipped = 0
    for turn in range(ROUNDS):
        reconcile(site)
        with site.state() as state:
            skipped += verdict_count(state)
        for _ in range(rng.randint(1, CHANGES)):
            life.change()
        same_with_and_without_skipping(site, tmp_path, f"round {turn}: {life.told}")
        if turn % 3 == 2:
            reconcile(site)
            site.drain()
    assert skipped > ROUNDS * SCENES / 10


@pytest.mark.parametrize(
    "setting",
    [
        {"sync_tags": False},
        {"tag_blocklist": "Travel"},
        {"max_tags": 1},
        {"path_map": ""},
        {"reconcile_missing": False},
        {"organized_only": True},
    ],
    ids=lambda setting: next(iter(setting)),
)
def test_another_setting_has_everything_looked_at_again(
    site: Site, tmp_path: Path, setting: dict[str, Any]
) -> None:
    site.use(first_sync="mirror", max_clear_percent=100)
    reconcile(site)
    site.use(first_sync="mirror", max_clear_percent=100, **setting)

    same_with_and_without_skipping(site, tmp_path, str(setting))


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
