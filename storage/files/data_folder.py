"""The data folder: made if it is missing, for nobody but its owner."""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress
from fnmatch import translate
from pathlib import Path
from urllib.parse import quote

from core.errors import StateError

WAY_OUT = (
    "Choose a folder that can be written: name it in the environment variable STASH_PLUGIN_DATA of"
    " Stash, and restart Stash."
)
ROOM = 16 * 1024 * 1024  # bytes; what one transaction writes is less
# What we, or the earlier plugin, put into a data folder.
_NAMES = (
    "*.db",
    "*.db[-.]*",
    "*.lock",
    "running.json*",
    "stop-request",
    "no-wal",
    "plex_token*",
    "pycache",
    "queue",
    "reports",
    "sync_timestamps.json*",
)
_OURS = re.compile("|".join(map(translate, _NAMES)), re.IGNORECASE if os.name == "nt" else 0)
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def ready(folder: Path) -> set[str]:
    """Makes a folder if it is missing, and closes it and what is ours in it to all but its owner.

    A folder that holds anything else is shared with others and keeps its mode.

    Returns:
        the names of the folders in it.

    Raises:
        StateError: it cannot be made.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.scandir(folder) as found:
            entries = list(found)
    except OSError as error:
        hint = missing_link(folder) or WAY_OUT
        raise StateError(f"The folder {folder} cannot be used: {error}.", hint) from error
    ours = [each for each in entries if _OURS.match(each.name)]
    for each in ours:
        if not each.is_symlink():
            make_private(each)
    if len(ours) == len(entries):
        make_private(folder)
    return {each.name for each in entries if Path(each).is_dir()}  # links in a circle are none


def missing_link(path: Path) -> str:
    """What to do about a link that leads nowhere; "" where `path` is none."""
    if not path.is_symlink() or path.exists():
        return ""
    return (
        f"It is a link to {path.readlink()}, which is not there: bring that back, a disk that is"
        " not mounted say, or delete the link."
    )


def uri_of(path: Path, mode: str) -> str:
    """A file for `sqlite3.connect`: `ro`, `rw`, or `rwc`, which makes it if it is missing."""
    place = path.absolute().as_posix()
    # Three slashes, because two would make the server of a Windows share SQLite's authority.
    root = "" if place.startswith("/") else "/"
    return f"file://{root}{quote(os.fsencode(place), safe='/:')}?mode={mode}"


def make_private(path: Path | os.DirEntry[str]) -> None:
    """Takes away what others may do with a file or folder, where the system knows such a thing."""
    if os.name == "nt":
        return
    with suppress(OSError):  # it is another user's, or gone
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & _OTHERS and not mode & stat.S_ISVTX:
            Path(path).chmod(mode & ~_OTHERS)


def not_written(error: Exception) -> StateError:
    """That a temporary file could not be written, be it one of SQLite's."""
    return StateError(
        f"A temporary file cannot be written: {error}. Is the disk of the system's temporary folder"
        " full? Free space there, or let TMPDIR name another folder."
    )


def has_room(folder: Path) -> bool:
    """Whether the disk of a folder is anything but full."""
    import shutil  # with what it brings, some time that is rarely needed

    try:
        return shutil.disk_usage(folder).free >= ROOM
    except OSError:
        return False


def try_writing(folder: Path) -> None:
    """Makes sure that files can be made in the data folder.

    Raises:
        StateError: they cannot; its advice is the way out.
    """
    import tempfile  # with what it brings, some time that no quick answer has

    ready(folder)
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0" * 4096)
    except OSError as error:
        raise StateError(f"Nothing can be written to {folder}: {error}.", WAY_OUT) from error
