"""What a SQLite file of ours holds, and how an older one, or one with gaps, comes to it."""

from __future__ import annotations

import functools
import os
import re
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping, Set
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from storage.files.data_folder import make_private

_NAMES = re.compile(
    r"\s*(?:(CREATE|DROP) (?:UNIQUE )?(?:TABLE|INDEX|TRIGGER) (?:IF (?:NOT )?EXISTS )?"
    r"|ALTER TABLE \w+ (RENAME) TO )(\w+)"
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a sound file is no file of ours: `suffix` goes into its new name, `why` to the user."""

    suffix: str
    why: str


@dataclass(frozen=True, slots=True)
class Schema:
    """What a file holds and how it came to it.

    Attributes:
        title: what the user calls the content ("the sync history").
        migrations: statements that lead from version n to n + 1, at index n.
        remedy: what happens to the content when the file has to be rebuilt.
        synchronous: FULL survives a power cut, and is backed up before a migration; NORMAL may
            lose the last commits of a cache.
        refuse: looks at a file without a version (0) before it is migrated.
        saved: tables of which the rows that can be read are taken over from a damaged file, with
            what people call the rows.
        derived: statements that put tables right by others, for when one was made again or has
            lost rows.
    """

    title: str
    migrations: tuple[tuple[str, ...], ...]
    remedy: str
    synchronous: Literal["FULL", "NORMAL"] = "FULL"
    refuse: Callable[[sqlite3.Connection], Refusal | None] | None = None
    saved: Mapping[str, str] = field(default_factory=dict)
    derived: tuple[str, ...] = ()


def version_of(connection: sqlite3.Connection) -> int:
    """The version of the layout that a file has; 0 for a new one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection, path: Path, schema: Schema) -> bool:
    """Brings a file to the newest layout, all of it or nothing; False if it has it already."""
    target = len(schema.migrations)
    if version_of(connection) == target:
        return False
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Read again: another process may have migrated while we waited for the lock.
        version = version_of(connection)
        if 0 < version < target and schema.synchronous == "FULL":
            _back_up(path, version)
        run(connection, schema.migrations[version:])
        if version > 0:
            run(connection, [schema.derived])
        connection.execute(f"PRAGMA user_version = {target}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return True


def restore_version(connection: sqlite3.Connection, schema: Schema) -> None:
    """Gives a file of the newest layout its version back, where it has none any more."""
    if version_of(connection) > 0 or not _names(schema.migrations) <= _names_in(connection):
        return
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as model:
        run(model, schema.migrations)
        if _columns(connection, schema) == _columns(model, schema):
            connection.execute(f"PRAGMA user_version = {len(schema.migrations)}")


def _columns(connection: sqlite3.Connection, schema: Schema) -> dict[str, list[str]]:
    """The columns of each table of the newest layout."""
    return {
        name: [row[1] for row in connection.execute(f"PRAGMA table_info({name})")]
        for name in sorted(_names(schema.migrations))
    }


def run(connection: sqlite3.Connection, migrations: Iterable[Iterable[str]]) -> None:
    """Carries out migrations, within the caller's transaction."""
    for statements in migrations:
        for statement in statements:
            connection.execute(statement)


def _back_up(path: Path, version: int) -> None:
    """A copy of a file as it is, `<name>.v<version>-backup`, in the place of all earlier ones."""
    target = path.with_name(f"{path.name}.v{version}-backup")
    part = target.with_name(target.name + "-part")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_WRONLY, 0o600))
    make_private(part)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(part)) as copy:
        source.backup(copy)
    part.replace(target)
    for earlier in path.parent.glob(f"{path.name}.v*-backup"):
        if earlier != target:
            earlier.unlink()


def make_missing(connection: sqlite3.Connection, schema: Schema) -> list[str]:
    """Makes the tables, indexes and triggers of the newest layout that a file lacks.

    A table that is made again has the rows that it has in a new file. Returns the tables' names.
    """
    there = _names_in(connection)
    if _names(schema.migrations) <= there:
        return []
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as model:
        run(model, schema.migrations)
        wanted = model.execute(
            "SELECT name, type, sql FROM sqlite_master WHERE sql IS NOT NULL"
            " AND name NOT LIKE 'sqlite%' ORDER BY type <> 'table', type <> 'index'"
        ).fetchall()
        connection.execute("BEGIN IMMEDIATE")
        there = _names_in(connection)
        missing = [each for each in wanted if each[0] not in there]
        for name, kind, sql in missing:
            connection.execute(sql)
            for row in model.execute(f"SELECT * FROM {name}") if kind == "table" else ():
                connection.execute(f"INSERT INTO {name} VALUES ({', '.join('?' * len(row))})", row)
        for statement in schema.derived:
            connection.execute(statement)
        connection.execute("COMMIT")
    return [name for name, kind, _ in missing if kind == "table"]


def mend_layout(
    connection: sqlite3.Connection, schema: Schema, tables: Collection[str] = ()
) -> list[str]:
    """Makes tables again that have other columns than in a layout, or are none, with the rows that
    fit, and drops triggers that are not as in it.

    Args:
        tables: also these, which have rows that they do not allow.

    Returns the tables' names.
    """
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as model:
        run(model, schema.migrations)
        connection.execute("BEGIN IMMEDIATE")
        there = dict(connection.execute("SELECT name, type FROM sqlite_master"))
        triggers = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        ours = model.execute(triggers).fetchall()
        for trigger in connection.execute(triggers).fetchall():
            if trigger not in ours:
                connection.execute(f"DROP TRIGGER {_quoted(trigger[0])}")
        made = []
        for name, sql in model.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'"):
            told = f"PRAGMA table_info({name})"
            wanted, found = (each.execute(told).fetchall() for each in (model, connection))
            is_right = name not in tables and (wanted, "table") == (found, there.get(name))
            if not is_right and there.get(name) in ("table", "view"):
                shared = {column[1] for column in wanted} & {column[1] for column in found}
                _make_anew(connection, there[name], name, sql, ", ".join(sorted(shared)))
                made.append(name)
        # Where something is missing, this waits until it is there.
        if made and _names(schema.migrations) <= _names_in(connection):
            run(connection, [schema.derived])
        connection.execute("COMMIT")
    return made


def _make_anew(
    connection: sqlite3.Connection, kind: str, name: str, sql: str, columns: str
) -> None:
    if columns:
        connection.execute(f"CREATE TEMP TABLE kept AS SELECT {columns} FROM {name}")
    connection.execute(f"DROP {kind.upper()} {name}")
    connection.execute(sql)
    if columns:
        connection.execute(
            f"INSERT OR IGNORE INTO main.{name} ({columns}) SELECT {columns} FROM temp.kept"
        )
        connection.execute("DROP TABLE temp.kept")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _names_in(connection: sqlite3.Connection) -> set[str]:
    return {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}


@functools.cache
def _names(migrations: tuple[tuple[str, ...], ...]) -> Set[str]:
    """What a file has to have, as far as the statements tell; far quicker than making one."""
    names: set[str] = set()
    for statements in migrations:
        for found in filter(None, map(_NAMES.match, statements)):
            (names.discard if found[1] == "DROP" else names.add)(found[3])
    return names
