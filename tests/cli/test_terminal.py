"""What stands on a terminal, in a pipe, and in JSON."""

from __future__ import annotations

import io
import json
import logging
import sys

import pytest
from rich.console import Console

from cli import in_stash
from cli.terminal import Terminal, moment
from core.errors import StashError
from shell import logs, protocol


def _terminal(*, as_json: bool = False, quiet: bool = False, tty: bool = False) -> Terminal:
    def console() -> Console:
        return Console(file=io.StringIO(), force_terminal=tty, width=60, color_system=None)

    return Terminal(as_json=as_json, quiet=quiet, out=console(), err=console())


def _text(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


HOSTILE = "[bold]a\x1b]0;x\x07b\u202ec\td\nend[/nothing]"


def test_what_titles_hold_stays_text() -> None:
    for tty in (True, False):
        terminal = _terminal(tty=tty)
        terminal.table(["title"], [[HOSTILE]], "none")
        terminal.say(HOSTILE)
        terminal.log(protocol.INFO, HOSTILE)
        for shown in (_text(terminal.out), _text(terminal.err)):
            assert "[bold]a" in shown
            assert "[/nothing]" in shown
            assert "\x1b]" not in shown
            assert "\u202e" not in shown


def test_a_pipe_gets_one_line_for_each_row() -> None:
    terminal = _terminal()
    terminal.table(["id", "title"], [[1, "a\nb\tc"], [2, None]], "none")
    assert _text(terminal.out) == "id\ttitle\n1\ta b c\n2\t\n"


def test_letters_that_a_pipe_does_not_know_are_written_as_their_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pipe = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(pipe, encoding="cp1252", newline="\n"))
    told = Terminal(as_json=False, quiet=False)

    told.table(["é"], [["東京"]], "none")
    told.say("京都")

    sys.stdout.flush()
    assert pipe.getvalue() == b"\xe9\n\\u6771\\u4eac\n\\u4eac\\u90fd\n"


def test_no_rows_are_said_in_words() -> None:
    terminal = _terminal(tty=True)
    terminal.table(["id"], [], "No gaps.")
    assert _text(terminal.out) == "No gaps.\n"


def test_json_is_one_document_and_the_log_stays_apart() -> None:
    terminal = _terminal(as_json=True)
    terminal.table(["id"], [[1]], "none")
    terminal.say("hidden")
    terminal.log(protocol.WARNING, "a warning")
    terminal.reply({"rows": ["ä"]})
    assert json.loads(_text(terminal.out)) == {"rows": ["ä"]}
    assert _text(terminal.err) == "a warning\n"


@pytest.mark.parametrize("as_json", [True, False])
def test_no_way_out_shows_a_secret(as_json: bool) -> None:
    terminal, root = _terminal(as_json=as_json), logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        logs.install(terminal, ["KEY-not-for-eyes"])
        terminal.reply({"KEY-not-for-eyes": ["with KEY-not-for-eyes"]})
        terminal.say("KEY-not-for-eyes")
        terminal.fail("Stash did not take KEY-not-for-eyes")
        terminal.table(["key"], [["KEY-not-for-eyes"]], "none")
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    assert "Stash did not take" in _text(terminal.out) + _text(terminal.err)
    assert "not-for-eyes" not in _text(terminal.out) + _text(terminal.err)


def test_quiet_leaves_warnings_and_errors() -> None:
    terminal = _terminal(quiet=True)
    for level in (protocol.DEBUG, protocol.INFO, protocol.WARNING, protocol.ERROR):
        terminal.log(level, f"level {level}")
    assert _text(terminal.err) == "level w\nlevel e\n"


def test_a_bar_is_shown_on_a_terminal_only() -> None:
    for tty in (True, False):
        terminal = _terminal(tty=tty)
        with terminal.bar("Comparing"):
            terminal.progress(0.5)
        terminal.progress(1.0)
        assert ("Comparing" in _text(terminal.err)) is tty


def test_moments() -> None:
    assert moment(None) == ""
    assert len(moment(1e9)) == len("2001-09-09 01:46")


class _Stash:
    """Answers as stashapp-tools does, one job after the other."""

    def __init__(self, *jobs: object) -> None:
        self.jobs = list(jobs)

    def call_GQL(self, query: str, variables: object) -> object:  # noqa: N802
        if "runPluginTask" in query:
            return {"runPluginTask": "7"}
        job = self.jobs.pop(0)
        if isinstance(job, Exception):
            raise job
        return {"findJob": job}


def test_a_task_in_stash_is_waited_for() -> None:
    shares: list[float] = []
    jobs = [{"status": "RUNNING", "progress": 0.25}, {"status": "FINISHED", "progress": None}]
    in_stash.run(_Stash(*jobs), "sync_changes", {}, shares.append, lambda _seconds: None)
    assert shares == [0.25, 0.0]
    in_stash.run(_Stash(None), "sync_changes", {}, shares.append)


@pytest.mark.parametrize(
    ("job", "told"),
    [
        ({"status": "CANCELLED", "progress": 0.5}, "cancelled"),
        ({"status": "FAILED", "progress": 0.5, "error": "no such task"}, "no such task"),
        (RuntimeError("no GraphQL"), "did not take the request: no GraphQL"),
    ],
)
def test_a_task_that_does_not_end_well_is_an_error(job: object, told: str) -> None:
    with pytest.raises(StashError, match=told):
        in_stash.run(_Stash(job), "sync_changes", {}, lambda _share: None)
