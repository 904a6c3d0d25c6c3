"""`stash.scenes` over a minimal client: oddities that no healthy Stash shows."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from core.errors import StashError, StashUnauthorized, StashUnreachable
from stash import scenes


class Canned:
    """Answers every question with the same thing, or raises it."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.filters: list[Any] = []

    def find_scenes(
        self,
        f: Any = None,
        filter: Any = None,  # noqa: A002 - as in stashapp-tools
        *,
        fragment: Any = None,
    ) -> Any:
        self.filters.append(f)
        return self.call_GQL("")

    def call_GQL(self, query: str, variables: Any = None) -> Any:  # noqa: N802 - ditto
        if isinstance(self.answer, Exception):
            raise self.answer
        if "CountThese" in query and isinstance(self.answer, list):
            return {"findScenes": {"count": len(self.answer)}}
        return self.answer


def test_a_stash_that_repeats_itself_ends_the_listing() -> None:
    stash = Canned([{"id": "1"}, {"id": "2"}])
    pages = scenes.iter_scene_pages(stash, page_size=2)
    assert [one.id for one in next(pages)] == [1, 2]
    with pytest.raises(StashError, match="again"):
        next(pages)


@pytest.mark.parametrize("answer", [None, "scenes", {"scenes": []}])
def test_no_list_is_an_error_and_not_an_empty_library(answer: object) -> None:
    with pytest.raises(StashError):
        next(scenes.iter_scene_pages(Canned(answer)))


def test_the_prefilter_is_two_days_wider_and_a_full_date() -> None:
    """A bare year or a time would compare as other text (facts of Stash, 4.2)."""
    stash = Canned([])
    list(scenes.iter_scene_pages(stash, since=1_768_115_273.5))  # 2026-01-11
    day = {"value": "2026-01-09", "modifier": "GREATER_THAN"}
    assert stash.filters == [
        {
            "id": {"value": 0, "modifier": "GREATER_THAN"},
            "AND": {"created_at": day, "OR": {"updated_at": day}},
        }
    ]


def test_a_window_is_exact_over_offsets() -> None:
    at = 1_768_115_273
    touched = [
        {"id": "1", "updated_at": "2026-01-11T18:07:53+11:00"},
        {"id": "2", "updated_at": "2026-01-11T07:07:52Z"},
        {"id": "3", "updated_at": "2026-01-10T21:07:53-10:00"},
        {"id": "4", "created_at": "2026-01-11T07:07:53Z", "updated_at": None},
    ]
    (page,) = scenes.iter_scene_pages(Canned(touched), since=at)
    assert [one.id for one in page] == [1, 3, 4]


def test_settings_in_the_spelling_of_old_versions() -> None:
    """v0.24 and v0.25 turn `plex_url` into `plexUrl` (facts of Stash, 6)."""
    answer = {
        "configuration": {
            "plugins": {"stash2Plex": {"plexUrl": "http://plex", "syncTags": False}},
            "general": {"apiKey": "k"},
        }
    }
    settings, key = scenes.plugin_settings(Canned(answer), "Stash2Plex")
    assert (settings["plex_url"], settings["sync_tags"], key) == ("http://plex", False, "k")


@pytest.mark.parametrize(
    "plugins", [None, {}, {"Other": {"a": 1}}, {"Stash2Plex": None}, {"Stash2Plex": "x"}]
)
def test_no_settings_saved_yet(plugins: object) -> None:
    answer = {"configuration": {"plugins": plugins, "general": {"apiKey": None}}}
    assert scenes.plugin_settings(Canned(answer), "Stash2Plex") == ({}, "")


def test_a_plugin_id_cannot_smuggle_graphql() -> None:
    with pytest.raises(ValueError, match="plugin id"):
        scenes.plugin_settings(Canned({}), 'x"]) { } #')


def test_a_build_without_a_version() -> None:
    assert scenes.stash_version(Canned({"version": {"version": None}})) == ""


@pytest.mark.parametrize("answer", [None, {}, {"findScenes": None}])
def test_no_count_is_an_error(answer: object) -> None:
    with pytest.raises(StashError):
        scenes.count_scenes(Canned(answer))


@pytest.mark.parametrize(
    ("raised", "becomes"),
    [
        (requests.ReadTimeout("x"), StashUnreachable),
        (requests.ConnectionError("x"), StashUnreachable),
        (Exception("401 Unauthorized query failed. v0.30.1"), StashUnauthorized),
        (Exception("422 Unprocessable Entity query failed. v0.30.1"), StashError),
        (StashUnreachable("ours"), StashUnreachable),
        (KeyError("a mistake of ours"), KeyError),
    ],
)
def test_what_other_clients_raise_becomes_ours(raised: Exception, becomes: type[Exception]) -> None:
    with pytest.raises(becomes) as caught:
        scenes.count_scenes(Canned(raised))
    assert type(caught.value) is becomes
