"""The plugin protocol: what Stash hands over, and what it may read back."""

from __future__ import annotations

import contextlib
import io
import json
import math
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ProtocolError
from shell import protocol

COOKIE = "MTczNjU4-secret-session"
CONNECTION = {
    "Scheme": "http",
    "Host": "0.0.0.0",
    "Port": 9999,
    "SessionCookie": {"Name": "session", "Value": COOKIE, "Quoted": False},
    "Dir": "/root/.stash",
    "PluginDir": "plugins/Stash2Plex",
}


def stdin(**parts: object) -> bytes:
    return json.dumps({"server_connection": CONNECTION} | parts, ensure_ascii=False).encode()


def test_a_task_has_its_mode_its_connection_and_no_hook() -> None:
    plugin = protocol.parse_input(stdin(args={"mode": " reconcile_all ", "days": "3"}))

    assert plugin.mode == "reconcile_all"
    assert plugin.args["days"] == "3"
    assert plugin.server_connection["Port"] == 9999
    assert plugin.session_cookie == COOKIE
    assert plugin.hook is None


def test_a_hook_has_its_context() -> None:
    context = {"id": 5, "type": "Scene.Update.Post", "input": None}

    assert protocol.parse_input(stdin(args={"hookContext": context})).hook == context


@pytest.mark.parametrize(
    "raw",
    [
        b"{}",
        b'{"server_connection": null, "args": null}',
        b'\xef\xbb\xbf{"args": {"mode": 7, "hookContext": null}}',
        b'{"server_connection": {"SessionCookie": null}}',
        b'{"server_connection": {"SessionCookie": {"Value": 5}}}',
    ],
)
def test_what_is_absent_is_empty(raw: bytes) -> None:
    plugin = protocol.parse_input(raw)

    assert (plugin.mode, plugin.session_cookie, plugin.hook) == ("", "", None)


def test_text_is_utf8_whatever_the_system_speaks() -> None:
    assert protocol.parse_input(stdin(args={"mode": "größe 場面"})).mode == "größe 場面"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b"{'mode': 1}", "it is no JSON"),
        (stdin()[:-1], "it is no JSON"),
        (stdin() + b"{}", "it is no JSON"),
        (b"\xff\xfe{\x00}\x00", "it is not UTF-8"),
        (b"[1]", "it is no JSON object"),
        (b'"text"', "it is no JSON object"),
        (b"null", "it is no JSON object"),
        (b'{"args": [1]}', "its args is no object"),
        (b'{"server_connection": "x"}', "its server_connection is no object"),
        (b'{"args": {"hookContext": 5}}', "its args.hookContext is no object"),
        (b"[" * 200_000, "it is nested too deeply"),
    ],
)
def test_what_is_no_plugin_input_is_refused_with_its_reason(raw: bytes, reason: str) -> None:
    with pytest.raises(ProtocolError, match=reason) as caught:
        protocol.parse_input(raw)
    assert COOKIE not in str(caught.value)


@given(st.binary(max_size=300))
def test_no_bytes_at_all_raise_anything_else(raw: bytes) -> None:
    with contextlib.suppress(ProtocolError):
        protocol.parse_input(raw)


def test_a_reply_is_one_ascii_document() -> None:
    reply = {"output": {"title": "größe 場面", "count": 3, "none": None, "lines": ["a\nb", {}]}}

    encoded = protocol.encode_reply(reply)

    assert encoded.isascii()
    assert json.loads(encoded) == reply


def test_each_text_of_a_reply_is_made_safe_to_show() -> None:
    said = "\x1b[1ma\u202eb\udc80"
    encoded = protocol.encode_reply({"output": {said: [said, {"x": (said, 5)}]}})
    assert json.loads(encoded) == {"output": {"ab": ["ab", {"x": ["ab", 5]}]}}
    assert b"***" in protocol.encode_reply({"error": "x"}, lambda _text: "***")


@pytest.mark.parametrize("value", [math.nan, math.inf, {1, 2}, b"x"])
def test_a_reply_that_json_cannot_say_is_refused(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        protocol.encode_reply({"output": value})


def test_every_physical_line_is_marked_and_blank_ones_are_left_out() -> None:
    framed = protocol.frame(protocol.WARNING, "one\r\n\n  \ntwo\u2028three\n")

    assert framed == b"\x01w\x02one\n\x01w\x02two\n\x01w\x02three\n"


def test_control_characters_cannot_forge_or_garble_a_line() -> None:
    framed = protocol.frame(protocol.INFO, "a\x01e\x02b\x1b[31m\x00\x9b0K\tc\x1b]0;x\x07d\u202e")

    assert framed == b"\x01i\x02aeb\tcd\n"


@given(st.text(st.characters(), max_size=60), st.integers(1, 400))
def test_any_text_becomes_short_marked_utf8_lines(text: str, times: int) -> None:
    framed = protocol.frame(protocol.ERROR, text * times)

    for line in framed.split(b"\n")[:-1]:
        assert len(line) + 1 <= protocol.MAX_LINE_BYTES
        assert line.startswith(b"\x01e\x02")
        assert line[3:].decode("utf-8").strip()
        assert not any(byte < 32 and byte != 9 for byte in line[3:])
    assert framed == b"" or framed.endswith(b"\n")


def test_a_long_line_is_cut_between_characters() -> None:
    framed = protocol.frame(protocol.DEBUG, "場" * 30_000)

    assert protocol.MAX_LINE_BYTES - 3 <= len(framed) <= protocol.MAX_LINE_BYTES
    assert framed[3:].decode("utf-8").endswith("場 [cut]\n")


@pytest.mark.parametrize(
    ("fraction", "framed"),
    [
        (0, b"\x01p\x020.0000\n"),
        (0.25, b"\x01p\x020.2500\n"),
        (1.7, b"\x01p\x021.0000\n"),
        (-3, b"\x01p\x020.0000\n"),
        (math.inf, b"\x01p\x021.0000\n"),
        (math.nan, b""),
    ],
)
def test_progress_stays_between_0_and_1_and_is_never_nan(fraction: float, framed: bytes) -> None:
    assert protocol.progress_frame(fraction) == framed


def test_frames_go_to_the_stream_at_once() -> None:
    stream = io.BytesIO()
    frames = protocol.Frames(stream)

    frames.log(protocol.INFO, "hello")
    frames.progress(0.5)

    assert stream.getvalue() == b"\x01i\x02hello\n\x01p\x020.5000\n"


def test_a_reader_that_has_gone_does_not_end_the_run() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as stream:
        frames = protocol.Frames(stream)
        for _ in range(3):
            frames.log(protocol.INFO, "nobody reads this")
            frames.progress(0.1)


def test_stray_prints_become_log_lines() -> None:
    stream = io.BytesIO()
    stray = protocol.StrayOutput(protocol.Frames(stream))

    print("one\ntwo", end="", file=stray)
    assert stream.getvalue() == b"\x01d\x02one\n"
    print("!", file=stray)
    assert stream.getvalue() == b"\x01d\x02one\n\x01d\x02two!\n"
    assert stray.writable()
