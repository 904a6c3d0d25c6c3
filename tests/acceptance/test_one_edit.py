"""What one edit costs does not grow with what is remembered, or with what waits."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from core.fields import SCALARS
from core.library_facts import Used
from core.matching.match_outcome import Claim, Evidence
from core.models import Failure, ItemRef, ListedItem, MediaFile
from core.records import FieldRecord, ItemRecord, Record
from plex.cache import MatchCache
from simulators.library.generate import generate
from storage.files import file_opening
from storage.page.page_file import PageFile
from storage.plex_index.saved_index import SectionIndexStore
from storage.state import State
from storage.state_tables.verdicts import Verdict
from sync_queue.queue import SyncQueue
from tests.acceptance.site import Site
from tests.acceptance.sync_driver import NOW, SyncDriver
from tests.pool import Pool

FEW, MANY = 40, 2_000
OTHERS_FROM = 1_000_000  # ids of scenes and items that are none of the library's
STEPS = 20  # of SQLite's machine, between two looks
LATER, DAY = NOW + 1_800.0, 86_400.0
WAITING = (Failure.OTHER, Failure.NOT_FOUND, Failure.ITEM_FAILED)


@pytest.fixture
def driver(pool: Pool, tmp_path: Path) -> Iterator[SyncDriver]:
    with pool.both(generate(30, only=("in_sync",))) as both:
        site = Site(both, tmp_path / "data")
        site.use(first_sync="mirror", reconcile_interval="never")
        site.reconcile()
        site.drain()
        yield SyncDriver(site)


def test_one_edit_is_as_much_work_beside_many_scenes_as_beside_few(
    driver: SyncDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Small files are checked whole, which takes no time.
    monkeypatch.setattr(file_opening, "WHOLE_CHECK_BYTES", 0)
    scene = next(iter(driver.site.rightful().values()))
    fill(driver, FEW)
    edit(driver, scene, "To begin with")  # what is done once, by the first task

    with worked(monkeypatch) as few:
        edit(driver, scene, "Beside few")
    fill(driver, MANY)
    with worked(monkeypatch) as many:
        edit(driver, scene, "Beside many")

    grown = {
        text: (few[text], steps)
        for text, steps in many.items()
        if steps > few[text] + MANY // STEPS // 4
    }
    assert grown == {}


def edit(driver: SyncDriver, scene: int, details: str) -> None:
    """A user's edit, and the task that its hook asks for."""
    driver.now += 60
    driver.site.edit_scene(scene, details=details)
    driver.note(scene)
    done = driver.sync()
    assert (done["succeeded"], done["items_edited"]) == (1, 1), done


@contextmanager
def worked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """The steps of SQLite's machine, in units of `STEPS`, by what they were for."""
    steps: Counter[str] = Counter()
    connect: Callable[..., sqlite3.Connection] = sqlite3.connect

    def watched(*args: Any, **rest: Any) -> sqlite3.Connection:
        connection = connect(*args, **rest)
        current = ""

        def begun(statement: str) -> None:
            nonlocal current
            current = statement

        def stepped() -> int:
            steps[_told(current)] += 1
            return 0

        connection.set_trace_callback(begun)
        connection.set_progress_handler(stepped, STEPS)
        return connection

    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", watched)
        yield steps


def _told(statement: str) -> str:
    """A statement without its values, as far as that is easy."""
    return " ".join(word for word in statement.split() if not word.strip("(),'").isdigit())[:120]


def fill(driver: SyncDriver, count: int) -> None:
    """So many other scenes that were synced, and as many jobs of each kind that is not due."""
    numbers = range(OTHERS_FROM, OTHERS_FROM + count)
    data = driver.site.data
    refs = {n: ItemRef("1", str(n)) for n in numbers}
    with State(data, print) as state:
        state.records.save_many([_record(n, refs[n]) for n in numbers])
        state.owners.replace(sorted((refs[n], n) for n in numbers))
        claims = {n: (Claim(refs[n], Evidence.PATH, 0, 0, Evidence.PATH),) for n in numbers}
        verdicts = {n: Verdict(b"digest", claims[n]) for n in numbers}
        state.verdicts.save(verdicts, ())
        for n in numbers:
            state.save_timestamp(n + count, NOW - DAY)
        state.library.replace("performer", [(n, Used("the other", 0)) for n in numbers])
        state.ignored.add({n + 2 * count: "Left alone" for n in numbers}, NOW)
    with SyncQueue(data / "queue", clock=lambda: NOW) as queue:
        _fill_queue(queue, numbers)
    with SectionIndexStore(data, print) as index:
        index.upsert(_listed(n, refs[n]) for n in numbers)
    with MatchCache(data) as matches:
        for n in numbers[: count // 10]:
            matches.set_match("1", f"/films/{n}.mp4", str(n))
    with PageFile(data, print) as page:
        page.findings.note_done({n: f"Scene {n}" for n in numbers})


def _fill_queue(queue: SyncQueue, numbers: range) -> None:
    """Jobs that wait for their time, with every reason, are held, or were given up on."""
    count = len(numbers)
    for place in range(5):
        ids = [n + place * count for n in numbers]
        queue.put_many({"scene_id": n, "data": {"title": "x" * 50}} for n in ids)
        claimed = queue.claim_scenes(ids)
        if place < len(WAITING):
            queue.postpone((job, LATER, WAITING[place], "not yet") for job in claimed)
        elif place == len(WAITING):
            queue.hold((job, []) for job in claimed)
        else:
            for job in claimed:
                queue.park(job, Failure.OTHER, "it is hopeless")


def _record(number: int, ref: ItemRef) -> Record:
    fields = {"title": FieldRecord("Some Title", "Some Title")}
    item = ItemRecord(ref, (f"/films/{number}.mp4",), 1, fields)
    files = (MediaFile(f"/data/{number}.mp4", number, 60.0),)
    return Record(number, 1.0, "fingerprint", files, 1, (1, 2), (3, 4), (item,))


def _listed(number: int, ref: ItemRef) -> ListedItem:
    files = (MediaFile(f"/films/{number}.mp4", number, 60.0),)
    return ListedItem(ref, files, ("",) * len(SCALARS), False, False, 1, 1)
