"""How things stand in words and figures, and what is published of it."""

from __future__ import annotations

import contextlib
import io
import json
import logging
from dataclasses import replace
from typing import Any

import pytest

from app.page import report
from app.page.operations import OPERATIONS
from app.page.public_figures import FILE, FOLDER
from app.page.publishing import publishing
from app.page.running_task import RunningNote
from app.sync_changes.watermark import WATERMARK
from core.errors import ConfigError
from core.models import Failure
from core.records import Record
from core.watermark import Watermark
from plex.exceptions import PlexUnauthorized
from shell import logs
from shell.protocol import Frames
from storage.page.findings import Finding
from storage.page.log_lines import LogLine
from storage.page.page_facts import LAST
from storage.state_tables.outages import PLEX
from storage.state_tables.runs import RunStatus
from tests.app.page.conftest import NOW, Folder
from tests.settings import parse_settings

SETTINGS = parse_settings({"plex_url": "http://plex:32400", "plex_token": "t" * 20}, {})


def end_task(folder: Folder, mode: str = "reconcile_all", error: Exception | None = None) -> None:
    """A task begins and ends."""
    with (
        contextlib.suppress(PlexUnauthorized),
        publishing(folder.plugin(mode), folder.env, lambda: folder.now) as publisher,
    ):
        publisher.settings = SETTINGS
        if error is not None:
            raise error


def compare(folder: Folder, *found: Finding, scenes: int = 10, status: RunStatus = "done") -> None:
    """A reconcile has looked at all scenes."""
    with folder.state() as state:
        run = state.runs.start("reconcile", folder.now, {"scope": "all"})
        figures = {"scope": "all", "scenes_with_gaps": len(found), "ambiguous_count": 0}
        state.runs.finish(run, status, figures, folder.now)
    with folder.page() as page:
        page.findings.replace_all(found, [])
        page.set_value(LAST, {"at": folder.now, "scenes": scenes, "left_alone": 1})


def published(folder: Folder) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder.plugin_dir / FOLDER / FILE).read_bytes())
    return told


def test_before_the_first_task_it_has_to_be_set_up(folder: Folder) -> None:
    told = folder.ask("page_overview")
    assert told["needs_setup"]
    assert told["version"] == "9.8.7"
    assert told["advice"][0]["action"] == "start"
    assert told["tiles"]["in_step_percent"] is None


def test_what_is_in_step_is_said_in_one_sentence(folder: Folder) -> None:
    compare(folder)
    end_task(folder)
    told = folder.ask("page_overview")
    assert not told["needs_setup"]
    assert (told["headline"], told["tone"]) == ("All 9 scenes are in step with Plex.", "good")
    assert told["tiles"]["in_step_percent"] == 100.0
    assert told["last_reconcile"]["status"] == "done"
    assert told["next_reconcile_at"] is None


def test_gaps_are_counted_by_type_and_never_rounded_away(folder: Folder) -> None:
    compare(folder, Finding(1, "drift", "One"), Finding(2, "outside", "Two"), scenes=5003)
    end_task(folder)
    told = folder.ask("page_overview")
    assert told["tone"] == "attention"
    assert told["headline"].startswith("1 scene is not in step")
    assert told["tiles"]["gaps_by_type"]["drift"] == 1
    assert told["tiles"]["in_step"] == 5000
    assert told["tiles"]["in_step_percent"] == 99.9


def test_where_all_is_left_alone_nothing_is_called_in_step(folder: Folder) -> None:
    compare(folder, scenes=1)
    end_task(folder)
    told = folder.ask("page_overview")
    assert (told["tiles"]["scenes"], told["tiles"]["left_alone"]) == (1, 1)
    assert told["headline"].startswith("No scene in Stash is to be synced")


def test_what_was_undone_is_not_in_step_until_it_is_wanted_again(folder: Folder) -> None:
    compare(folder)
    before = folder.ask("page_overview")["tiles"]["in_step"]
    with folder.state() as state:
        record = Record(1, 1.0, "f", (), None, (), (), (), undone=True)
        state.records.save_many([record, replace(record, scene_id=2)])
    assert folder.ask("page_overview")["tiles"]["in_step"] == before - 2

    OPERATIONS["sync_scenes"](folder.context(looks_only=False, scene_ids=[1]))

    told = folder.ask("page_overview")["tiles"]
    assert (told["in_step"], told["waiting"]) == (before - 2, 1)  # it waits for that
    with folder.queue() as queue:
        queue.drop_scenes([1])
    assert folder.ask("page_overview")["tiles"]["in_step"] == before - 1


