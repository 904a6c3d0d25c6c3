"""A tag that hundreds of scenes carry gets another name: one event, one write for each item, and
one edit for many items where a look at one of them has shown that this server adds tags."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

import worker.scene_sync.plan_source
from app.tasks.undo import undo_last_run
from core.errors import SyncError
from core.models import Failure
from simulators.library.generate import generate
from simulators.library.oracle import untouched
from storage.key_value import Key
from tests.acceptance.faults import RESET
from tests.acceptance.hook_driver import HookDriver, hook_driver
from tests.acceptance.plex_state import differing, now
from tests.pool import Pool

LIST_EDITS: Key[Any] = Key("list_edits", None, object)  # what Plex was found to do with lists
CARRIED = 900  # the tag of all scenes
CASES = ("in_sync", "two_sections", "extra_genre")
BATCH = 20  # of the drains of the small library
# A run that fails is not waited for; the guard is as it is by default.
SETTINGS = {"max_tags": 500, "reconcile_interval": "never", "outage_wait": 0}


@contextmanager
def opened(pool: Pool, scenes: int, folder: Path) -> Iterator[HookDriver]:
    """All of it synced; the tag stands beside others, some of them put there by hand."""
    seed = generate(scenes, seed=4, only=CASES)
    seed["stash"]["tags"].append({"id": CARRIED, "name": "Carried by All"})
    for scene in seed["stash"]["scenes"]:
        scene["tag_ids"].append(CARRIED)
    with hook_driver(pool, seed, folder) as driver:
        driver.site.use(**SETTINGS)
        driver.site.reconcile()
        driver.site.drain()
        yield driver


@pytest.fixture(scope="module")
def large(pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HookDriver]:
    with opened(pool, 130, tmp_path_factory.mktemp("large")) as driver:
        yield driver


@pytest.fixture(scope="module")
def small(pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HookDriver]:
    """More than one batch of the drain."""
    with opened(pool, 30, tmp_path_factory.mktemp("small")) as driver:
        yield driver


@pytest.fixture
def driver(small: HookDriver, monkeypatch: pytest.MonkeyPatch) -> Iterator[HookDriver]:
    monkeypatch.setattr(worker.scene_sync.plan_source, "BATCH", BATCH)
    yield from ready(small)


def ready(driver: HookDriver) -> Iterator[HookDriver]:
    plex = driver.site.both.plex
    driver.site.use(**SETTINGS)
    plex.configure(edit_section="additive")
    forget(driver)
    yield driver
    driver.on_scene = lambda: None
    plex.faults([])
    plex.configure(edit_section="additive", refuse_fields=[])
    assert wrong(driver) == []


def wrong(driver: HookDriver) -> list[str]:
    """Where Plex does not show what it must; what it had before the first sync stays."""
    return driver.wrong(first_sync="merge")


def forget(driver: HookDriver) -> None:
    """What earlier tests have taught of this server."""
    with driver.site.state() as state:
        state.set_value(LIST_EDITS, None)


def known(driver: HookDriver) -> Any:
    with driver.site.state() as state:
        fact = state.get_value(LIST_EDITS)
    return fact and fact["lists"]


def carrying(driver: HookDriver) -> int:
    return len(driver.items_of(driver.showing("tag", CARRIED)))


def edits(plex: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Section and keys of each edit."""
    puts = [urlsplit(each["path"]) for each in plex["log"] if each["method"] == "PUT"]
    return [(put.path.split("/")[3], parse_qs(put.query)["id"][0].split(",")) for put in puts]


