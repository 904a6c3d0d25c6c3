"""Where nobody edits Plex by hand, items end with exactly their scenes' tags, whatever happened."""

from __future__ import annotations

import os
import random
import time
from functools import partial

import pytest

from app.tasks.reconcile import reconcile_all
from core.text import name_key
from simulators.launch import RefusedError
from storage.state import State
from tests.acceptance.conftest import Open
from tests.acceptance.random_changes import RandomChanges, crowded
from tests.acceptance.site import Site

ROUNDS = int(os.environ.get("STASH2PLEX_ROUNDS", "1"))
FIRST = 3  # of the courses: one in which a file passes to another scene
STEPS = 30
LIBRARIES = ("", "Films, Series", "Other Videos")
SILENT = (
    *("tag", "rename_entity", "merge_tags", "assign_file", "merge", "destroy", "restore"),
    *("trash", "bring_back", "put"),
)
OURS = ("retag", "libraries", "sync_some", "sync_some", "cut_off")
PAUSE = 2 * 3600.0  # seconds, longer than any backoff


class Course(RandomChanges):
    """Files, items and libraries come and go, and some scenes are synced in between."""

    def step(self) -> None:
        name = self.rng.choice([*SILENT, *OURS])
        try:
            self.told.append(f"{name} {getattr(self, name)()}")
        except RefusedError as refused:
            self.told.append(f"{name}: {refused}")

    def retag(self) -> int:
        scene_id = self._scene()
        tags = sorted(int(tag["id"]) for tag in self.site.both.stash.state()["tags"])
        chosen = self.rng.sample(tags, min(len(tags), self.rng.randrange(4)))
        self.site.edit_scene(scene_id, tag_ids=chosen)
        return scene_id

    def libraries(self) -> str:
        chosen = self.rng.choice(LIBRARIES)
        self.site.use(plex_library=chosen, max_clear_percent=100)
        return chosen

    def sync_some(self) -> list[int]:
        scenes = [self._scene() for _ in range(3)]
        self.site.enqueue(*scenes)
        self.site.drain()
        return scenes

    def cut_off(self) -> str:
        """A drain that ends between its edits and the records of them."""
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(State, "remember", _end)
            try:
                return f"none of {self.sync_some()}"
            except SystemExit:
                return "it is"


def _end(*_: object) -> None:
    raise SystemExit


def _later(seconds: float) -> float:
    return time.time() + seconds


def settle(site: Site) -> None:
    """Sync all that there is to sync, whatever backs off."""
    site.use(max_clear_percent=100)
    for pauses in range(2):
        clock = partial(_later, pauses * PAUSE)
        site.do(reconcile_all, clock)
        site.drain(clock)


def wrong(site: Site) -> list[str]:
    """Items of scenes that Plex has and that show other tags than these."""
    asked = "{ findScenes(filter: {per_page: -1}) { scenes { id tags { name } } } }"
    scenes = site.both.stash.graphql(asked)["findScenes"]["scenes"]
    wanted = {int(s["id"]): {name_key(tag["name"]) for tag in s["tags"]} for s in scenes}
    absent = site.dead().keys() | site.queued().keys()
    there = site.both.plex.state()["items"]
    with site.state() as state:
        records = state.records.get_many(wanted.keys() - absent)
    return [
        f"scene {scene_id}, item {item.ref}: {there[item.ref.key]['genre']}, {wanted[scene_id]}"
        for scene_id, record in records.items()
        for item in record.items
        if item.ref.key in there
        and not there[item.ref.key].get("deletedAt")
        and {name_key(tag) for tag in there[item.ref.key]["genre"]} != wanted[scene_id]
    ]


@pytest.mark.parametrize("number", range(FIRST, FIRST + ROUNDS))
def test_nothing_of_ours_is_left_behind(open_alone: Open, number: int) -> None:
    site = open_alone(crowded(15, seed=2))
    site.use(max_clear_percent=100)
    site.reconcile()
    site.drain()
    course = Course(site, random.Random(number))
    for _ in range(STEPS):
        course.step()

    settle(site)

    assert wrong(site) == [], "\n".join(course.told)