def test_what_changed_since_the_reconcile_and_is_stuck_is_not_in_step(folder: Folder) -> None:
    compare(folder, Finding(1, "drift", "One"))
    with folder.state() as state:
        record = Record(1, 1.0, "f", (), None, (), (), ())
        state.records.save_many([replace(record, scene_id=each) for each in (1, 2, 3)])
    before = folder.ask("page_overview")["tiles"]
    with folder.queue() as queue:
        queue.put_many({"scene_id": each} for each in (1, 2, 3, 4))  # 4 is new
        drifted, held, dead, _ = queue.claim(4, folder.now)
        queue.hold([(drifted, ()), (held, ())])
        queue.park(dead, Failure.OTHER, "no")
    told = folder.ask("page_overview")["tiles"]
    assert (before["in_step"], told["in_step"]) == (8, 6)
    assert folder.ask("page_overview")["headline"].startswith("3 scenes are not in step")
    [row] = folder.ask("page_gaps")["rows"]
    assert (row["queued"], row["held"]) == (True, True)
    assert told["in_step_percent"] < before["in_step_percent"]


def test_a_stash_without_scenes_is_told_so(folder: Folder) -> None:
    compare(folder, scenes=0)
    end_task(folder)
    told = folder.ask("page_overview")
    assert told["headline"].startswith("Stash has no scenes yet.")
    assert told["tiles"]["in_step_percent"] is None


def test_a_reconcile_that_failed_does_not_say_that_there_was_nothing_to_do(folder: Folder) -> None:
    with folder.state() as state:
        run = state.runs.start("reconcile", folder.now, {"scope": "all"})
        state.runs.finish(run, "failed", {"scenes_checked": 0}, folder.now)
    assert folder.ask("page_runs")["rows"][0]["text"] == "Failed."


def test_the_report_is_handed_to_a_browser_unless_it_is_too_large(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="nothing to report before the first reconcile"):
        folder.ask("page_report")
    compare(folder, Finding(1, "drift", "One <b>"))
    end_task(folder)
    told = folder.ask("page_report")
    assert told["name"].endswith(".html")
    assert "One &lt;b&gt;" in told["page"]
    monkeypatch.setattr(report, "MOST", 0)
    assert folder.ask("page_report")["page"] == ""


def test_what_got_stuck_is_said_where_no_reconcile_has_found_it(folder: Folder) -> None:
    compare(folder)
    with folder.queue() as queue:
        queue.put_many({"scene_id": n} for n in (1, 2))
        first, second = queue.claim(2, NOW)
        queue.hold([(first, [])])
        queue.park(second, Failure.NOT_FOUND, "gone")
    told = folder.ask("page_overview")
    assert told["tone"] == "attention"
    assert told["headline"] == (
        "All is in step but for what was changed since: 1 held back until you confirm and"
        " 1 given up on."
    )


def test_a_reason_that_is_a_question_keeps_its_mark(folder: Folder) -> None:
    end_task(folder)
    with folder.state() as state:
        state.outages.failed(PLEX, NOW, 0.5, "Plex is away; is it running?")
    told = folder.ask("page_overview")["headline"]
    assert told.endswith("s: Plex is away; is it running?")


def test_an_outage_is_said_with_what_waits(folder: Folder) -> None:
    compare(folder)
    end_task(folder)
    with folder.queue() as queue:
        queue.put({"scene_id": 1})
    with folder.state() as state:
        state.outages.failed(PLEX, NOW, 0.5, "Plex refused the connection")
    folder.now = NOW + 7200
    end_task(folder, "sync_changes")

    told = folder.ask("page_overview")
    assert told["tone"] == "problem"
    assert told["headline"] == "Paused for 2 h: Plex refused the connection. 1 change waits."
    assert not told["services"][0]["ok"]
    assert published(folder)["paused_since_at"] == NOW


def test_a_failure_is_told_until_its_task_has_run_once_more(folder: Folder) -> None:
    with folder.page() as page:
        page.log.add([LogLine(NOW, "error", "no", "1", "reconcile_all")])
        page.log.add([LogLine(NOW, "info", "done", "2", "process_queue")])
    assert folder.ask("page_overview")["failure"]["text"] == "no"
    with folder.page() as page:
        page.log.add(
            [
                LogLine(NOW, "error", "1 MB is free", "3", "reconcile_all"),  # which ended nothing
                LogLine(NOW, "info", "30 scenes looked at", "3", "reconcile_all"),
            ]
        )
    assert folder.ask("page_overview")["failure"] is None


def test_a_refused_token_is_told_until_a_task_could_work_with_it(folder: Folder) -> None:
    compare(folder)
    end_task(folder, error=PlexUnauthorized("no"))
    told = folder.ask("page_overview")
    assert "refuses the token" in told["headline"]
    assert told["failure"] == {"mode": "reconcile_all", "at": folder.now, "text": "no"}
    assert published(folder)["token_refused"]
    folder.now += 1
    end_task(folder, "sync_changes")  # which had nothing to ask Plex for
    assert published(folder)["token_refused"]
    folder.now += 1
    compare(folder)
    end_task(folder)
    assert not published(folder)["token_refused"]


def test_what_is_to_be_done_is_said_with_what_does_it(folder: Folder) -> None:
    compare(folder, Finding(1, "ambiguous", "One"))
    end_task(folder)
    with folder.queue() as queue:
        queue.put({"scene_id": 1, "not_before": NOW + 60})
    actions = [each["action"] for each in folder.ask("page_overview")["advice"]]
    assert actions == ["ambiguous"]
    folder.now += 61
    with folder.state() as state:
        state.runs.stopped("reconcile", "items:1", {"why": "the library is empty"}, folder.now)
    advice = folder.ask("page_overview")["advice"]
    assert [each["action"] for each in advice] == [
        "confirm_stopped_run",
        "ambiguous",
        "process_queue",
    ]
    assert advice[0]["text"].startswith("A run was stopped: the library is empty.")


