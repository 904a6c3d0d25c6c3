"""Stored state that is wrong in one place is wrong in one place, and a lost data folder is told."""

from __future__ import annotations

import dataclasses
import logging
import os
import shutil
import stat
from pathlib import Path

import pytest

from app.health_check.task import health_check
from app.sync_changes.process_queue import process_queue
from app.sync_changes.task import sync_changes
from app.tasks.reconcile import reconcile_all
from app.tasks.status import queue_status
from app.tasks.undo import look_at_undo
from app.wiring import Context
from core.errors import StateError
from storage.plex_index.saved_index import INDEX_FILE
from storage.state import STATE_FILE
from sync_queue.inbox import INBOX_FILE, HookInbox
from sync_queue.reader import QUEUE_FILE
from sync_queue.schema import TABLE
from tests.acceptance.conftest import Open
from tests.acceptance.site import Site
from tests.acceptance.small_library import FILMS, SmallLibrary, part, restore
from tests.stored import NO_TEXT, owners, spoil, sql

SCENES = range(1, 9)
TASKS = (queue_status, health_check, reconcile_all, process_queue, sync_changes)
QUEUE = f"queue/{QUEUE_FILE}"
# File, column, what is put there, and of which row.
BAD_ROWS = [
    (STATE_FILE, "records.scene_updated_at", "'soon'", "scene_id = 1"),
    (STATE_FILE, "records.body", NO_TEXT, "scene_id = 2"),
    (STATE_FILE, "record_items.updated_at", "'soon'", "scene_id = 3"),
    (STATE_FILE, "verdicts.claims", "'7'", "scene_id = 4"),
    (STATE_FILE, "runs.started_at", "'soon'", "id = 1"),
    (STATE_FILE, "journal.before", "'[1, {'", "scene_id = 7"),
    (STATE_FILE, "facts.value", "'[]'", "key <> 'learned_path_map'"),
    (STATE_FILE, "item_owners.scene_id", "'one'", "key = '101'"),
    (INDEX_FILE, "items.body", "x'ff'", "key = '102'"),
    (INBOX_FILE, "events.action", "99", "id = 7"),
    (INBOX_FILE, "request.asked_at", "'soon'", "1"),
    (QUEUE, f"{TABLE}.attempts", "'many'", "scene_id = 5"),
    (QUEUE, f"{TABLE}.data", f"'{'[' * 100_000}'", "scene_id = 6"),
]


@pytest.fixture(scope="module")
def site(open_site: Open) -> Site:
    made = SmallLibrary({FILMS: ["/plex/films"]})
    for n in SCENES:
        made.scene(n, made.file(f"/stash/{n}.mp4", 1000 + n))
        made.item(FILMS, 100 + n, part(f"/plex/films/{n}.mp4", 1000 + n))
    return open_site(made.seed("/stash=>/plex/films"))


@pytest.fixture
def synced(site: Site, data: Path) -> Site:
    """Everything is in Plex, and a hook has noted an edit that nobody has looked at."""
    restore(site)
    site.forget(data)
    before = os.umask(0o022)
    try:
        site.reconcile()
        assert site.drain()["succeeded"] == len(SCENES)
        hook = HookInbox(str(data))
        for n in (7, 8):
            hook.note("scene", n, "update", by_user=True, now=5.0)
        hook.close()
    finally:
        os.umask(before)
    return site


def test_bad_rows_in_every_table_cost_nothing_but_themselves(
    synced: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    synced.reconcile()
    for n in SCENES:
        synced.edit_scene(n, title=f"Another {n}", tag_ids=[])
    synced.enqueue(*range(1, 7))
    for file, column, value, where in BAD_ROWS:
        spoil(synced.data / file, column, value, where)

    for _ in range(2):
        for task in (look_at_undo, *TASKS):
            synced.do(task)

    for n in SCENES:
        shown = synced.item(str(100 + n))
        assert (shown["title"], shown["genre"]) == (f"Another {n}", []), n
    assert set(synced.recorded().values()) == set(SCENES)
    for file, column, _, _ in BAD_ROWS:
        table = column.partition(".")[0]
        aside = f"""SELECT 1 FROM set_aside WHERE "table" = '{table}'"""
        assert sql(synced.data / file, aside), column
        assert f", {table}, " in caplog.text
    assert not [path for path in synced.data.rglob("*") if "corrupt" in path.name]


@pytest.mark.parametrize("table", ["records", "journal", "runs", "facts"])
def test_a_missing_table_ends_no_task(synced: Site, table: str) -> None:
    sql(synced.data / STATE_FILE, f"DROP TABLE {table}")

    told = synced.do(queue_status)
    assert [line for line in told["problems"] if f"lacked {table}: made again" in line]
    for n in SCENES:
        synced.edit_scene(n, tag_ids=[])
    for task in TASKS:
        synced.do(task)
    assert set(owners(synced.data).values()) == set(SCENES)
    assert not any(synced.item(str(100 + n))["genre"] for n in SCENES)


@pytest.mark.skipif(os.name == "nt", reason="there, an open file cannot be deleted")
@pytest.mark.parametrize("task", [process_queue, reconcile_all])
def test_a_data_folder_that_is_deleted_in_a_run_is_an_error(synced: Site, task: object) -> None:
    synced.enqueue(*SCENES)

    def delete(_share: float) -> None:
        shutil.rmtree(synced.data, ignore_errors=True)

    with synced.context() as context:
        watched: Context = dataclasses.replace(context, on_progress=delete)
        with pytest.raises(StateError, match=r"data folder .* went away while"):
            task(watched)  # type: ignore[operator]


@pytest.mark.skipif(os.name == "nt", reason="the system has no such modes")
def test_what_is_stored_is_for_its_owner_alone(synced: Site) -> None:
    for path in (synced.data, *synced.data.rglob("*")):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path


def test_a_folder_that_cannot_be_made_names_the_way_out(site: Site, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    site.data = tmp_path / "file" / "data"

    for task in (process_queue, queue_status):
        with pytest.raises(StateError, match="STASH_PLUGIN_DATA"):
            site.do(task)
