"""JSON of servers that may send anything."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples
from transport.decoding import MOST_LEVELS, NotJson, decode, what_came

TEXTS = st.text(max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@examples(40)
@given(VALUES)
def test_what_was_written_is_read(value: object) -> None:
    assert decode(json.dumps(value).encode()) == value
    assert decode(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary(max_size=60))
def test_anything_else_has_a_name(body: bytes) -> None:
    said = f"{what_came(body, '')} "
    assert " came " in said
    assert said.isprintable()
    with contextlib.suppress(NotJson):
        assert json.dumps(decode(body), ensure_ascii=False).encode()


def test_one_bad_byte_or_character_spoils_nothing_else() -> None:
    assert decode(b'["a\x04b", "c"]') == ["a\x04b", "c"]
    assert decode(b'["a\xffb", "c"]') == ["a\ufffdb", "c"]
    assert decode(b'["a\\ud83db", "\\ud83c\\udfac"]') == ["a\ufffdb", "🎬"]
    assert decode(b'{"a\\udc00": "\\\\ud83d"}') == {"a\ufffd": "\\ud83d"}
    assert decode(b"\xef\xbb\xbf[1]") == [1]


@pytest.mark.parametrize("levels", [MOST_LEVELS + 1, 900, 100_000])
@pytest.mark.parametrize(("opened", "closed"), [("[", "]"), ('{"a":', "}")])
def test_what_is_nested_too_deeply(levels: int, opened: str, closed: str) -> None:
    body = (opened * levels + "1" + closed * levels).encode()
    with pytest.raises(NotJson, match="too deeply"):
        decode(body)


def test_what_is_nested_as_deeply_as_allowed() -> None:
    assert decode(b"[" * MOST_LEVELS + b"]" * MOST_LEVELS)


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (b"", "application/json", "nothing came"),
        (b'{"data": {"a', "application/json", "JSON came that breaks off"),
        (b"<!DOCTYPE html><title>Log\n in</title>", "", 'a web page came ("Log in")'),
        (b"<html><body>hello", "application/json", "a web page came"),
        (b"wait", "text/plain", "text/plain came"),
        (b"\x00\x01", "", "something without a type came"),
        (b"\x00\x01", "image/png", "image/png came"),
    ],
)
def test_what_came_instead(body: bytes, kind: str, words: str) -> None:
    with pytest.raises(NotJson) as caught:
        decode(body, kind)
    assert str(caught.value).startswith(words)
    assert what_came(body, kind) == str(caught.value)


def test_a_number_of_thousands_of_digits_spoils_nothing_else() -> None:
    assert decode(b'[1, "a\x04", ' + b"9" * 5000 + b"]") == [1, "a\x04", None]


def test_too_many_parts_are_refused_before_they_take_memory() -> None:
    with pytest.raises(NotJson, match="too many parts"):
        decode(b"[" + b"{}," * 250_000 + b"{}]")


def test_the_title_of_a_page_is_one_line_that_can_be_shown() -> None:
    page = b"<html><title>It\x1b]0;x\x07 is\n&lt;starting&gt; " + b"y" * 7000 + b"</title>"
    told = what_came(page, "text/html")
    assert told.startswith('a web page came ("It is <starting> y')
    assert len(told) < 190
