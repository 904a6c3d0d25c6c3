"""Damage of a file of ours: how it shows, and how the next opening comes to know of it."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path

_LAYOUT = (
    "no such column",
    "no such table",
    "has no column named",
    "values were supplied",
    "because it is a view",
    "ON CONFLICT clause does not match",
)


class Suspicion:
    """What was wrong with a file when it was last worked with, kept beside it.

    A check at the opening does not see an index that lies. So what was met at work counts, as long
    as it is still the file that it was met in.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._note = path.with_name(path.name + ".suspect")

    def exists(self) -> bool:
        return self._note.exists()

    def note(self, file: str, what: str) -> None:
        """Keep it for the next opening.

        Args:
            file: the `name_of` the file that is damaged.
            what: is wrong with it, for people; "" where that is to be looked for.
        """
        with suppress(OSError):  # the damage is what the user must hear of
            self._note.write_text(f"{file}\n{what}", encoding="utf-8")

    def proof(self) -> str | None:
        """What was wrong with the very file that is there now."""
        with suppress(OSError, UnicodeDecodeError):
            file, _, what = self._note.read_text(encoding="utf-8").partition("\n")
            if what and file == name_of(self._path):
                return what
        return None

    def clear(self) -> None:
        self._note.unlink(missing_ok=True)


def suspect(path: str) -> None:
    """Has a file looked through by who opens it next."""
    Suspicion(Path(path)).note(name_of(Path(path)), "")


def name_of(path: Path) -> str:
    """What tells a file from another one that takes its place; "" where there is none."""
    found = identity(path)
    return "" if found is None else f"{found[0]}:{found[1]}"


def identity(path: Path) -> tuple[int, int] | None:
    """Device and inode of a file; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether SQLite says that what it reads cannot be right."""
    # SQLITE_CORRUPT and SQLITE_NOTADB come as DatabaseError itself, the rest as subclasses.
    return type(error) is sqlite3.DatabaseError


def is_layout(error: sqlite3.DatabaseError) -> bool:
    """Whether SQLite says that tables are not as statements of ours take them to be."""
    told = str(error)
    if isinstance(error, sqlite3.IntegrityError):
        return told != "datatype mismatch"  # of a parameter
    return isinstance(error, sqlite3.OperationalError) and any(map(told.__contains__, _LAYOUT))


def one_line(said: object) -> str:
    """What SQLite says, without its line ends."""
    return " ".join(str(said).split())
