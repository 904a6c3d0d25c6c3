"""Locks that the operating system takes back from a killed process."""

from __future__ import annotations

import errno
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from filelock import FileLock, Timeout

from core.errors import StateError
from storage.files import data_folder
from storage.files.replace_damaged import set_aside

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def take(path: Path, seconds: float = 0) -> FileLock | None:
    """Locks a file of the data folder; None: somebody else has it, also in this process.

    Args:
        seconds: so long it is waited for.

    Raises:
        StateError: the file cannot be made, or nothing can be locked in its folder.
    """
    lock = FileLock(path, timeout=0, thread_local=False, mode=0o600)
    data_folder.ready(path.parent)
    if path.is_symlink():  # it would empty what that leads to
        raise _cannot(path)
    if path.is_dir():
        set_aside(path, "folder", time.time())
    try:
        lock.acquire()
    except Timeout:
        make_sure(path.parent)
        try:
            lock.acquire(timeout=seconds)
        except Timeout:
            return None
    except (OSError, NotImplementedError) as error:  # the latter: a system call that is not there
        raise _cannot(path, error) from error
    return lock


def make_sure(data_dir: Path) -> None:
    """Makes sure that a file which nobody else knows can be locked: some network shares refuse
    every lock as if somebody else had it. Raises StateError: it cannot."""
    import tempfile  # with what it brings, some time that is rarely needed

    try:
        with tempfile.TemporaryDirectory(prefix="locks-", suffix=".lock", dir=data_dir) as made:
            FileLock(Path(made) / "file", timeout=0).acquire().lock.release()
            with closing(sqlite3.connect(Path(made) / "db", timeout=0)) as connection:
                connection.execute("BEGIN EXCLUSIVE")
    except (OSError, NotImplementedError) as error:
        if not (isinstance(error, OSError) and error.errno in _FULL):
            raise _cannot(data_dir, error) from error
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise _cannot(data_dir, error) from error


def _cannot(path: Path, error: Exception | None = None) -> StateError:
    if path.is_symlink():
        return StateError(
            f"{path} cannot be locked: it is a link to {path.readlink()}, and has to be a file of"
            " this folder. Delete the link."
        )
    told = error.strerror if isinstance(error, OSError) else None
    why = told or "each file seems to be somebody else's"
    return StateError(
        f"{path} cannot be locked: {why}. Some network shares know no locks, and without them two"
        " tasks would write over each other.",
        data_folder.WAY_OUT,
    )
