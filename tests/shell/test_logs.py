"""The log: whatever is logged becomes a frame, and whatever must stay unseen stays unseen."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from pathlib import PurePosixPath, PureWindowsPath

import pytest

from core.change_words import scene_called
from core.redaction import Redactor
from shell import logs, protocol
from worker.executor.figures import Figures, Listing

TOKEN = "tok/en+XyZ 123"


class Log:
    """What arrives at Stash."""

    def __init__(self) -> None:
        self._stream = io.BytesIO()
        self.frames = protocol.Frames(self._stream)

    @property
    def text(self) -> str:
        return self._stream.getvalue().decode("utf-8")


@pytest.fixture
def log() -> Iterator[Log]:
    """Logging as a run installs it, and the test run's own afterwards."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    log = Log()
    logs.install(log.frames, [TOKEN, ""])
    yield log
    logs.configure(debug=False)
    root.handlers[:], level = before
    root.setLevel(level)


def test_levels_become_marks(log: Log) -> None:
    logs.configure(debug=True)
    ours = logging.getLogger("worker.runner")

    for level in (logs.TRACE, logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, 50):
        ours.log(level, "x")

    assert re.findall("\x01(.)\x02x\n", log.text) == ["t", "d", "i", "w", "e", "e"]


def test_of_lines_that_say_the_same_of_many_things_the_first_are_examples(log: Log) -> None:
    ours = logging.getLogger("worker.runner")
    more = Figures(plans=Listing(40, [f"item {number}" for number in range(30)])).plans

    for number in range(25):
        ours.info("scene %d will be tried again: %s", number, "why")
        ours.info("%s", "a text of its own")
    logs.examples(ours, "would change: %s", more)
    logs.headline(ours, "All in all.")
    ours.info("scene %d will be tried again: %s", 99, "why")

    lines = log.text.splitlines()
    assert len([line for line in lines if "tried again: why" in line]) == 10 + 1
    assert len([line for line in lines if "a text of its own" in line]) == 25
    assert len([line for line in lines if "would change: item" in line]) == 3
    assert lines[-4:-1] == [
        "\x01i\x02and 15 more lines like: scene … will be tried again: …",
        "\x01i\x02and 37 more lines like: would change: …",
        "\x01i\x02All in all.",
    ]


def test_while_debugging_every_line_is_told(log: Log) -> None:
    logs.configure(debug=True)
    for number in range(25):
        logging.getLogger("worker").info("scene %d", number)

    assert len(log.text.splitlines()) == 25


def test_every_line_of_a_record_is_marked(log: Log) -> None:
    try:
        raise KeyError("which")
    except KeyError:
        logging.getLogger("app.task_runner").exception("It went\nwrong")

    lines = log.text.splitlines()
    assert lines[:2] == ["\x01e\x02It went", "\x01e\x02wrong"]
    assert lines[-1] == "\x01e\x02KeyError: 'which'"
    assert all(line.startswith("\x01e\x02") for line in lines)


def test_ours_are_heard_from_info_on_and_libraries_from_warning_on(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    noisy = logging.getLogger("plexapi")
    monkeypatch.setattr(noisy, "filters", [])  # plexapi hides the tokens that it has met
    level = noisy.level
    noisy.setLevel(logging.DEBUG)  # as plexapi itself does when it is imported
    try:
        for name in ("plex.client", "plexapi", "urllib3.connectionpool", "somebody"):
            for say in ("debug", "info", "warning"):
                getattr(logging.getLogger(name), say)("%s %s", name, say)
    finally:
        noisy.setLevel(level)

    assert re.findall("\x02(.*)\n", log.text) == [
        "plex.client info",
        "plex.client warning",
        "plexapi warning",
        "somebody warning",
    ]


def test_debug_logging_lets_all_through(log: Log) -> None:
    logs.configure(debug=True)

    logging.getLogger("urllib3.connectionpool").debug("sent")
    logging.getLogger("plex.client").debug("heard")

    assert log.text == "\x01d\x02sent\n\x01d\x02heard\n"


def test_secrets_are_found_in_tracebacks_and_arguments(log: Log) -> None:
    try:
        raise ValueError(f"Bad url http://plex/?X-Plex-Token=other and {TOKEN}")
    except ValueError:
        logging.getLogger("app").warning("Failed: %r", {"token": TOKEN}, exc_info=True)

    assert TOKEN not in log.text
    assert "other" not in log.text
    assert "ValueError: Bad url http://plex/?X-Plex-Token=*** and ***" in log.text


def test_arguments_that_do_not_fit_are_no_crash_and_no_leak(log: Log) -> None:
    handler = logs.FrameHandler(log.frames, Redactor([TOKEN]))
    for message, arguments in (("%d scenes %s", ("x",)), ("%(a)s", ({"b": TOKEN},))):
        handler.handle(logging.LogRecord("app", 20, "", 1, message, arguments, None))

    assert log.text.count("its arguments do not fit") == 2
    assert TOKEN not in log.text


def test_path_objects_and_named_arguments_are_hidden_too(log: Log) -> None:
    logs.configure(debug=False, obfuscate_paths=True)

    logging.getLogger("app").info("%s", PurePosixPath("/data/My Studio"))
    logging.getLogger("app").info("%(where)s", {"where": PureWindowsPath("C:/My Studio")})

    assert "Studio" not in log.text


def test_names_are_hidden_like_paths(log: Log) -> None:
    logs.configure(debug=False, obfuscate_paths=True)

    for _ in range(2):
        logging.getLogger("app").info("%s", scene_called(5, "Harbour “Lights”"))

    (line,) = set(log.text.splitlines())
    assert re.fullmatch(r"\x01i\x02scene 5 “name-\w{10}”", line)


def test_paths_are_shown_unless_they_are_to_be_hidden(log: Log) -> None:
    logging.getLogger("app").info("%s", "/data/My films/It.mkv")

    assert "/data/My films/It.mkv" in log.text


def test_other_ways_out_are_cleaned_by_the_same_rules(log: Log) -> None:
    logs.configure(debug=False, secrets=["later-secret"])

    assert logs.clean(f"{TOKEN} later-secret") == "*** ***"


def test_the_secrets_of_the_environment() -> None:
    assert logs.secrets_of({"PLEX_TOKEN": "a", "STASH_API_KEY": "b", "HOME": "/c"}) == ["a", "b"]
    assert logs.secrets_of({}) == ["", ""]
