"""Where the Plex token rests."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest

from app.setup.token import KEPT, resolve_token
from core.errors import StashError, StateError
from storage.files.token_file import TOKEN_FILE, TokenFile


class Saved:
    """What was written back to Stash."""

    def __init__(self, problem: str = "") -> None:
        self.changes: list[Mapping[str, object]] = []
        self._problem = problem

    def __call__(self, changes: Mapping[str, object]) -> None:
        if self._problem:
            raise StashError(self._problem)
        self.changes.append(changes)


def test_a_typed_token_works_and_is_moved(tmp_path: Path) -> None:
    saved = Saved()
    typed = {"plex_token": " abc ", "plex_url": "x"}
    assert resolve_token(typed, tmp_path, saved) == {"plex_token": "abc", "plex_url": "x"}
    assert saved.changes == [{"plex_token": KEPT}]
    assert resolve_token({"plex_token": KEPT}, tmp_path, saved) == {"plex_token": "abc"}
    assert resolve_token({}, tmp_path, saved) == {"plex_token": "abc"}
    assert resolve_token({"plex_token": "def"}, tmp_path, saved) == {"plex_token": "def"}
    assert TokenFile(tmp_path).read() == "def"


def test_without_a_file_nothing_is_made_up(tmp_path: Path) -> None:
    assert resolve_token({"plex_token": KEPT}, tmp_path / "data", Saved()) == {}
    assert resolve_token({"plex_token": None}, tmp_path / "data", Saved()) == {}
    assert not (tmp_path / "data").exists()


def test_what_is_no_token_is_left_to_whoever_says_so(tmp_path: Path) -> None:
    saved = Saved()
    assert resolve_token({"plex_token": "a b"}, tmp_path, saved) == {"plex_token": "a b"}
    assert saved.changes == []


def test_where_it_cannot_be_kept_it_stays(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file", encoding="utf-8")
    saved = Saved()
    assert resolve_token({"plex_token": "abc"}, tmp_path / "data", saved)["plex_token"] == "abc"
    assert saved.changes == []
    with pytest.raises(StateError):
        TokenFile(tmp_path / "data").write("abc")


def test_a_stash_that_does_not_take_it_is_no_failure(tmp_path: Path) -> None:
    told = resolve_token({"plex_token": "abc"}, tmp_path, Saved("read-only"))
    assert told["plex_token"] == "abc"


def test_a_file_of_nonsense_is_no_token(tmp_path: Path) -> None:
    (tmp_path / TOKEN_FILE).write_bytes(b"\xff\xfe")
    assert TokenFile(tmp_path).read() == ""
    TokenFile(tmp_path).forget()
    TokenFile(tmp_path).forget()
    assert not (tmp_path / TOKEN_FILE).exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        TokenFile(tmp_path / "data").write("abc")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "data" / TOKEN_FILE).stat().st_mode) == 0o600
    assert list((tmp_path / "data").iterdir()) == [tmp_path / "data" / TOKEN_FILE]
