"""What the stores have in common: a store is some tables of a database that is open."""

from __future__ import annotations

from storage.files.database import Closing, Database


class Store:
    """Some tables of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database


class StoreFile(Closing):
    """A file with a database of its own."""

    _database: Database

    def close(self) -> None:
        self._database.close()
