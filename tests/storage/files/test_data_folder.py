"""The data folder is for its owner alone, and may lie on a disk without shared memory."""

from __future__ import annotations

import errno
import importlib
import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.errors import StateError
from core.matching.match_outcome import Claim, Evidence
from core.models import ItemRef, ListedItem, MediaFile
from core.paths import base_key
from plex.cache import PlexCache
from storage.files import data_folder, file_locks, file_opening, wal
from storage.files.database import Database
from storage.state import STATE_FILE, State
from sync_queue.inbox import INBOX_FILE, HookInbox
from sync_queue.inbox_reader import Inbox
from sync_queue.queue import SyncQueue
from tests.storage.files.test_file_opening import fill
from tests.stored import without_shared_memory

POSIX = pytest.mark.skipif(os.name == "nt", reason="the system has no such modes")


def modes(home: Path) -> dict[str, str]:
    found = {each.name: oct(stat.S_IMODE(each.stat().st_mode)) for each in home.rglob("*")}
    return {".": oct(stat.S_IMODE(home.stat().st_mode)), **found}


def use(home: Path) -> None:
    with State(home, pytest.fail) as state, SyncQueue(home / "queue") as queue:
        fill(state)
        queue.put_many([{"scene_id": 1}])
        with Inbox(home) as inbox:
            inbox.begin()


def is_private(home: Path) -> bool:
    folders = {".", "queue"}
    return all(
        mode == ("0o700" if name in folders else "0o600") for name, mode in modes(home).items()
    )


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


@POSIX
@pytest.mark.parametrize("by", [use, lambda home: HookInbox(str(home)).close()])
def test_the_data_folder_is_for_its_owner_alone(tmp_path: Path, by: Callable[[Path], None]) -> None:
    with umask(0o022):
        by(tmp_path / "data")

    assert is_private(tmp_path / "data"), modes(tmp_path / "data")


@POSIX
def test_what_was_open_to_others_is_closed(tmp_path: Path) -> None:
    home = tmp_path / "data"
    use(home)
    home.chmod(0o755)
    for each in home.rglob("*"):
        each.chmod(0o755 if each.is_dir() else 0o644)

    use(home)

    assert is_private(home), modes(home)


@POSIX
def test_a_folder_that_is_shared_with_others_keeps_its_mode(tmp_path: Path) -> None:
    home = tmp_path / "data"
    home.mkdir(mode=0o755)
    (home / "of somebody else.txt").touch(0o644)

    State(home, pytest.fail).close()

    shown = modes(home)
    assert (shown["."], shown["of somebody else.txt"]) == ("0o755", "0o644")
    assert shown[STATE_FILE] == "0o600"


@pytest.mark.parametrize("name", ["a b?mode=ro#%41&c", "Ünï;cödé"])
def test_any_name_of_a_folder_will_do(tmp_path: Path, name: str) -> None:
    if os.name == "nt":
        name = name.replace("?", "")
    with State(tmp_path / name, pytest.fail) as state:
        fill(state)
    with State(tmp_path / name, pytest.fail) as state:
        assert set(state.pins.all()) == {1}
    assert (tmp_path / name / STATE_FILE).exists()


def test_a_folder_that_cannot_be_written_names_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "mkdir", refuse)
        with pytest.raises(StateError, match=r"Permission denied.*STASH_PLUGIN_DATA"):
            State(tmp_path / "data", pytest.fail)
    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    with pytest.raises(StateError, match=r"Permission denied.*STASH_PLUGIN_DATA"):
        data_folder.try_writing(tmp_path)


def used_by_all(home: Path, warnings: list[str]) -> None:
    hook = HookInbox(str(home))
    hook.note("scene", 5, "update", by_user=True, now=5.0)
    hook.close()
    with Inbox(home, warn=warnings.append) as inbox:
        assert [event.id for event in inbox.take()] == [5]
        inbox.begin()
    with SyncQueue(home / "queue", warn=warnings.append) as queue:
        queue.put_many([{"scene_id": 1}])
        assert len(queue.claim(5, 9e9)) == 1
        queue.recover()
    with State(home, warnings.append) as state:
        fill(state)
        assert set(state.pins.all()) == {1}


@pytest.mark.parametrize("first", ["hook", "task"])
def test_a_disk_without_shared_memory_gets_rollback_journals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    without_shared_memory(monkeypatch)
    warnings: list[str] = []
    if first == "task":
        State(tmp_path, warnings.append).close()

    for _ in range(2):
        used_by_all(tmp_path, warnings)

    assert warnings == [f"The data folder {tmp_path}: {file_opening.WITHOUT_WAL}"]
    for name in (STATE_FILE, INBOX_FILE, "queue/data.db"):
        assert (tmp_path / name).read_bytes()[18:20] == b"\1\1"


