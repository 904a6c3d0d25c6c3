"""Every setting has its words, and Stash's own list of settings has the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from core.setting_words import GROUPS, WORDS, by_label, in_stash
from core.settings import DEFAULTS

ROOT = Path(__file__).parents[2]
OFFERED: dict[str, Any] = yaml.safe_load((ROOT / "Stash2Plex.yml").read_text("utf-8"))["settings"]


def test_every_setting_has_a_row_and_no_other() -> None:
    assert set(WORDS) == set(DEFAULTS)


def test_every_group_has_settings_and_every_row_a_group() -> None:
    assert {word.group for word in WORDS.values()} == {group.name for group in GROUPS}


def test_no_two_settings_have_one_label() -> None:
    assert len({word.label for word in WORDS.values()}) == len(WORDS)


@pytest.mark.parametrize("key", WORDS)
def test_stashs_own_list_says_the_same(key: str) -> None:
    assert OFFERED[key]["displayName"] == WORDS[key].label
    assert OFFERED[key]["description"] == in_stash(key)


@pytest.mark.parametrize("key", WORDS)
def test_help_is_in_sentences_without_keys(key: str) -> None:
    said = WORDS[key].help + WORDS[key].unset
    assert said.endswith(".")
    assert by_label(said) == said


def test_keys_become_labels_in_sentences() -> None:
    said = by_label("is plex_url right? plex_urls and my_plex_url are none; see path_map, enabled")
    assert (
        said == "is 'Plex URL' right? plex_urls and my_plex_url are none; see 'Path map', enabled"
    )