def test_what_is_published_says_counts_and_times_alone(folder: Folder) -> None:
    compare(folder, Finding(1, "drift", "A secret title", "/secret/path.mp4"))
    with folder.queue() as queue:
        queue.put({"scene_id": 1, "not_before": NOW + 60})
    with folder.state() as state:
        state.set_value(WATERMARK, Watermark(NOW - 5, 1))
    end_task(folder)
    assert published(folder) == {
        "version": "9.8.7",
        "at": NOW,
        "waiting": 1,
        "edits_waiting": 0,
        "dead_letters": 0,
        "held": 0,
        "gaps": 1,
        "paused_since_at": None,
        "token_refused": False,
        "next_due_at": NOW + 60,
        "seen_at": NOW - 5,
        "tick": True,
    }


def test_where_the_code_cannot_be_written_nothing_is_published(folder: Folder) -> None:
    (folder.plugin_dir / FOLDER).write_text("in the way")
    end_task(folder)
    assert folder.ask("page_overview")["needs_setup"]


def test_the_lines_of_a_task_are_kept_without_secrets(folder: Folder) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    logs.install(Frames(io.BytesIO()), ["my-secret-token"])
    try:
        logging.getLogger("app").info("it uses my-secret-token")
        end_task(folder, error=PlexUnauthorized("refused my-secret-token"))
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    told = folder.ask("page_log")
    assert [row["text"] for row in told["rows"]] == ["refused ***", "it uses ***"]
    assert [row["level"] for row in told["rows"]] == ["error", "info"]


def test_what_runs_is_told_while_it_lives(folder: Folder) -> None:
    folder.data.mkdir()
    with RunningNote(folder.data, "reconcile_all", NOW - 60) as note:
        note.tell(0.25, NOW)
        told = folder.ask("page_overview")["running"]
        assert told["task"] == "Reconcile Library (All)"
        assert told["progress"] == 0.25
        assert told["text"] == "Reconcile Library (All) has been at work for 1 min, 25 % done."
        folder.now += 11  # it was killed
        assert folder.ask("page_overview")["running"] is None
        note.tell(0.5, folder.now)
        assert folder.ask("page_overview")["running"] is not None
    assert folder.ask("page_overview")["running"] is None


def test_nothing_is_due_where_nothing_is_to_be_synced(folder: Folder) -> None:
    compare(folder)
    assert folder.ask("page_overview")["is_automatic"]
    with folder.queue() as queue:
        queue.put({"scene_id": 1})
    for off in ({"sync_master": False}, {"enabled": False}):
        settings = {"plex_url": "http://plex:32400", "plex_token": "t" * 20, **off}
        with publishing(folder.plugin("release"), folder.env, lambda: NOW) as publisher:
            publisher.settings = parse_settings(settings, {})
        assert published(folder)["next_due_at"] is None
        assert not folder.ask("page_overview")["is_automatic"]


def test_the_chart_has_gaps_and_syncs_over_time(folder: Folder) -> None:
    with folder.state() as state:
        state.runs.finish(state.runs.start("drain", NOW), "done", {"succeeded": 9}, NOW)
    folder.now += 86_400
    compare(folder, Finding(1, "drift", "One"), Finding(2, "drift", "Two"))
    folder.now += 86_400
    with folder.state() as state:
        for kind, figures in (("drain", {"succeeded": 5, "skipped": 1}), ("confirm", {})):
            state.runs.finish(state.runs.start(kind, folder.now), "done", figures, folder.now)
    points = folder.ask("page_overview")["points"]
    shown = [(point["gaps"], point["synced"]) for point in points]
    assert shown == [(2, 0), (2, 4), (2, 0)]  # the last is now


def test_the_chart_tells_the_runs_of_the_first_minute_apart(folder: Folder) -> None:
    compare(folder, Finding(1, "drift", "One"), Finding(2, "drift", "Two"))
    folder.now += 10
    compare(folder)
    points = folder.ask("page_overview")["points"]
    assert [point["gaps"] for point in points] == [2, 0, 0]
    assert points[0]["at"] < folder.now


def test_one_of_a_kind_is_said_of_one(folder: Folder) -> None:
    with folder.state() as state:
        run = state.runs.start("drain", folder.now, {})
        state.runs.finish(run, "done", {"processed": 2, "items_edited": 1}, folder.now)
    assert folder.ask("page_runs")["rows"][0]["text"] == "2 processed, 1 item changed."


def test_no_tab_begins_the_first_sync(folder: Folder) -> None:
    with folder.queue() as queue:
        queue.put({"scene_id": 1})
    end_task(folder)
    assert published(folder)["next_due_at"] is None
    compare(folder)
    end_task(folder)
    assert published(folder)["next_due_at"] is not None
