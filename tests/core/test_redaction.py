"""What texts for people must not show, stays unseen; all else is left as it is."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.redaction import HIDDEN, Redactor, secrets_in, short_name

TOKEN = "tok/en+XyZ 123"
HIDING = Redactor(hides_names=True)


@pytest.fixture
def redactor() -> Redactor:
    return Redactor([TOKEN, ""])


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
def test_secrets_are_replaced(redactor: Redactor, text: str) -> None:
    shown = redactor.clean(text)

    assert "***" in shown
    assert "tok" not in shown.replace("token", "").replace("Token", "")


def test_a_secret_is_found_inside_json_however_that_is_written() -> None:
    secret = 'ä "quoted" wörd'
    for ensure_ascii in (True, False):
        packed = json.dumps({"note": secret}, ensure_ascii=ensure_ascii)
        assert Redactor([secret]).clean(packed) == '{"note": "***"}'


@pytest.mark.parametrize("before", ["", "u", "us", "me:", "user:"])
@pytest.mark.parametrize("behind", ["", "?", ">>"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_secrets_in_base64_are_replaced(
    redactor: Redactor, before: str, behind: str, encode: Callable[[bytes], bytes]
) -> None:
    packed = encode(f"{before}{TOKEN}{behind}".encode()).decode()

    shown = redactor.clean(f"Basic {packed}, or {quote(packed)} in an address")

    assert shown.count("***") == 2
    # What is left of it says nothing: less than a group of characters on each side.
    left, right = shown.split("Basic ")[1].split(", or")[0].split("***")
    assert len(left) <= len(before) * 4 // 3 + 2
    assert len(right) <= len(behind) * 4 // 3 + 4


def test_what_is_no_secret_is_left_alone(redactor: Redactor) -> None:
    harmless = "GET /library?a=1&b=2: a session of 3, Token refused (401), session: 5"

    assert redactor.clean(harmless) == harmless


def test_a_secret_that_starts_another_hides_no_less() -> None:
    assert Redactor(["abcdef", "abcdefgh"]).clean("abcdefgh abcdef") == "*** ***"


def test_words_are_no_secrets() -> None:
    told = "the Plex token was refused; 2 tests"
    assert Redactor(["token", "test", "e", "  x  ", ""]).clean(told) == told


@given(st.text(min_size=6).filter(lambda told: len(told.strip()) >= 6), st.text(), st.text())
def test_a_registered_secret_never_gets_out(secret: str, before: str, after: str) -> None:
    cleaned = Redactor([secret]).clean(before + secret + after)

    assert secret not in cleaned.replace(HIDDEN, "\n")


PATHS = [
    "/data/Some Studio/A scene, 2nd take (2020).mp4",
    "/data/It's me.mkv",
    "C:\\Videos\\Some Studio\\scene.mp4",
    "D:/Videos/Some Studio/scene.mp4",
    "\\\\nas\\share\\Some Studio\\scene.mp4",
    "Some scene.mp4",
]


@pytest.mark.parametrize("path", PATHS)
def test_a_path_as_argument_becomes_a_stable_alias(redactor: Redactor, path: str) -> None:
    alias = str(HIDING.clean_argument(path))

    assert re.fullmatch(rf"path-[0-9a-f]{{10}}{path[-4:]}", alias)
    assert alias == HIDING.clean_argument(path) == short_name(path)
    assert redactor.clean_argument(path) == path


@pytest.mark.parametrize("path", PATHS)
def test_a_quoted_path_in_a_text_becomes_the_same_alias(path: str) -> None:
    cleaned = HIDING.clean(f'"{path}" has no item')

    assert cleaned == f'"{HIDING.clean_argument(path)}" has no item'


def test_repr_quotes_of_both_kinds_are_understood() -> None:
    cleaned = HIDING.clean(f"{PATHS[0]!r} and {PATHS[1]!r} differ")

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
    assert re.fullmatch(shape, HIDING.clean(text))


def test_paths_in_addresses_are_hidden_too(redactor: Redactor) -> None:
    line = '"GET /library/sections/1/refresh?path=%2Fdata%2FA%20b&x=1 HTTP/1.1" 200 0'
    shown = HIDING.clean(line)
    assert re.fullmatch(r'"GET .*\?path=path-[0-9a-f]{10}&x=1 HTTP/1.1" 200 0', shown)
    name = HIDING.clean("GET /library/sections/1/all?file=A%20b.mp4&x=1")
    assert re.fullmatch(r"GET .*\?file=path-[0-9a-f]{10}\.mp4&x=1", name)
    assert redactor.clean(line) == line


def test_what_stands_around_a_secret_or_a_name_stays(redactor: Redactor) -> None:
    assert redactor.clean('{"plex_token": "tok-1", "a": 1}') == '{"plex_token": "***", "a": 1}'
    assert redactor.clean("session=tok-1; Path=/") == "session=***; Path=/"
    assert HIDING.clean("a “Title” here") == f"a “{short_name('Title')}” here"


def test_what_is_no_path_as_a_whole_stays_an_argument() -> None:
    for value in ("a film.mp4 in a text\n", "5/10", 5, None):
        assert HIDING.clean_argument(value) == value


def test_a_short_name_stands_for_whatever_it_is_given() -> None:
    assert short_name("") == ""
    assert re.fullmatch("name-[0-9a-f]{10}", short_name("Harbour Lights"))


def test_secrets_are_found_by_their_keys_at_any_depth() -> None:
    told = {
        "apiKey": "a",
        "nested": [{"Session_Cookie": "b", "plex_token": ""}, "c"],
        "password": {"token": "d"},
        "token": 5,
        "tokens": "e",
    }
    assert list(secrets_in(told)) == ["a", "b", "d"]
