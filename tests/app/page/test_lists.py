"""The lists of the page: which rows, in what words, and in pages."""

from __future__ import annotations

import pytest

from app.page.labels import kind_of
from core.errors import ConfigError
from core.matching.pins import Pin
from core.models import Change, Failure, ItemRef, MediaFile, Value
from core.records import FieldRecord, ItemRecord, Record
from storage.page.findings import Finding, Item
from storage.page.log_lines import KEPT, LogLine
from storage.page.orphans import Orphan
from storage.page.page_facts import LAST, MACHINE
from storage.state_tables.journal import JournalEntry
from storage.state_tables.plans import PlannedChange
from storage.state_tables.runs import RunStatus
from tests.app.page.conftest import NOW, Folder

LIBRARIES = {"1": "Films"}


def put(folder: Folder, *scene_ids: int) -> None:
    with folder.queue() as queue:
        queue.put_many({"scene_id": i, "data": {"title": f"Scene {i}"}} for i in scene_ids)


def test_a_gap_is_told_with_all_that_its_row_shows(folder: Folder) -> None:
    candidate = {"library": "Films", "section": "1", "rating_key": "8", "path": "/p", "size": 3}
    with folder.page() as page:
        page.set_value(LAST, {"at": NOW, "scenes": 3, "libraries": LIBRARIES})
        page.set_value(MACHINE, "abc")
        page.findings.replace_all(
            [
                Finding(
                    1,
                    "drift",
                    "One",
                    "/m/1.mp4",
                    "why",
                    "Ann",
                    "Films",
                    5.0,
                    (Item("1", "7", "Uno"),),
                ),
                Finding(2, "ambiguous", "Two", candidates=(candidate,)),
                Finding(3, "outside", "Three"),
            ],
            [],
        )
    put(folder, 1)

    told = folder.ask("page_gaps", sort="-type")

    assert told["total"] == 2
    first, second = told["rows"]
    assert first == {
        "scene_id": "1",
        "title": "One",
        "type": "drift",
        "reason": "why",
        "studio": "Ann",
        "library": "Films",
        "path": "/m/1.mp4",
        "updated_at": 5.0,
        "items": [{"section": "1", "rating_key": "7", "title": "Uno"}],
        "candidates": [],
        "queued": True,
        "held": False,
        "ignored": False,
        "can_sync": True,
    }
    assert not second["can_sync"]
    assert second["candidates"] == [candidate]
    assert not second["queued"]
    assert second["updated_at"] is None
    assert told["facets"]["studios"] == [{"name": "Ann", "count": 1}]
    assert {"name": "outside", "count": 1} in told["facets"]["types"]
    assert told["as_of_at"] == NOW
    assert told["plex"]["machine_identifier"] == "abc"
    [outside] = folder.ask("page_gaps", type="outside")["rows"]
    assert not outside["can_sync"]


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ({"type": "odd"}, "'type' is 'odd'; one of these"),
        ({"sort": "size"}, "'sort' is 'size'; one of these"),
        ({"page": "0"}, "'page' is '0'"),
        ({"per_page": 201}, "at most 200"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(
    folder: Folder, args: dict[str, object], says: str
) -> None:
    with pytest.raises(ConfigError, match=says):
        folder.ask("page_gaps", **args)


def test_orphans_come_in_pages(folder: Folder) -> None:
    with folder.page() as page:
        page.findings.replace_all(
            [], [Orphan("1", str(n), "Films", f"Item {n}", f"/{n}.mp4", n) for n in range(5)]
        )
    told = folder.ask("page_orphans", page=2, per_page=2)
    assert [row["rating_key"] for row in told["rows"]] == ["2", "3"]
    assert (told["total"], told["page"], told["per_page"]) == (5, 2, 2)
    assert told["facets"]["libraries"] == [{"name": "Films", "count": 5}]


def test_dead_letters_are_filtered_by_failure_and_text(folder: Folder) -> None:
    put(folder, 1, 2)
    with folder.queue() as queue:
        queue.put_many([{"scene_id": 3, "data": {"title": "Äpfel “3”"}}])
        for job in queue.claim(3, NOW):
            failure = Failure.AMBIGUOUS if job.scene_id == 2 else Failure.NOT_FOUND
            folder.now += 1
            queue.park(job, failure, f"not there {job.scene_id}")

    told = folder.ask("page_dead_letters")
    assert [row["scene_id"] for row in told["rows"]] == ["3", "2", "1"]
    assert told["rows"][0] == {
        "job_id": 3,
        "scene_id": "3",
        "title": "Äpfel “3”",
        "error": "PlexNotFound",
        "reason": "not there 3",
        "failed_at": NOW + 3,
        "attempts": 0,
    }
    assert told["facets"]["errors"] == [
        {"name": "PlexNotFound", "count": 2},
        {"name": "Ambiguous", "count": 1},
    ]
    assert folder.ask("page_dead_letters", error="Ambiguous")["total"] == 1
    assert folder.ask("page_dead_letters", text="SCENE 1")["total"] == 1
    assert folder.ask("page_dead_letters", text="äPFEL “3”")["total"] == 1
    second = folder.ask("page_dead_letters", text="not there", page=2, per_page=2)
    assert (second["total"], [row["scene_id"] for row in second["rows"]]) == (3, ["1"])
    with pytest.raises(ConfigError, match="no kind of failure"):
        folder.ask("page_dead_letters", error="Odd")


def test_held_scenes_say_what_they_would_lose(folder: Folder) -> None:
    losing = [
        Change("tags", ("Jazz; − Cool", "Night"), (), removed=("Jazz; − Cool", "Night")),
        Change("performers", ("Ann",), ("Bob",), added=("Bob",), removed=("Ann",)),
        Change("studio", "X", None),
        Change("date", "2020-01-01", "2021-01-01"),
    ]
    put(folder, 1)
    with folder.state() as state:
        state.records.save_many([synced(1, "Uno")])
    with folder.queue() as queue:
        job = queue.claim(1, NOW)[0]
        queue.hold(
            [
                (
                    job,
                    [PlannedChange(1, "A: b; c", ItemRef("1", "7"), each) for each in losing],
                )
            ]
        )

    told = folder.ask("page_held")

    assert told["can_confirm"]
    assert told["headline"].startswith("1 scene is held back")
    row = told["rows"][0]
    assert (row["would_remove"], row["title"]) == (5, "Scene 1")
    assert {change["item_title"] for change in row["changes"]} == {"Uno"}
    assert [(c["label"], c["before"], c["kind"]) for c in row["changes"]] == [
        ("Tags", ["Jazz; − Cool", "Night"], "remove"),
        ("Performers", ["Ann"], "set"),
        ("Studio", "X", "clear"),
        ("Date", "2020-01-01", "set"),
    ]


def synced(scene_id: int, title: str) -> Record:
    """The record of a scene that is item 7, which was called so after its sync."""
    item = ItemRecord(ItemRef("1", "7"), (), None, {"title": FieldRecord(title, title)})
    return Record(scene_id, 1.0, "f", (), None, (), (), (item,))


def test_pins_that_stand_are_listed(folder: Folder) -> None:
    with folder.state() as state:
        state.pins.save(
            [
                Pin(4, ItemRef("1", "7"), (MediaFile("/p.mp4"),), since=NOW),
                Pin(5, ItemRef("1", "8"), ()),
            ]
        )
        state.pins.release(5)
    with folder.page() as page:
        page.set_value(LAST, {"libraries": LIBRARIES})
        page.findings.note_done({4: "Four"})
    told = folder.ask("page_pins")
    assert told["total"] == 1
    assert told["rows"][0]["title"] == "Four"
    assert told["rows"][0]["library"] == "Films"
    assert told["rows"][0]["path"] == "/p.mp4"
    assert told["rows"][0]["since_at"] == NOW
    assert told["rows"][0]["item_title"] == "p"
    with folder.state() as state:
        state.records.save_many([synced(4, "Vier")])
    assert folder.ask("page_pins")["rows"][0]["item_title"] == "Vier"


def test_a_plan_is_told_scene_by_scene(folder: Folder) -> None:
    ref, other = ItemRef("1", "5"), ItemRef("1", "7")
    changes = [
        Change("title", "Old", "New"),
        Change("tags", ("A",), ("A", "B"), added=("B",)),
        Change("poster", "one", "two"),
    ]
    figures = {
        "scenes_changing": 2,
        "items_changing": 2,
        "changes": {"title": {"set": 1}, "tags": {"add": 1, "remove": 1}, "poster": {"change": 1}},
    }
    with folder.state() as state:
        run = state.runs.start("preview", NOW)
        state.records.save_many([synced(2, "Zwei")])
        state.plans.add(run, [PlannedChange(1, "Öne", ref, change) for change in changes])
        state.plans.add(
            run, [PlannedChange(2, "Two", other, Change("tags", ("A",), None, removed=("A",)))]
        )
        state.runs.finish(run, "done", figures, NOW + 1)

    told = folder.ask("page_plan")
    assert (told["run_id"], told["total"], told["can_apply"]) == (str(run), 2, True)
    assert not told["is_outdated"]
    with folder.state() as state:
        state.journal.write(state.runs.start("apply_preview", NOW), [entry(2, "7", "tags")])
    told = folder.ask("page_plan")
    assert told["is_outdated"]
    assert [row["in_later_run"] for row in told["rows"]] == [False, True]
    assert told["counts"] == {
        "scenes": 2,
        "items": 2,
        "set": 1,
        "clear": 0,
        "add": 1,
        "remove": 1,
        "pictures": 1,
    }
    kinds = [(c["label"], c["before"], c["after"], c["kind"]) for c in told["rows"][0]["changes"]]
    assert kinds == [
        ("Title", "Old", "New", "set"),
        ("Tags", ["A"], ["A", "B"], "add"),
        ("Poster", "a picture", "the cover in Stash", "picture"),
    ]
    assert {c["item_title"] for c in told["rows"][0]["changes"]} == {"Old"}
    assert [c["item_title"] for c in told["rows"][1]["changes"]] == ["Zwei"]
    for args, scenes in (
        ({"kind": "remove"}, ["2"]),
        ({"kind": "picture"}, ["1"]),
        ({"kind": "set", "text": "ÖNE"}, ["1"]),
        ({"text": "2"}, ["2"]),
        ({"kind": "clear"}, []),
    ):
        rows = folder.ask("page_plan", **args)["rows"]
        assert [row["scene_id"] for row in rows] == scenes, args


def test_without_a_preview_there_is_no_plan(folder: Folder) -> None:
    told = folder.ask("page_plan")
    assert (told["total"], told["run_id"], told["can_apply"]) == (0, None, False)
    assert "no preview yet" in told["text"]


def entry(scene_id: int, key: str, field: str) -> JournalEntry:
    return JournalEntry(scene_id, ItemRef("1", key), field, "old", ("a", "b"), NOW)


def test_runs_tell_what_they_did_and_whether_they_can_be_taken_back(folder: Folder) -> None:
    with folder.state() as state:
        reconcile = state.runs.start("reconcile", NOW, {"scope": "all", "automatic": True})
        state.runs.finish(reconcile, "done", {"scope": "all", "automatic": True}, NOW + 1)
        drain = state.runs.start("drain", NOW + 2)
        state.journal.write(drain, [entry(1, "7", "title"), entry(1, "7", "tags")])
        state.runs.finish(drain, "done", {"processed": 4, "items_edited": 3}, NOW + 3)
        undo = state.runs.start("undo", NOW + 4, {"undone_run": drain})
        state.journal.write(undo, [entry(1, "7", "title")])
        state.runs.start("preview", NOW + 5)
    with folder.page() as page:
        page.findings.note_done({1: "One"})

    told = folder.ask("page_runs")
    assert [row["title"] for row in told["rows"]] == [
        "Preview",
        "Undo",
        "Sync to Plex",
        "Reconcile Library (All), by itself",
    ]
    assert [row["can_undo"] for row in told["rows"]] == [False, True, True, False]
    assert told["rows"][0]["status"] == "killed"
    assert told["rows"][2]["items_changed"] == 3
    assert told["rows"][2]["text"].startswith("4 processed, 3 items changed")

    told = folder.ask("page_run", run_id=drain)
    assert told["run"]["run_id"] == str(drain)
    assert [(row["label"], row["kind"], row["undone"]) for row in told["rows"]] == [
        ("Title", "add", True),
        ("Tags", "add", False),
    ]
    assert told["rows"][0]["title"] == "One"
    assert told["rows"][0]["after"] == ["a", "b"]
    with pytest.raises(ConfigError, match="no such run"):
        folder.ask("page_run", run_id="99")


def test_a_run_that_was_taken_back_is_not_taken_back_again(folder: Folder) -> None:
    def can_undo() -> dict[str, bool]:
        rows = folder.ask("page_runs")["rows"]
        assert not [row for row in rows if row["undone"] and row["can_undo"]]
        return {row["run_id"]: row["can_undo"] for row in rows}

    def undo(target: int, status: RunStatus = "done") -> int:
        run = state.runs.start("undo", NOW, {"undone_run": target})
        state.journal.write(run, [entry(1, "7", "title")])
        state.runs.finish(run, status, {"undone_run": target}, NOW)
        return run

    with folder.state() as state:
        drain = state.runs.start("drain", NOW)
        state.journal.write(drain, [entry(1, "7", "title")])
        state.runs.finish(drain, "done", {}, NOW)
        partial = undo(drain, "partial")
        assert can_undo() == {str(drain): True, str(partial): True}
        first = undo(drain)
        assert not can_undo()[str(drain)]
        undo(first)
        assert can_undo()[str(drain)]
        assert not can_undo()[str(first)]


def test_the_log_keeps_its_last_lines_and_tells_them_newest_first(folder: Folder) -> None:
    with folder.page() as page:
        page.log.add(LogLine(n, "info", f"line {n}", "a", "reconcile_all") for n in range(KEPT))
        page.log.add(
            [
                LogLine(NOW, "warning", "Careful", "b", "sync_changes"),
                LogLine(NOW, "error", "It failed", "b", "sync_changes"),
            ]
        )
    told = folder.ask("page_log", per_page=2)
    assert told["total"] == KEPT
    assert [row["text"] for row in told["rows"]] == ["It failed", "Careful"]
    assert told["rows"][0]["task"] == "Sync Changes"
    assert [run["run"] for run in told["runs"]] == ["b", "a"]
    assert folder.ask("page_log", run="b")["total"] == 2
    assert folder.ask("page_log", level="error")["total"] == 1
    assert folder.ask("page_log", level="info", text="LINE 99")["total"] == 11
    with pytest.raises(ConfigError, match="'level'"):
        folder.ask("page_log", level="loud")


@pytest.mark.parametrize("page", ["page_gaps", "page_dead_letters", "page_orphans", "page_log"])
def test_half_a_character_is_found_nowhere(folder: Folder, page: str) -> None:
    put(folder, 1)
    with folder.page() as kept:
        kept.set_value(LAST, {"at": NOW, "scenes": 3, "libraries": LIBRARIES})
    assert folder.ask(page, text="\ud83d", library="\ud83d")["total"] == 0


@pytest.mark.parametrize(
    ("field", "before", "after", "kind"),
    [
        ("poster", "one", "two", "picture"),
        ("title", "old", None, "clear"),
        ("title", None, "new", "set"),
        ("tags", ("a",), ("a", "b"), "add"),
        ("tags", ("a", "b"), ("a",), "remove"),
        ("tags", ("a",), ("b",), "set"),
        ("tags", ("a",), (), "clear"),
    ],
)
def test_a_change_is_called_what_people_see(
    field: str, before: Value, after: Value, kind: str
) -> None:
    assert kind_of(field, before, after) == kind
