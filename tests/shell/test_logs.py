"""The log: whatever is logged becomes a frame, and whatever must stay unseen stays unseen."""

from __future__ import annotations

import base64
import io
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath, PureWindowsPath
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.change_words import scene_called
from core.redaction import HIDDEN, Redactor
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


@pytest.mark.parametrize(
    "text",
    [
        f"the token is {TOKEN}",
        "the token is tok%2Fen%2BXyZ%20123 in a URL",
        "or tok/en%2BXyZ%20123 in a path",
        "GET /library?X-Plex-Token=tok-1 HTTP/1.1",
        "https://h/x?a=1&x-plex-token=tok-1&b=2",
        "http://stash/scene/1/stream?apikey=tok-1",
        "{'X-Plex-Token': 'tok-1', 'Accept': 'x'}",
        '{"plex_token": "tok-1"}',
        "ApiKey: tok-1",
        "Cookie: session=tok-1",
        "Set-Cookie: session=tok-1; Path=/",
        "session=tok-1",
        "http://me:tok-1@plex:32400/library",
        "Authorization: Bearer tok-1",
        "map[apiKey:tok-1 max_tags:5]",
        r"{\"plexToken\": \"tok-1\"}",
        "stash_api_key = 'tok 1 & tok 2'",
        "eyJhbGciOiJIUzI1NiJ9.tok-1.tok",
        "to\u200bk/en+Xy\x1b[1mZ 123",
        "tok%2fen%2bXyZ%20123",
    ],
)
def test_secrets_are_replaced(log: Log, text: str) -> None:
    logging.getLogger("app").info("%s", text)

    assert "***" in log.text
    assert "tok" not in log.text.replace("token", "").replace("Token", "")


