"""A small library for tasks that are killed, and how Plex has to stand afterwards."""

from __future__ import annotations

import dataclasses
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from app.tasks.undo import undo_last_run
from core.run_kinds import APPLY, DRAIN
from simulators.dumps import State
from simulators.library.generate import generate
from simulators.seed import Seed
from storage.files.migration import Schema
from tests.acceptance.oracle_check import picture, verdict
from tests.acceptance.plex_state import PlexState, differing, plex_state
from tests.acceptance.site import Site
from tests.stored import make_earlier

CASES = ("empty_no_agent", "empty_agent")
MINE = "Mine"  # a genre that the user has put into Plex
WRITES = (DRAIN, APPLY)


def seed(scenes: int) -> Seed:
    """Scenes of which Plex shows nothing yet, half of them with a genre of the user's."""
    made = generate(scenes, seed=31, only=CASES, cover_share=0.5)
    for number, scene in enumerate(made["stash"]["scenes"]):
        scene["details"] = f"Words of scene {scene['id']}."
        scene["studio_id"] = made["stash"]["studios"][number % 3]["id"]
        scene["tag_ids"] = scene["tag_ids"] or [made["stash"]["tags"][0]["id"]]
        scene["date"] = "2020-02-02"
    for section in made["plex"]["sections"]:
        for item in section["items"][::2]:
            item["genres"] = [MINE]
    return made


class KillLibrary:
    """The library, and Plex as it stood before anything was written."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.raw = {scene["id"]: scene for scene in site.both.seed["stash"]["scenes"]}
        self.original: State = site.both.plex.state()
        self.plain: PlexState = plex_state(self.original)
        self._kept: dict[int, dict[str, Any]] = {}
        self._kept_data = site.data

    def begin(self, data: Path) -> None:
        """As at first, nothing synced, with pictures."""
        self.site.behind("import_scenes", scenes=list(self.raw.values()))
        self.site.both.plex.load(self.site.both.seed)
        self.site.forget(data)
        self.site.use(sync_poster=True, sync_background=True, max_clear_percent=100)

    def keep(self) -> None:
        """Remember both sides and the data directory, for `go_back`."""
        query = "{ findScenes { scenes { id title details updated_at tags { id } } } }"
        for shown in self.site.both.stash.graphql(query)["findScenes"]["scenes"]:
            tags = [int(tag["id"]) for tag in shown.pop("tags")]
            scene = int(shown.pop("id"))
            self._kept[scene] = {**self.raw[scene], **shown, "tag_ids": tags}
        self.site.both.plex.control("POST", "keep")
        self._kept_data = self.site.data

    def go_back(self, data: Path) -> None:
        """As it was when it was kept, with its own copy of the data directory."""
        self.site.behind("import_scenes", scenes=list(self._kept.values()))
        self.site.both.plex.control("POST", "go_back")
        self.site.data = shutil.copytree(self._kept_data, data)

    def edit(self, **values: Any) -> None:
        """Edit each scene in Stash."""
        for scene in self.raw:
            self.site.edit_scene(scene, **values)

    def remove_what_was_written(self) -> None:
        """Take tags, details and studio of each scene away."""
        self.edit(tag_ids=[], details="", studio_id=None)

    def heal(self) -> None:
        """What the next runs do, with nobody touching anything."""
        self.site.reconcile()
        drained = self.site.drain()
        assert (drained["failed"], drained["retried"], drained["remaining"]) == (0, 0, 0)

    def wrong(self, model: State, *, looks_again: bool = True) -> list[str]:
        """Everything that is wrong, a line each.

        Args:
            model: Plex after the same without a kill: its pictures and locks are right.
            looks_again: whether another reconcile has to find nothing.
        """
        after = self.site.both.plex.state()
        stash = self.site.both.stash.state()
        lines = _wrong_values(self.site, stash, self.original, after)
        for key, row in after["items"].items():
            for name in ("thumb", "art"):
                if picture(row, name) != picture(model["items"][key], name):
                    lines.append(f"item {key}: {name} is another picture")
            more = set(row["locked"]) - set(model["items"][key]["locked"])
            lines += [f"item {key}: {name} is locked" for name in sorted(more)]
        lines += [f"scene {scene}: {error}" for scene, error in self.site.dead().items()]
        if self.site.recorded() != self.site.rightful():
            lines.append("records are missing")
        # Whatever the first reconcile has not seen, a second one would.
        gaps = self.site.reconcile()["total_gaps"] if looks_again else 0
        return [*lines, f"{gaps} gaps are left"] if gaps else lines

    def undo_all(self) -> Mapping[str, object]:
        """Take every run back, the newest first; what is not as at first then.

        A run that was killed and gone on with is one.
        """
        with self.site.state() as state:
            runs = [run.id for kind in WRITES for run in state.runs.latest(kind, limit=100)]
            ids = [each for each in sorted(runs, reverse=True) if state.journal.items(each)]
        for each in ids:
            with self.site.context() as context:
                undo_last_run(dataclasses.replace(context, args={"run_id": each}))
        return self.changed()

    def changed(self) -> Mapping[str, object]:
        """What Plex does not show as at first."""
        return differing(self.plain, plex_state(self.site.both.plex.state()))


def _wrong_values(site: Site, stash: State, before: State, after: State) -> list[str]:
    """The oracle's verdict on values. What was written and taken away again may stay locked."""
    lines = verdict(stash, site.truth, before, after, "merge")
    return [line for line in lines if " locked" not in line]


def downgrade(path: Path, schema: Schema, version: int) -> None:
    """Make a file what an earlier version would have left: its tables, with what is there now."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    now = path.replace(path.with_name("now.db"))
    make_earlier(path, schema, version)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("ATTACH ? AS now", (str(now),))
        for (table,) in connection.execute(
            "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        ).fetchall():
            had = _columns(connection, "main", table)
            kept = [name for name in _columns(connection, "now", table) if name in had]
            listed = ", ".join(f'"{name}"' for name in kept)
            if kept:
                connection.execute(
                    f"INSERT OR REPLACE INTO main.{table} ({listed})"
                    f" SELECT {listed} FROM now.{table}"
                )
    now.unlink()


def _columns(connection: sqlite3.Connection, database: str, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA {database}.table_info({table})")]