def rename(driver: HookDriver, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The task's figures after a rename, and what it has asked of Plex."""
    driver.rename("tag", CARRIED, name)
    figures, _, plex = driver.sync_counted()
    assert figures["events"] == 1
    assert figures["processed"] == len(driver.showing("tag", CARRIED))
    assert figures["items_edited"] == carrying(driver)
    assert (figures["failed"], figures["remaining"]) == (0, 0)
    return figures, plex


def test_a_server_that_adds_gets_one_edit_for_a_hundred_items(large: HookDriver) -> None:
    driver = large
    before = driver.site.both.plex.state()

    _, plex = rename(driver, "Known to Be Carried")

    assert wrong(driver) == []
    assert untouched(before, driver.site.both.plex.state(), driver.site.truth) == []
    assert set(driver.written().values()) == {1}
    assert len(driver.written()) == carrying(driver)
    sent = edits(plex)
    assert len(sent[0][1]) == 1
    assert all(len(keys) <= 100 for _, keys in sent)
    items = {
        tuple(item.split(":")) for name in driver.site.truth["matches"].values() for item in name
    }
    assert {(section, key) for section, keys in sent for key in keys} == items
    # Of each hundred scenes those in one section are one edit.
    sections = len({section for section, _ in sent})
    assert len(sent) <= 1 + 2 * sections
    assert plex["reads"] < 15
    assert known(driver) is None


def test_what_many_items_had_is_in_the_journal(driver: HookDriver) -> None:
    plex_state = now(driver.site)
    _, plex = rename(driver, "Taken Back Again")
    assert len(edits(plex)) < carrying(driver) / 2

    undone = driver.site.do(undo_last_run)

    assert (undone["restored"], undone["changed_since"]) == (carrying(driver), 0)
    assert differing(plex_state, now(driver.site)) == {}
    rename(driver, "Carried Once More")


def test_a_server_that_replaces_gets_an_edit_for_each_item(driver: HookDriver) -> None:
    driver.site.both.plex.configure(edit_section="replacing")

    _, plex = rename(driver, "On a Server That Replaces")

    assert wrong(driver) == []
    assert {len(keys) for _, keys in edits(plex)} == {1}
    # The first is the one on which it was found out, and it was put right at once.
    first, second = edits(plex)[:2]
    assert first == second
    written = driver.written()
    assert written.pop(first[1][0]) == 2
    assert set(written.values()) == {1}
    assert known(driver) == "replaces"

    # That is remembered, of this server in this version.
    _, plex = rename(driver, "On It Again")
    assert {len(keys) for _, keys in edits(plex)} == {1}
    assert set(driver.written().values()) == {1}
    with driver.site.state() as state:
        fact = state.get_value(LIST_EDITS)
        state.set_value(LIST_EDITS, {**fact, "server": [fact["server"][0], "0.1"]})
    driver.site.both.plex.configure(edit_section="additive")
    _, plex = rename(driver, "After an Update of Plex")
    assert max(len(keys) for _, keys in edits(plex)) > BATCH / 2


def test_an_item_that_did_not_come_out_right_gets_its_own_edit(
    driver: HookDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server changes its mind in the middle of the run."""
    monkeypatch.setattr(worker.scene_sync.plan_source, "MANY", BATCH)

    def change() -> None:
        if driver.site.writes():
            driver.site.both.plex.configure(edit_section="replacing")

    driver.on_scene = change

    _, plex = rename(driver, "For a Server without Character")

    assert wrong(driver) == []
    assert max(len(keys) for _, keys in edits(plex)) > BATCH / 2
    assert max(driver.written().values()) == 2
    assert known(driver) == "replaces"


def test_an_edit_of_many_items_that_is_refused_hurts_nobody(driver: HookDriver) -> None:
    refusal = {"action": "status", "status": 400, "body": "no", "times": -1}
    driver.site.both.plex.faults([{"match": "PUT .*[?&]id=[0-9]+%2C", **refusal}])

    _, plex = rename(driver, "One by One")

    assert wrong(driver) == []
    assert set(driver.written().values()) == {1}
    assert sum(len(keys) > 1 for _, keys in edits(plex)) == 1


def test_a_server_that_takes_nothing_is_tried_once(driver: HookDriver) -> None:
    driver.site.both.plex.configure(refuse_fields=["genre"])

    driver.rename("tag", CARRIED, "Never Shown")
    figures, _, plex = driver.sync_counted()

    assert {len(keys) for _, keys in edits(plex)} == {1}
    # Nothing of these edits shows, so they were not carried out.
    assert figures["retried"] == len(driver.showing("tag", CARRIED))
    assert known(driver) is None
    driver.site.both.plex.configure(refuse_fields=[])
    driver.site.use(**SETTINGS, max_clear_percent=100)
    with driver.site.queue() as queue:
        queue.wake(Failure.NOT_TAKEN)
    driver.rename("tag", CARRIED, "Shown After All")
    figures, _, _ = driver.sync_counted()
    assert figures["items_edited"] == carrying(driver)


def test_other_changes_are_not_mixed_with_it(driver: HookDriver) -> None:
    others = driver.site.scenes("in_sync")[:5]
    for scene in others:
        driver.site.behind("edit_scene", scene_id=scene, values={"title": f"Title {scene}"})

    _, plex = rename(driver, "Among Others")

    assert wrong(driver) == []
    assert set(driver.written().values()) == {1}
    titles = [each["path"] for each in plex["log"] if "title.value" in each["path"]]
    assert len(titles) == len(driver.items_of(others))
    assert not [path for path in titles if re.search(r"id=\d+%2C", path)]


@pytest.mark.parametrize("preserve", [False, True], ids=["stash wins", "plex edits stay"])
def test_a_run_that_dies_over_its_first_item_leaves_nothing_lost(
    driver: HookDriver, preserve: bool
) -> None:
    """On a server that replaces it has lost its other tags, by hand or not, until the next run."""
    driver.site.use(**SETTINGS, preserve_plex_edits=preserve)
    driver.site.both.plex.configure(edit_section="replacing")
    plex_state = now(driver.site)
    driver.rename("tag", CARRIED, f"Dying, {preserve}")
    driver.site.both.plex.faults([{"match": r"GET /library/metadata/\d+\?", "times": -1, **RESET}])
    with pytest.raises(SyncError):
        driver.sync()
    damaged = differing(plex_state, now(driver.site))
    assert len(damaged) == 1
    driver.site.both.plex.faults([])

    driver.sync()

    assert wrong(driver) == []
    for before, after in ((plex_state[key], now(driver.site)[key]) for key in damaged):
        assert len(after["genre"]) == len(before["genre"])
    assert known(driver) == "replaces"


def test_an_undo_puts_right_first_what_a_killed_run_has_left(driver: HookDriver) -> None:
    driver.site.both.plex.configure(edit_section="replacing")
    plex_state = now(driver.site)
    driver.rename("tag", CARRIED, "Undone at Once")
    driver.site.both.plex.faults([{"match": r"GET /library/metadata/\d+\?", "times": -1, **RESET}])
    with pytest.raises(SyncError):
        driver.sync()
    driver.site.both.plex.faults([])

    driver.site.do(undo_last_run)

    assert differing(plex_state, now(driver.site)) == {}
    rename(driver, "Carried for Good")
