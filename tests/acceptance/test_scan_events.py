"""What Stash's scans tell: looked at by what we remember alone, before Plex is asked anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from app.tasks.undo import undo_last_run
from simulators.dumps import stash_seed
from simulators.library.generate import generate
from simulators.seed import StashFile
from tests.acceptance.always_on import at_rest, hooks, until
from tests.acceptance.noting import Office, noting
from tests.pool import Pool

SCENES = 14


@pytest.fixture(scope="module")
def library(pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    seed = generate(SCENES, seed=4, only=("in_sync",))
    with noting(pool, seed, tmp_path_factory.mktemp("noting")) as office:
        office.site.reconcile()
        office.site.drain()
        yield office


@pytest.fixture
def office(library: Office) -> Office:
    return library


def scan(office: Office, **given: Any) -> int:
    """Let Stash scan; how many hooks it has started."""
    before = len(hooks(office.site))
    mutation = "mutation($input: ScanMetadataInput!) { metadataScan(input: $input) }"
    office.site.both.stash.graphql(mutation, {"input": given})
    until(lambda: at_rest(office.site))
    return len(hooks(office.site)) - before


def file_of(office: Office, scene: int) -> StashFile:
    rows = stash_seed(office.site.both.stash.state())["scenes"]
    return next(row["files"][0] for row in rows if row["id"] == scene)


def test_a_rescan_of_everything_asks_plex_nothing(office: Office) -> None:
    assert scan(office, rescan=True) == SCENES

    figures, asked, plex = office.sync_counted()

    assert (figures["events"], figures["nothing_new"]) == (SCENES, SCENES)
    assert (figures["enqueued_count"], figures["processed"]) == (0, 0)
    assert (asked["total"], plex["total"]) == (1, 0)
    assert office.left() == []


def test_a_file_that_moved_is_a_reason_to_look(office: Office) -> None:
    scene = office.site.scenes("in_sync")[0]
    file = file_of(office, scene)
    office.site.behind("move_file", file_id=file["id"], path=file["path"] + ".moved.mp4")
    office.note(scene, by_user=False)
    office.note(office.site.scenes("in_sync")[1], by_user=False)

    figures = office.sync()

    assert (figures["enqueued_count"], figures["nothing_new"]) == (1, 1)
    # Its item was found by the record, so the new name is known now.
    office.note(scene, by_user=False)
    assert office.sync()["nothing_new"] == 1


def test_a_cover_is_a_reason_to_look(office: Office) -> None:
    """It moves the scene's time, and is part of no comparison."""
    scene = office.site.scenes("in_sync")[2]
    office.site.behind("cover", scene_id=scene, cover="seed:5")
    office.note(scene, by_user=False)

    assert office.sync()["enqueued_count"] == 1


def test_an_edit_is_always_a_reason_to_look_though_a_scan_came_as_well(office: Office) -> None:
    scene = office.site.scenes("in_sync")[3]
    office.note(scene, by_user=False)
    office.note(scene)
    office.note(scene, by_user=False)

    figures = office.sync()

    assert (figures["events"], figures["enqueued_count"]) == (1, 1)


def test_what_was_undone_is_left_alone_by_scans(office: Office) -> None:
    scene = office.site.scenes("in_sync")[4]
    office.site.edit_scene(scene, title="Taken Back")
    assert office.sync()["items_edited"] == 1
    office.site.do(undo_last_run)
    office.note(scene, by_user=False)

    assert office.sync()["nothing_new"] == 1


def test_a_new_file_waits_for_its_metadata(office: Office) -> None:
    """Of a scene that Stash has just made, there is nothing to bring to Plex: cover and metadata
    follow, and with them an event, or a reconcile finds it."""
    stash = office.site.both.stash
    stash.control("POST", "disk", {"add": [{"path": "/data/library/new.mp4"}]})
    assert scan(office) == 1

    figures, _, plex = office.sync_counted()

    assert (figures["events"], figures["skipped_no_metadata"]) == (1, 1)
    assert (office.site.queued(), office.site.dead(), plex["total"]) == ({}, {}, 0)
    new = max(row["id"] for row in stash_seed(stash.state())["scenes"])
    office.site.edit_scene(new, details="Now there is something to say.")
    assert office.sync()["enqueued_count"] == 1


def test_a_scene_without_a_file_is_nothing_for_plex(office: Office) -> None:
    """People make such scenes in Stash's own interface; Plex can never have them."""
    made = {"title": "No File", "details": "A note to myself."}
    scene = int(office.mutate("sceneCreate", "SceneCreateInput", **made)["id"])

    figures = office.sync()

    assert (figures["enqueued_count"], figures["skipped"], figures["retried"]) == (1, 1, 0)
    assert scene not in {**office.site.queued(), **office.site.dead()}