@pytest.mark.parametrize("before", ["", "u", "us", "me:", "user:"])
@pytest.mark.parametrize("behind", ["", "?", ">>"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_secrets_in_base64_are_replaced(
    log: Log, before: str, behind: str, encode: Callable[[bytes], bytes]
) -> None:
    packed = encode(f"{before}{TOKEN}{behind}".encode()).decode()

    logging.getLogger("app").info("Basic %s, or %s in an address", packed, quote(packed))

    assert log.text.count("***") == 2
    # What is left of it says nothing: less than a group of characters on each side.
    assert len(log.text.split("Basic ")[1].split("***")[0]) <= len(before) * 4 // 3 + 2


def test_what_is_no_secret_is_left_alone(log: Log) -> None:
    harmless = "GET /library?a=1&b=2: a session of 3, Token refused (401), session: 5"

    logging.getLogger("app").info(harmless)

    assert log.text == f"\x01i\x02{harmless}\n"


def test_secrets_are_found_in_tracebacks_and_arguments(log: Log) -> None:
    try:
        raise ValueError(f"Bad url http://plex/?X-Plex-Token=other and {TOKEN}")
    except ValueError:
        logging.getLogger("app").warning("Failed: %r", {"token": TOKEN}, exc_info=True)

    assert TOKEN not in log.text
    assert "other" not in log.text
    assert "ValueError: Bad url http://plex/?X-Plex-Token=*** and ***" in log.text


def test_a_secret_that_starts_another_hides_no_less() -> None:
    assert Redactor(["abc", "abcdef"]).clean("abcdef abc") == "*** ***"


@given(st.text(min_size=4).filter(str.strip), st.text(), st.text())
def test_a_registered_secret_never_gets_out(secret: str, before: str, after: str) -> None:
    cleaned = Redactor([secret]).clean(before + secret + after)

    assert secret not in cleaned.replace(HIDDEN, "\n")


def test_arguments_that_do_not_fit_are_no_crash_and_no_leak(log: Log) -> None:
    handler = logs.FrameHandler(log.frames, Redactor([TOKEN]))
    for message, arguments in (("%d scenes %s", ("x",)), ("%(a)s", ({"b": TOKEN},))):
        handler.handle(logging.LogRecord("app", 20, "", 1, message, arguments, None))

    assert log.text.count("its arguments do not fit") == 2
    assert TOKEN not in log.text


PATHS = [
    "/data/Some Studio/A scene, 2nd take (2020).mp4",
    "/data/It's me.mkv",
    "C:\\Videos\\Some Studio\\scene.mp4",
    "D:/Videos/Some Studio/scene.mp4",
    "\\\\nas\\share\\Some Studio\\scene.mp4",
    "Some scene.mp4",
]


@pytest.mark.parametrize("path", PATHS)
def test_a_path_as_argument_becomes_a_stable_alias(log: Log, path: str) -> None:
    logs.configure(debug=False, obfuscate_paths=True)

    for _ in range(2):
        logging.getLogger("app").info("Scene %d: %s is not in Plex", 5, path)

    (line,) = set(log.text.splitlines())
    assert re.fullmatch(
        rf"\x01i\x02Scene 5: path-[0-9a-f]{{10}}{path[-4:]} is not in Plex", line
    ), line


@pytest.mark.parametrize("path", PATHS)
def test_a_quoted_path_in_a_text_becomes_the_same_alias(path: str) -> None:
    redactor = Redactor(hides_names=True)

    cleaned = redactor.clean(f'"{path}" has no item')

    assert cleaned == f'"{redactor.clean_argument(path)}" has no item'


def test_repr_quotes_of_both_kinds_are_understood() -> None:
    redactor = Redactor(hides_names=True)

    cleaned = redactor.clean(f"{PATHS[0]!r} and {PATHS[1]!r} differ")

    assert re.fullmatch(r"'path-\w{10}\.mp4' and \"path-\w{10}\.mkv\" differ", cleaned)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("open /data/Some Studio/a.mp4: no such file", r"open path-\w+\.mp4: no such file"),
        ("[Errno 2] No such file: '/data/x y'", r"\[Errno 2\] No such file: 'path-\w+'"),
        ("folder /data/x is gone", r"folder path-\w+ is gone"),
        ("gone (/data/Mr.X/y).", r"gone \(path-\w+\)\."),
        ("/data/My films=>/mnt/My films; D:\\x=>/y", r"path-\w+=>path-\w+; path-\w+=>path-\w+"),
        ("/data/My films => /mnt/x", r"path-\w+ => path-\w+"),
        ("'A SCENE.MP4' differs", r"'path-\w+\.MP4' differs"),
        (
            "at 5/10, and/or http://plex:32400/library/all",
            r"at 5/10, and/or http://plex:32400/lib.*",
        ),
    ],
)
def test_paths_in_a_text_are_found(text: str, shape: str) -> None:
    assert re.fullmatch(shape, Redactor(hides_names=True).clean(text))


def test_paths_in_addresses_are_hidden_too() -> None:
    line = '"GET /library/sections/1/refresh?path=%2Fdata%2FA%20b&x=1 HTTP/1.1" 200 0'
    shown = Redactor(hides_names=True).clean(line)
    assert re.fullmatch(r'"GET .*\?path=path-[0-9a-f]{10}&x=1 HTTP/1.1" 200 0', shown)
    name = Redactor(hides_names=True).clean("GET /library/sections/1/all?file=A%20b.mp4&x=1")
    assert re.fullmatch(r"GET .*\?file=path-[0-9a-f]{10}\.mp4&x=1", name)
    assert Redactor().clean(line) == line


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
    logging.getLogger("app").info("%s", PATHS[0])

    assert PATHS[0] in log.text


def test_other_ways_out_are_cleaned_by_the_same_rules(log: Log) -> None:
    logs.configure(debug=False, secrets=["later-secret"])

    assert logs.clean(f"{TOKEN} later-secret") == "*** ***"


def test_the_secrets_of_the_environment() -> None:
    assert logs.secrets_of({"PLEX_TOKEN": "a", "STASH_API_KEY": "b", "HOME": "/c"}) == ["a", "b"]
    assert logs.secrets_of({}) == ["", ""]
