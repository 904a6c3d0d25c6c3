"""The engine by itself: its scopes, its other ways of being called, and whom it leaves in peace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import requests
from stashapi.stashapp import StashInterface

from core.errors import GuardStopped
from reconciliation.engine import GapDetectionEngine
from reconciliation.listing_guard import EmptySideGuard
from reconciliation.result import GapDetectionResult
from simulators.library.generate import generate
from simulators.library.people import NOW as TOUCHED_AT
from storage.state import State
from sync_queue.operations import open_queue
from tests.acceptance.conftest import Open
from tests.acceptance.site import TOKEN, Site

NOW = float(TOUCHED_AT)
DAY = 86_400.0
WEEKS = 5_000_000.0


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(generate(150, seed=9))


@pytest.fixture
def site(library: Site, data: Path) -> Iterator[Site]:
    library.forget(data)
    library.inherit_timestamps()
    library.use(max_retries=2)
    yield library
    library.both.plex.load(library.both.seed)


def _detect(site: Site, **changes: Any) -> GapDetectionResult:
    scope, full = changes.pop("scope", "all"), changes.pop("full", False)
    with site.context() as context:
        engine = GapDetectionEngine(context.stash, context.settings, context.data_dir, **changes)
        return engine.run(scope, full=full)


def _updated(site: Site, within: float) -> set[int]:
    """The scenes that were created or updated so many seconds before now."""
    return {
        scene["id"]
        for scene in site.both.seed["stash"]["scenes"]
        if datetime.fromisoformat(scene["updated_at"].replace("Z", "+00:00")).timestamp()
        >= NOW - within
    }


@pytest.mark.parametrize(("scope", "window"), [("recent", DAY), ("recent_7days", 7 * DAY)])
def test_a_window_holds_what_was_touched_in_it(site: Site, scope: str, window: float) -> None:
    recent = _updated(site, window)
    assert recent

    with site.queue() as queue:
        found = _detect(site, scope=scope, clock=lambda: NOW, queue=queue)

    assert found.scenes_checked == len(recent)
    assert set(site.queued()) <= recent
    assert found.orphan_count == 0  # who has not been looked at may own them
    whole = _detect(site)
    assert whole.orphan_count == len(site.truth["orphans"])


def test_an_unknown_scope_is_refused(site: Site) -> None:
    with pytest.raises(ValueError, match="'everything'; known: all, recent, recent_7days"):
        _detect(site, scope="everything")


def test_without_a_queue_it_only_detects(site: Site) -> None:
    found = _detect(site)

    assert found.enqueued_count == 0
    assert found.total_gaps > 100
    assert not (site.data / "queue").exists()
    with closing(open_queue(site.data / "queue")) as bare:
        again = _detect(site, queue=bare)
    assert again.total_gaps == found.total_gaps
    assert len(site.queued()) == again.enqueued_count > 0
    assert _detect(site, queue=site.data / "queue").skipped_already_queued == again.enqueued_count


def test_any_stash_will_do(site: Site) -> None:
    """stashapp-tools' interface in the place of our client."""
    _detect(site)  # the first listing of a library asks for more
    ours = _detect(site, full=True)
    port = int(site.both.stash.url.rpartition(":")[2])
    theirs = StashInterface({"Scheme": "http", "Host": "127.0.0.1", "Port": port})
    settings = {
        "plex_url": site.both.plex.url,
        "plex_token": TOKEN,
        "path_map": site.truth["path_map"],
    }

    found = GapDetectionEngine(theirs, settings, str(site.data)).run(full=True)
    theirs.s.close()

    assert found.as_dict() == ours.as_dict()


def test_progress_moves_at_least_every_hundred_scenes(site: Site) -> None:
    shares: list[float] = []

    _detect(site, on_progress=shares.append)

    assert len(shares) >= 5 + 2  # five libraries, 150 scenes
    assert shares == sorted(shares)
    assert max(after - before for before, after in pairwise(shares)) < 0.5
    assert shares[-1] == 1.0


def test_missing_can_be_switched_off(site: Site) -> None:
    site.use(reconcile_missing=False)

    found = site.reconcile()

    assert (found["missing_count"], found["vanished_count"], found["outside_count"]) == (0, 0, 0)
    assert found["empty_metadata_count"] == len(site.truth["empty_metadata"])


def test_only_the_libraries_that_are_named(site: Site) -> None:
    site.use(plex_library="films, CLIPS")

    found = site.reconcile()

    sections = site.both.seed["plex"]["sections"]
    present = [
        item
        for section in sections
        if section["key"] in (1, 2)
        for item in section["items"]
        if item["deleted_at"] is None
    ]
    assert found["items_listed"] == len(present)
    # The libraries; of each how many items it has, and one page.
    assert found["plex_requests"] == 5


# Missing scenes that nobody waits for any more ----------------------------------------------


def _give_up(site: Site) -> set[int]:
    """Drain until every missing scene is a dead letter: after the first try and `max_retries`."""
    for tries in range(3):
        assert site.dead() == {}
        site.drain(lambda tries=tries: NOW + WEEKS * 10 + tries * WEEKS)  # type: ignore[misc]
    assert site.queued() == {}
    return set(site.dead())


