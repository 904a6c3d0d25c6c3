"""A stored row that makes no sense is set aside and named; all others work on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from core.matching.pins import Pin
from core.models import Change, ItemRef, ListedItem, MediaFile
from core.records import ItemRecord, Record
from core.scans import AwaitedScan
from storage.files.database import NAMED
from storage.files.row_checks import KEPT_ASIDE
from storage.key_value import Key
from storage.plex_index.saved_index import INDEX_FILE, ItemQuery, SectionIndexStore
from storage.state import STATE_FILE, State
from storage.state_tables.journal import JournalEntry
from storage.state_tables.plans import PlannedChange
from storage.state_tables.verdicts import Verdict
from sync_queue.queue import SyncQueue
from sync_queue.reader import QUEUE_FILE
from sync_queue.schema import TABLE
from tests.stored import NO_TEXT, journal_of, plan_of, spoil, sql

REFS = ItemRef("1", "7"), ItemRef("1", "8")
FILES = (MediaFile("/a.mp4", 1),)
SCENES = 1, 2
FACTS: dict[int, Key[list[int]]] = {n: Key(f"fact {n}", [], [int]) for n in SCENES}
NO_JSON, WRONG, DEEP = "'[1, {'", "'[[1]]'", f"'{'[' * 100_000}'"


def record(scene_id: int) -> Record:
    item = ItemRecord(REFS[scene_id - 1], ("/p",), 5, {})
    return Record(scene_id, 10.0, f"print {scene_id}", FILES, None, (), (3,), (item,))


def fill(state: State) -> None:
    """Two of everything, of the scenes 1 and 2; the runs 1 and 2 did it."""
    for scene_id, ref in zip(SCENES, REFS, strict=True):
        run = state.runs.start(f"kind {scene_id}", 1.0)
        state.records.save_many([record(scene_id)])
        state.save_timestamp(scene_id, 5.0)
        state.journal.write(run, [JournalEntry(scene_id, ref, "title", "a", "b", 1.0)])
        change = Change("title", "a", "b")
        state.plans.add(1, [PlannedChange(scene_id, "Title", ref, change)])
        state.pins.save([Pin(scene_id, ref, FILES)])
        state.set_value(FACTS[scene_id], [scene_id])
    state.owners.replace(zip(REFS, SCENES, strict=True))
    state.scans.note_asked("1", ["/1", "/2"], 5.0)
    state.scans.await_only({n: AwaitedScan(1.0, 1.0, frozenset({"scan"})) for n in ("1", "2")})
    state.verdicts.save({scene_id: Verdict(b"digest", ()) for scene_id in SCENES}, ())


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a state and a queue of the scenes 1 and 2."""
    folder = tmp_path_factory.mktemp("filled")
    with State(folder, pytest.fail) as state, SyncQueue(folder) as queue:
        fill(state)
        assert [read(state) for read in READ.values()] == [{1, 2}] * len(READ)
        queue.put_many([{"scene_id": 1}, {"scene_id": 2}])
    return folder


def known(*found: object) -> set[int]:
    return {index for index, each in enumerate(found, start=1) if each}


