"""Small things that must outlive a process, each under a name of its own."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from storage.files.database import Database
from storage.files.file_opening import Clock, Warn
from storage.files.json_checks import Maybe, Shape, check
from storage.files.migration import Schema
from storage.files.row_checks import TEXT, Row, Table
from storage.files.store import Store, StoreFile
from storage.record_codec import dumps

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")
D = TypeVar("D", bound="DataclassInstance")

TABLES = ("CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",)
_FACTS = Table("facts", ("key",), {"key": TEXT, "value": TEXT})


@dataclass(frozen=True, slots=True)
class Key(Generic[T]):
    """What is kept under a name; declared once, beside what owns it.

    Attributes:
        default: where nothing is kept, or nothing that makes sense.
        shape: of the JSON, see `storage.files.json_checks`.
        decode, encode: from JSON of that shape, and to it.
    """

    name: str
    default: T
    shape: Shape
    decode: Callable[[Any], T] = lambda value: value
    encode: Callable[[T], object] = lambda value: value


def key_of_fields(name: str, default: D, shape: Mapping[str, Shape]) -> Key[D]:
    """For a dataclass that is kept by its fields.

    Args:
        default: also what fields are of which nothing is kept: None, or what an earlier version
            did not know.
        shape: of the JSON of each field.
    """

    def decode(kept: Mapping[str, Any]) -> D:
        return replace(default, **{n: kept[n] for n in shape if kept.get(n) is not None})

    maybe: dict[str, Shape] = {field: Maybe(one) for field, one in shape.items()}
    return Key(name, default, maybe, decode, asdict)


class KeyValueStore(Store):
    """JSON values by their keys; one of another shape is set aside."""

    def get(self, key: Key[T]) -> T:
        """The value, or the key's default."""

        def decode(row: Row) -> T:
            value = json.loads(row[1])
            check(value, key.shape)
            return key.decode(value)

        found = self._database.select(_FACTS, decode, "WHERE key = ?", (key.name,))
        return found[0] if found else key.default

    def set(self, key: Key[T], value: T) -> None:
        """Writes or replaces a value; for the very same one nobody waits for others, or the
        disk."""
        values = key.name, dumps(key.encode(value))
        if not self._database.rows("SELECT 1 FROM facts WHERE key = ? AND value = ?", values):
            with self._database.transaction() as connection:
                connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", values)

    def change(self, key: Key[T], change: Callable[[T], T]) -> T:
        """Replaces a value by what `change` makes of it, in one transaction.

        `change` must be pure. Returns the new value; an equal one is not written.
        """
        with self._database.transaction() as connection:
            before = self.get(key)
            after = change(before)
            if after != before:
                values = key.name, dumps(key.encode(after))
                connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", values)
        return after


class KeyValueFile(StoreFile):
    """A file of the data folder with such values, and other stores on the same connection; a
    context manager that closes it.

    Attributes:
        get_value, set_value, change_value: of `KeyValueStore`.

    Args:
        data_dir: made if it is missing.
        warn: gets a sentence for the user when a damaged file was moved aside.
        looks_only, checked: see `storage.files.database.Database`.

    Raises:
        StateError: see `storage.files.database.Database`.
    """

    FILE: ClassVar[str]
    SCHEMA: ClassVar[Schema]

    def __init__(
        self,
        data_dir: Path,
        warn: Warn,
        *,
        clock: Clock = time.time,
        looks_only: bool = False,
        checked: set[str] | None = None,
    ) -> None:
        self._data_dir, self._warn = data_dir, warn
        self._clock, self._looks_only = clock, looks_only
        path = data_dir / self.FILE
        self._database = Database(
            path, self.SCHEMA, warn, clock=clock, looks_only=looks_only, checked=checked
        )
        values = KeyValueStore(self._database)
        self.get_value, self.set_value = values.get, values.set
        self.change_value = values.change
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        """Opens the other stores of the file."""
        raise NotImplementedError