def test_files_that_move_to_a_disk_without_shared_memory_keep_what_they_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warnings: list[str] = []
    used_by_all(tmp_path, warnings)
    assert (tmp_path / STATE_FILE).read_bytes()[18:20] == b"\2\2"
    without_shared_memory(monkeypatch)

    used_by_all(tmp_path, warnings)

    assert len(warnings) == 1
    with State(tmp_path, warnings.append) as state:
        assert len(state.runs.latest()) == 2


def test_a_disk_that_is_broken_is_no_disk_without_shared_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(sqlite3.Connection):
        def execute(self, *_args: object) -> sqlite3.Cursor:
            raise sqlite3.OperationalError("disk I/O error")

    State(tmp_path, pytest.fail).close()
    connect = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda *args, **kwargs: connect(*args, **kwargs, factory=Broken)
    )

    with pytest.raises(StateError, match="disk I/O error"):
        State(tmp_path, pytest.fail)
    assert not (tmp_path / "no-wal").exists()


@POSIX
@pytest.mark.parametrize("refusal", [errno.EACCES, errno.ENOLCK, errno.ENOSYS])
def test_a_disk_without_locks_is_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusal: int
) -> None:
    def refuse(_fd: int, operation: int) -> None:
        if not operation & fcntl.LOCK_UN:
            raise OSError(refusal, os.strerror(refusal))

    fcntl = importlib.import_module("fcntl")
    monkeypatch.setattr(fcntl, "flock", refuse)

    with pytest.raises(StateError, match="STASH_PLUGIN_DATA") as opened:
        State(tmp_path, pytest.fail)
    with pytest.raises(StateError, match="STASH_PLUGIN_DATA") as taken:
        file_locks.take(tmp_path / "drain.lock", seconds=600)

    said = "cannot be locked: each file seems to be somebody else"
    assert said in str(opened.value)
    assert said in str(taken.value)
    assert not list(tmp_path.glob("locks-*"))


@POSIX
@pytest.mark.parametrize("target", ["away", "drain.lock"])
def test_a_lock_that_is_a_link_is_told_as_what_it_is(tmp_path: Path, target: str) -> None:
    (tmp_path / "drain.lock").symlink_to(target)

    with pytest.raises(StateError, match=rf"drain\.lock cannot .* a link to {target}, and"):
        file_locks.take(tmp_path / "drain.lock")


def test_a_lock_that_somebody_has_is_no_disk_without_locks(tmp_path: Path) -> None:
    held = file_locks.take(tmp_path / "drain.lock")

    assert held is not None
    assert file_locks.take(tmp_path / "drain.lock") is None
    held.release()


def test_a_temporary_folder_that_is_full_is_not_taken_for_the_data_folder(tmp_path: Path) -> None:
    def fill_up(database: Database) -> None:
        with database.aside() as connection:
            connection.execute("CREATE TEMP TABLE lines (text TEXT)")
            connection.execute("PRAGMA temp.max_page_count = 3")
            connection.executemany("INSERT INTO lines VALUES (?)", [("x" * 1000,)] * 100)

    with PlexCache(tmp_path) as cache, pytest.raises(StateError) as caught:
        fill_up(cache._database)

    assert "temporary folder" in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_neither_is_a_full_data_folder_taken_for_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where nothing is written on purpose, as when a file is opened."""
    monkeypatch.setattr(data_folder, "has_room", lambda _folder: False)
    with PlexCache(tmp_path) as cache:
        cache._database.rows("PRAGMA max_page_count = 1")
        with pytest.raises(StateError, match=r"plex_index.db cannot be used: .* full"):
            cache._database.rows("CREATE TABLE more AS SELECT hex(zeroblob(100000))")


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_who_reads_the_index_for_long_keeps_nobody_from_writing(tmp_path: Path, mode: str) -> None:
    """With a rollback journal, readers and writers of one file keep each other waiting."""
    first, second = listed("1", "/a/first.mp4"), listed("2", "/a/second.mp4")
    if mode == "delete":
        wal.note(tmp_path, "told")
    with PlexCache(tmp_path) as reading, PlexCache(tmp_path) as writing:
        reading.upsert([first])
        with reading.unmoved():
            assert names(reading) == {first.ref}
            writing.upsert([second])
            assert names(reading) == {first.ref}
            claims = reading.claims()
            claims.offer({7: [Claim(first.ref, Evidence.PATH, 0)]})
        assert names(reading) == {first.ref, second.ref}


def listed(key: str, path: str) -> ListedItem:
    return ListedItem(ItemRef("1", key), (MediaFile(path, 1, 2.0),), (), False, False, 3, 3)


def names(cache: PlexCache) -> set[ItemRef]:
    keys = [base_key("first.mp4"), base_key("second.mp4")]
    return set(cache.items_named(keys))