def test_what_was_given_up_on_is_not_queued_again(site: Site) -> None:
    first = site.reconcile()

    dead = _give_up(site)

    assert all("PlexNotFound: no item in Plex has the file" in e for e in site.dead().values())
    assert len(dead) >= first["missing_count"] - len(site.scenes("missing_bare"))
    again = site.reconcile()
    assert again["enqueued_count"] == 0
    assert again["skipped_dead"] == len(dead)
    assert again["missing_count"] == first["missing_count"]


def test_it_is_queued_again_when_plex_gains_items_in_its_folder(site: Site) -> None:
    site.reconcile()
    dead = _give_up(site)
    back = dead & set(site.scenes("missing_unscanned"))
    assert back

    for section in (1, 2, 3, 4):
        url = f"{site.both.plex.url}/library/sections/{section}/refresh"
        requests.get(url, headers={"X-Plex-Token": TOKEN}, timeout=30).raise_for_status()
    found = site.reconcile()
    site.drain()

    assert found["enqueued_count"] >= len(back)
    assert back <= set(site.recorded().values())
    assert not back & set(site.dead())


def test_it_is_queued_again_when_its_file_is_another(site: Site) -> None:
    site.reconcile()
    scene = min(_give_up(site))
    raw = next(each for each in site.both.seed["stash"]["scenes"] if each["id"] == scene)
    file = raw["files"][0]
    site.behind("move_file", file_id=file["id"], path=file["path"] + ".mp4")

    site.reconcile()

    assert set(site.queued()) == {scene}
    site.behind("move_file", file_id=file["id"], path=file["path"])


def test_not_in_plex_can_be_no_failure(site: Site) -> None:
    site.use(skip_not_found=True)
    site.reconcile()

    drained = site.drain()

    assert (drained["failed"], drained["retried"], drained["remaining"]) == (0, 0, 0)
    assert drained["skipped"] > 0


# The guard ---------------------------------------------------------------------------------


def test_a_full_side_that_is_suddenly_empty_stops_until_it_is_confirmed(tmp_path: Path) -> None:
    with State(tmp_path, pytest.fail) as state:
        guard = EmptySideGuard(state, lambda: NOW)
        guard.check_all([("scenes", "scenes in Stash", 400)])
        guard.check_all([("scenes", "scenes in Stash", 41)])
        guard.check_all([("scenes", "scenes in Stash", 400)])
        with pytest.raises(
            GuardStopped, match=r"there were 400 scenes in Stash .* now there are 40"
        ):
            guard.check_all([("scenes", "scenes in Stash", 40)])
        # Neither a new look nor another side's confirmation lets it pass.
        with pytest.raises(GuardStopped):
            guard.check_all([("scenes", "scenes in Stash", 40)])
        guard.check_all([("items:1", "items in library 'Clips' of Plex", 0)])
        state.runs.confirm_latest()
        with pytest.raises(GuardStopped):
            guard.check_all([("scenes", "scenes in Stash", 39)])  # fewer than what was confirmed
        state.runs.confirm_latest()
        guard.check_all([("scenes", "scenes in Stash", 40)])
        guard.check_all([("scenes", "scenes in Stash", 40)])


def test_a_small_side_was_never_full(tmp_path: Path) -> None:
    with State(tmp_path, pytest.fail) as state:
        guard = EmptySideGuard(state, lambda: NOW)
        guard.check_all([("scenes", "scenes in Stash", 9)])
        guard.check_all([("scenes", "scenes in Stash", 0)])


class Garbled:
    """A Stash whose lists of scenes are other than its counts.

    Args:
        garble: what becomes of a page.
    """

    def __init__(self, stash: Any, garble: Callable[[list[Any]], list[Any]]) -> None:
        self._stash = stash
        self._garble = garble

    def find_scenes(self, f: Any = None, filter: Any = None, *, fragment: Any = None) -> Any:  # noqa: A002
        return self._garble(self._stash.find_scenes(f=f, filter=filter, fragment=fragment))

    def call_GQL(self, query: str, variables: Any = None) -> Any:  # noqa: N802
        return self._stash.call_GQL(query, variables)


@pytest.mark.parametrize(
    "garble",
    [
        lambda page: page[:-30],
        lambda page: [*page[:-30], *[None] * 30],
        lambda page: [*page[:-30], *({**scene, "id": "new"} for scene in page[-30:])],
    ],
    ids=["fewer", "null", "no number"],
)
def test_a_stash_that_contradicts_itself_proves_nothing_absent(
    site: Site, garble: Callable[[list[Any]], list[Any]]
) -> None:
    with site.context() as context, site.queue() as queue:
        stash = Garbled(context.stash, garble)
        engine = GapDetectionEngine(stash, context.settings, context.data_dir, queue)
        found = engine.run()

    assert found.partial
    assert found.errors
    assert (found.missing_count, found.vanished_count, found.orphan_count) == (0, 0, 0)
    assert found.enqueued_count > 0
