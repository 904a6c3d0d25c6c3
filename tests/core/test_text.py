"""Normal forms of text: nothing that people wrote is lost, nothing invisible is left."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.text import clean_line, clean_names, clean_text, name_key, says_something, visible

LIMIT = 10_000
FAMILY = "👨‍👩‍👧"
HEART = "❤️"  # with its variation selector

anything = st.text(
    alphabet=st.one_of(
        st.characters(),  # also lone surrogates
        st.sampled_from("aB ß\n\t\r\x00\x85\xa0\u200b\u200d\u202e\u2060\u0301\ufeff\u0958\ufb2c"),
    )
)


@pytest.mark.parametrize(
    "text",
    [
        "First paragraph.\n\nSecond\tparagraph.",
        f"Emoji {FAMILY} {HEART} 🏳️‍🌈 👍🏽",
        "“Quotes” – dashes — and… an ellipsis ‘too’",
        "ﬁne ﬂow, ½ ™ Ⅷ",  # ligatures and their like are no mistakes: NFC, not NFKC
        "می‌خواهم",  # a zero-width non-joiner that Persian needs
        "a\u200eb\u200fc",  # marks, no overrides
        "東京 花子 Кухня São Žižka",
        "< & > % + , ; \" ' \\ / #",
    ],
)
def test_what_people_write_stays(text: str) -> None:
    assert clean_text(text, LIMIT) == text


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("a\x00b\x07c\x1bd\x7fe\x9bf", "abcdef"),
        ("a\u200bb\u2060c\ufeffd", "abcd"),
        ("a\u202ab\u202bc\u202cd\u202de\u202ef", "abcdef"),
        ("a\u2066b\u2067c\u2068d\u2069e", "abcde"),
        ("half \ud83d emoji \ude00", "half  emoji"),  # JSON can carry lone surrogates
        ("one\r\ntwo\rthree\nfour", "one\ntwo\nthree\nfour"),
        ("\n\t  trimmed \u00a0\n", "trimmed"),
        ("\ufeff trimmed\u200b ", "trimmed"),
        ("  two  blanks  inside  ", "two  blanks  inside"),
        (unicodedata.normalize("NFD", "Müller"), "Müller"),
        ("e\u200b\u0301", "é"),  # an invisible blank does not keep a letter from its accent
        ("", ""),
        (" \u200b ", ""),
    ],
)
def test_what_nobody_meant_goes(text: str, clean: str) -> None:
    assert clean_text(text, LIMIT) == clean


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("two  blanks", "two blanks"),
        ("line one\r\nline\ttwo", "line one line two"),
        ("no\u00a0break, ideographic\u3000blank", "no break, ideographic blank"),
        (f"{FAMILY} {HEART}", f"{FAMILY} {HEART}"),
        ("क़ल\u0958", "क\u093cलक\u093c"),  # composed letters that NFC takes apart: longer, and whole
        ("\ufb2c", "ש\u05bc\u05c1"),
    ],
)
def test_a_line_has_single_blanks(text: str, clean: str) -> None:
    assert clean_line(text, LIMIT) == clean


@pytest.mark.parametrize(
    ("limit", "clean"), [(11, "abcde fghij"), (8, "abcde fg"), (6, "abcde"), (5, "abcde")]
)
def test_a_limit_leaves_no_blank_behind(limit: int, clean: str) -> None:
    assert clean_text("abcde fghij", limit) == clean
    assert clean_line(" abcde \n fghij ", limit) == clean


@given(anything, st.integers(0, 30))
@example("\u0958" * 9, 30)
@example("x \u0301", 2)
def test_cleaning_twice_is_cleaning_once(text: str, limit: int) -> None:
    for clean in (clean_text, clean_line):
        once = clean(text, limit)
        assert clean(once, limit) == once
        assert len(once) <= limit
        assert once == once.strip()
        once.encode("utf-8")


@given(anything)
@example("\u0958\u0958 \u0958")
def test_composed_and_decomposed_text_is_one(text: str) -> None:
    for form in ("NFC", "NFD"):
        other = unicodedata.normalize(form, text)
        assert clean_text(other, LIMIT) == clean_text(text, LIMIT)
        assert clean_line(other, LIMIT) == clean_line(text, LIMIT)
        assert name_key(other) == name_key(text)


@given(anything)
@example(" \u200b\n")
def test_saying_something(text: str) -> None:
    assert says_something(text) == (clean_text(text, LIMIT) != "")


@given(st.text(alphabet=st.characters(exclude_categories=["C", "Z"])))
def test_only_unwanted_characters_go(text: str) -> None:
    assert clean_text(text, LIMIT) == unicodedata.normalize("NFC", text)


@given(anything)
def test_a_name_key_is_stable(name: str) -> None:
    assert name_key(name_key(name)) == name_key(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana Müller", "ANA MÜLLER"),
        ("Jan Žižka", unicodedata.normalize("NFD", "jan žižka")),
        ("GROẞE STRAẞE", "Große Straße"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("\u1f88\u1f6d", "\u1f80\u1f65"),  # Greek capitals that have two letters in full folding
        ("\u212bngström", "ångström"),  # the Ångström sign
        ("\u212aelvin", "kelvin"),  # the Kelvin sign, which folds into ASCII
    ],
)
def test_equal_names(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Müller", "Muller"),
        ("A, B", "A B"),
        ("Ø", "O"),
        ("東京", "京都"),
        ("Anna Weiß", "Anna Weiss"),
        ("ﬁnal", "final"),
        ("İzmir", "izmir"),
    ],
)
def test_unequal_names(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


def test_names_lose_blanks_and_duplicates_and_keep_the_first_spelling() -> None:
    names = ("Sea  Walk", "", "SEA WALK", " \u200b ", "Bread", unicodedata.normalize("NFD", "Café"))
    assert clean_names((*names, "Café", "bread"), 255) == ("Sea Walk", "Bread", "Café")
    assert clean_names(("abcdef", "abcdxx"), 4) == ("abcd",)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;title\x07a \x1b[1;31mred\x1b[0m b\x1b(B", "a red b"),
        ("\x9b31ma\x9d0;x\x9cb\x1b", "ab"),
        ("\x1b]no end\n\x90of it", "no end\nof it"),
        ("one\r\ntwo\u2028three\x85four\tfive", "one\ntwo\nthree\nfour\tfive"),
        ("\u202egpj\u202c.a\u200b\u200e\ufeff\u2066b\u00ad", "gpj.ab"),
        ("a\u200db", "ab"),
        (f"{FAMILY} می‌خواهم", f"{FAMILY} می‌خواهم"),
    ],
)
def test_what_cannot_be_seen_is_not_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(anything)
def test_whatever_is_shown_can_be_seen(text: str) -> None:
    shown = visible(text)
    odd = {letter for letter in shown if not letter.isprintable()} - set("\n\t\u200c\u200d")
    assert not {letter for letter in odd if unicodedata.category(letter) in ("Cc", "Cf", "Cs")}
    assert shown.encode() or not shown
