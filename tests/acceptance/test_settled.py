"""A reconcile that skips what has not changed finds what one that looks at everything finds."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from reconciliation.detector import GapResult
from reconciliation.engine import GapDetectionEngine
from simulators.library import generate
from storage.state import STATE_FILE
from tests.acceptance.conftest import Open
from tests.acceptance.site import Site

SCENES = 150
ROUNDS = 12
CHANGES = 3  # in each round
SEED = 11


@pytest.fixture(scope="module")
def site(open_site: Open) -> Site:
    found = open_site(generate(SCENES, seed=5))
    found.use(first_sync="mirror", max_clear_percent=100)
    found.inherit_timestamps()
    found.reconcile()
    found.drain()
    return found


def look(site: Site, data: Path, *, everywhere: bool) -> tuple[dict[str, Any], list[Any]]:
    """What a reconcile would find, in a copy of the data directory."""
    shutil.copytree(site.data, data)
    if everywhere:
        with closing(sqlite3.connect(data / STATE_FILE)) as connection, connection:
            connection.execute("DELETE FROM verdicts")
    gaps: list[GapResult] = []
    with site.context() as context:
        engine = GapDetectionEngine(context.stash, context.settings, data, on_gaps=gaps.extend)
        result = engine.run().as_dict()
    shutil.rmtree(data)
    # Requests are what is saved.
    result.pop("plex_requests")
    return result, sorted((gap.scene_id, gap.gap_type, gap.reason) for gap in gaps)


class Life:
    """Random changes on both sides, loud and silent ones."""

    def __init__(self, site: Site, rng: random.Random) -> None:
        self.site = site
        self.rng = rng
        self.stash = site.both.seed["stash"]
        self.dropped: list[str] = []

    def change(self) -> None:
        acts: list[Callable[[], object]] = [
            self.edit, self.tag, self.rename_tag, self.move, self.hand_edit, self.list_edit,
            self.drop, self.put_back, self.double, self.trash, self.merge, self.destroy,
            self.reset, self.unlock, self.copy,
        ]  # fmt: skip
        self.rng.choice(acts)()

    def scene(self) -> Any:
        there = {int(scene["id"]) for scene in self.site.both.stash.state()["scenes"]}
        return self.rng.choice([scene for scene in self.stash["scenes"] if scene["id"] in there])

    def key(self) -> str:
        return str(self.rng.choice(sorted(self.site.both.plex.state()["items"])))

    def edit(self) -> None:
        self.site.edit_scene(self.scene()["id"], title=f"Title {self.rng.random()}")

    def tag(self) -> None:
        tag = self.rng.choice(self.stash["tags"])["id"]
        self.site.behind("auto_tag", scene_id=self.scene()["id"], tag_ids=[tag])

    def rename_tag(self) -> None:
        tag = self.rng.choice(self.stash["tags"])["id"]
        self.site.behind("update", kind="tag", id=tag, values={"name": f"Tag {self.rng.random()}"})

    def move(self) -> None:
        files = self.scene()["files"]
        if files:
            folder, _, name = files[0]["path"].replace("\\", "/").rpartition("/")
            moved = f"{folder}/moved {self.rng.randrange(10**6)}/{name}"
            self.site.behind("move_file", file_id=files[0]["id"], path=moved)

    def hand_edit(self) -> None:
        self.site.hand_edit(self.key(), summary=f"By hand {self.rng.random()}")

    def list_edit(self) -> None:
        self.site.hand_edit(self.key(), lock=False, genre=[f"Mine {self.rng.random()}"])

    def reset(self) -> None:
        nothing: dict[str, Any] = {"summary": "", "studio": "", "genre": [], "actor": []}
        self.site.hand_edit(self.key(), lock=False, **nothing)

    def unlock(self) -> None:
        self.site.hand_edit(self.key(), lock=False, locked=[])

    def drop(self) -> None:
        name = self.rng.choice(sorted(self.owned()))
        self.dropped.append(name)
        self.site.drop_item(name.partition(":")[2])

    def put_back(self) -> None:
        if self.dropped:
            self.site.put_item(self.dropped.pop(), rating_key=self.rng.randrange(10**7, 10**8))

    def double(self) -> None:
        """A second item for a file that one has already."""
        new = self.rng.randrange(10**7, 10**8)
        self.site.put_item(self.rng.choice(sorted(self.owned())), rating_key=new)

    def copy(self) -> None:
        """An item for the same file in another library."""
        name = self.rng.choice(sorted(self.owned()))
        listed = self.site.both.seed["plex"]["sections"]
        others = [
            s["key"] for s in listed if s["type"] == "movie" and not name.startswith(f"{s['key']}:")
        ]
        new = self.rng.randrange(10**7, 10**8)
        item = {**self.site.raw_item(name.partition(":")[2]), "rating_key": new}
        told = {"section": self.rng.choice(others), "item": item}
        self.site.both.plex.control("POST", "items", told)

    def trash(self) -> None:
        name = self.rng.choice(sorted(self.owned()))
        self.site.both.plex.control("POST", "trash", {"key": name.partition(":")[2]})

    def merge(self) -> None:
        one, other = self.scene()["id"], self.scene()["id"]
        if one != other:
            self.site.behind("merge_scenes", source=[one], destination=other)

    def destroy(self) -> None:
        self.site.behind("destroy_scene", scene_id=self.scene()["id"])

    def owned(self) -> set[str]:
        there = {str(row["ratingKey"]) for row in self.site.both.plex.state()["items"].values()}
        return {name for name in self.site.rightful() if name.partition(":")[2] in there}


def test_nothing_is_missed(site: Site, tmp_path: Path) -> None:
    rng = random.Random(SEED)
    life = Life(site, rng)
    skipped = 0
    for turn in range(ROUNDS):
        site.reconcile()
        with site.state() as state:
            skipped += state.verdicts.count()
        for _ in range(CHANGES):
            life.change()
        one = look(site, tmp_path / f"{turn}-skipping", everywhere=False)
        other = look(site, tmp_path / f"{turn}-everywhere", everywhere=True)
        assert one == other, f"round {turn}"
        if turn % 3 == 2:
            site.reconcile()
            site.drain()
    assert skipped > ROUNDS * SCENES / 4


@pytest.mark.parametrize(
    "setting",
    [
        {"sync_tags": False},
        {"tag_blocklist": "Travel"},
        {"max_tags": 1},
        {"path_map": ""},
        {"reconcile_missing": False},
        {"organized_only": True},
    ],
    ids=lambda setting: next(iter(setting)),
)
def test_another_setting_has_everything_looked_at_again(
    site: Site, tmp_path: Path, setting: dict[str, Any]
) -> None:
    site.use(first_sync="mirror", max_clear_percent=100)
    site.reconcile()
    site.use(first_sync="mirror", max_clear_percent=100, **setting)

    one = look(site, tmp_path / "skipping", everywhere=False)

    assert one == look(site, tmp_path / "everywhere", everywhere=True)