# How each table is read, and the scenes of which something is found.
READ: dict[str, Callable[[State], set[int]]] = {
    "records": lambda state: set(state.records.get_many(SCENES)),
    "record_items": lambda state: set(state.records.owners_of(REFS).values()),
    "item_owners": lambda state: set(state.owners.of(REFS).values()),
    "timestamps": lambda state: {scene for scene, at in state.timestamps().items() if at == 5.0},
    "journal": lambda state: known(*(journal_of(state, n) for n in SCENES)),
    "runs": lambda state: {run.id for run in state.runs.latest()},
    "plans": lambda state: {planned.scene_id for planned in plan_of(state, 1)},
    "pins": lambda state: set(state.pins.all()),
    "scan_requests": lambda state: set(map(int, "".join(
        state.scans.asked_for("1", ["/1", "/2"], 6.0)).replace("/", ""))),
    "awaited_scans": lambda state: set(map(int, state.scans.awaited(9.0))),
    "verdicts": lambda state: set(state.verdicts.get_many(SCENES)),
    "facts": lambda state: known(*(state.get_value(FACTS[n]) for n in SCENES)),
}  # fmt: skip
# By table: what finds the rows of scene 1, and what is put into a column of them.
BAD: list[tuple[str, str, dict[str, tuple[str, ...]]]] = [
    ("records", "scene_id = 1", {
        "scene_updated_at": ("'soon'", "x'00'", "1e300", "9e999"),
        "fingerprint": (NO_TEXT, "x'ff'"),
        "entities": (NO_JSON, WRONG, DEEP, "7"),
        "body": (NO_TEXT, NO_JSON, WRONG, DEEP, "'[1, 2, 3]'"),
    }),
    ("record_items", "scene_id = 1", {
        "key": (NO_TEXT, "x'00ff'"), "updated_at": ("'soon'", "1e300"), "scene_id": ("'one'",),
    }),
    ("item_owners", "scene_id = 1", {"scene_id": ("'one'",)}),
    ("timestamps", "scene_id = 1", {"at": ("'soon'", "-1e300")}),
    ("journal", "scene_id = 1", {
        "section": ("x'00'",), "before": (NO_TEXT, NO_JSON, DEEP), "after": (NO_JSON,),
        "left_at": (NO_JSON,), "at": ("'soon'",), "locked_before": ("'yes'",),
        "extra": (NO_JSON, "'[7]'"), "scene_id": ("'one'",),
    }),
    ("runs", "id = 1", {
        "kind": (NO_TEXT,), "started_at": ("'soon'", "9e999"), "finished_at": ("x'00'",),
        "figures": (NO_JSON, "'[7]'", DEEP), "guard": ("x'00'",),
    }),
    ("plans", "scene_id = 1", {
        "title": (NO_TEXT,), "key": ("x'00'",), "before": (NO_JSON, DEEP), "added": ("'7'",),
    }),
    ("pins", "scene_id = 1", {
        "files": (NO_TEXT, NO_JSON, WRONG + "|| '7'", DEEP, "'{}7'"), "key": ("x'00'", NO_TEXT),
        "released": ("'no'",), "scene_id": ("'one'",),
    }),
    ("scan_requests", "file = '/1'", {"asked_at": ("'soon'",)}),
    ("awaited_scans", "section = '1'", {"since": ("'soon'",), "activities": (NO_JSON, "'7'")}),
    ("verdicts", "scene_id = 1", {"digest": ("'text'",), "claims": (NO_JSON, WRONG, DEEP)}),
    ("facts", "key = 'fact 1'", {"value": (NO_TEXT, NO_JSON, DEEP, "x'00'", WRONG, "'{}'")}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("table", "where", "column", "value"),
    [
        pytest.param(table, where, column, value, id=f"{table}.{column}={value[:20]}")
        for table, where, columns in BAD
        for column, values in columns.items()
        for value in values
    ],
)
def test_one_bad_row_costs_nothing_but_itself(
    filled: Path, tmp_path: Path, table: str, where: str, column: str, value: str
) -> None:
    warnings: list[str] = []
    shutil.copy(filled / STATE_FILE, tmp_path)
    spoil(tmp_path / STATE_FILE, f"{table}.{column}", value, where)

    with State(tmp_path, warnings.append, clock=lambda: 77.0) as state:
        for name, read in READ.items():
            if name == table:
                assert read(state) == {2}
            else:
                assert 2 in read(state)
        said = list(warnings)
        for read in READ.values():
            read(state)
        assert warnings == said  # once is enough

    assert any(f"(state.db, {table}, " in line for line in said)
    ((aside, row, at),) = sql(
        tmp_path / STATE_FILE,
        f"""SELECT "table", row, at FROM set_aside WHERE "table" = '{table}'""",
    )
    assert (aside, at) == (table, 77.0)
    if value != DEEP:
        assert column in json.loads(row)
    assert list(tmp_path.glob("state.db.*")) == []


def test_what_was_set_aside_can_be_written_again(filled: Path, tmp_path: Path) -> None:
    shutil.copy(filled / STATE_FILE, tmp_path)
    for table, where, columns in BAD:
        column, (value, *_) = next(iter(columns.items()))
        spoil(tmp_path / STATE_FILE, f"{table}.{column}", value, where)

    with State(tmp_path, lambda _warning: None) as state:
        fill(state)

        for table, read in READ.items():
            histories = {2} if table in ("journal", "runs", "plans") else {1, 2}
            assert read(state) >= histories, table


def test_many_bad_rows_do_not_flood_the_log_and_the_newest_are_kept(tmp_path: Path) -> None:
    warnings: list[str] = []
    with State(tmp_path, warnings.append) as state:
        state.save_timestamp(9999, 5.0)
    rows = ", ".join(f"({n}, 5.0)" for n in range(1, KEPT_ASIDE + 51))
    sql(tmp_path / STATE_FILE, f"INSERT INTO timestamps VALUES {rows}")
    spoil(tmp_path / STATE_FILE, "timestamps.at", "'soon'", "scene_id < 9999")

    with State(tmp_path, warnings.append) as state:
        assert state.timestamps() == {9999: 5.0}

    assert len(warnings) == NAMED + 1
    assert warnings[0] == (
        "An entry of the sync history makes no sense and was set aside (state.db, timestamps,"
        " scene_id 1: at is text). The rest works on."
    )
    assert warnings[-1] == "1030 more entries of the sync history were set aside."
    kept = sql(tmp_path / STATE_FILE, "SELECT count(*), max(key = 'scene_id 1050') FROM set_aside")
    assert kept == [(KEPT_ASIDE, 1)]


def test_a_row_that_was_mended_meanwhile_stays(tmp_path: Path) -> None:
    with State(tmp_path, pytest.fail) as state, State(tmp_path, pytest.fail) as other:
        fill(state)
        spoil(tmp_path / STATE_FILE, "pins.files", "'7'", "scene_id = 1")

        with state._database.snapshot():
            assert set(state.pins.all()) == {2}
            other.pins.save([Pin(1, REFS[0], FILES)])

        assert set(state.pins.all()) == {1, 2}


def test_a_bad_row_that_cannot_be_set_aside_now_is_passed_over(tmp_path: Path) -> None:
    """The file is held by another process; or the disk is full."""
    warnings: list[str] = []
    with State(tmp_path, warnings.append) as state, State(tmp_path, print) as other:
        fill(state)
        spoil(tmp_path / STATE_FILE, "pins.files", "'7'", "scene_id = 1")
        state._database._connection.execute("PRAGMA busy_timeout = 10")

        with other._database.transaction():
            assert set(state.pins.all()) == {2}
        assert "locked" in warnings[0]
        assert set(state.pins.all()) == {2}
        assert "set aside (state.db, pins, section 1, key 7" in warnings[1]


@pytest.mark.parametrize(
    ("column", "value"), [("body", "x'ff'"), ("body", "'[]'"), ("added_at", "'late'")]
)
def test_a_bad_file_of_the_index_is_no_loss_to_the_others(
    tmp_path: Path, column: str, value: str
) -> None:
    warnings: list[str] = []
    items = [
        ListedItem(ref, (MediaFile(f"/m/{ref.key}.mp4", 1, 2.0),), (), False, False, 3, 3)
        for ref in REFS
    ]
    names = ItemQuery({"7.mp4": {None}, "8.mp4": {None}})

    def found(index: SectionIndexStore) -> list[ListedItem]:
        return sorted(each._replace(digest=b"") for each in index.look_up(names))

    def put(index: SectionIndexStore, at: float) -> None:
        listing = index.listing("1")
        listing.add(items)
        assert listing.keep(at, index.code(), is_whole=True)

    with SectionIndexStore(tmp_path, warnings.append) as index:
        put(index, 5.0)
    spoil(tmp_path / INDEX_FILE, f"items.{column}", value, "key = '7'")

    with SectionIndexStore(tmp_path, warnings.append) as index:
        assert found(index) == items[1:]
        put(index, 6.0)
        assert found(index) == items
    assert len(warnings) == 1
    spoil(tmp_path / INDEX_FILE, "sections.saved_at", "'soon'")
    with SectionIndexStore(tmp_path, warnings.append) as index:
        assert index.saved_at("1") is None
        assert index.total("1") == 0
    assert len(warnings) == 2


USES: dict[str, Callable[[SyncQueue], object]] = {
    "claim": lambda queue: [job.scene_id for job in queue.claim(5, 9e9)],
    "claim_scenes": lambda queue: [job.scene_id for job in queue.claim_scenes([1, 2])],
    "due": lambda queue: [job.scene_id for job in queue.due(9e9)],
    "claim one": lambda queue: [job.scene_id for job in queue.claim(1, 9e9)],
}


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *(("data", value) for value in (NO_TEXT, NO_JSON, "'[1]'", DEEP)),
        ("attempts", "'many'"),
        ("error", NO_TEXT),
        ("enqueued_at", "9e999"),
    ],
)
@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_a_bad_job_holds_up_no_other(
    filled: Path, tmp_path: Path, use: Callable[[SyncQueue], object], column: str, value: str
) -> None:
    warnings: list[str] = []
    shutil.copy(filled / QUEUE_FILE, tmp_path)
    spoil(tmp_path / QUEUE_FILE, f"{TABLE}.{column}", value, "scene_id = 1")

    with SyncQueue(tmp_path, warn=warnings.append) as queue:
        assert use(queue) == [2]
        assert queue.queued_scene_ids() == {2}
    assert len(warnings) == 1
    assert "An entry of the queue makes no sense and was set aside" in warnings[0]
