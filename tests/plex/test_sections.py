"""Which libraries `plex_library` means."""

from __future__ import annotations

import pytest

from core.errors import ConfigError
from plex.library import synced_libraries
from tests.contract.scripted import as_json
from tests.plex.wire import client_of

TITLES = {"1": "Clips", "2": " Clips, short", "3": "CLIPS  ", "4": "Films", "5": "6", "6": "Music"}
LISTED = as_json(
    {
        "MediaContainer": {
            "size": len(TITLES),
            "Directory": [
                {"key": key, "title": title, "type": "artist" if key == "6" else "movie"}
                for key, title in TITLES.items()
            ],
        }
    }
)


@pytest.mark.parametrize(
    ("names", "keys"),
    [
        ((), ["1", "2", "3", "4", "5"]),
        (("films",), ["4"]),
        (("clips",), ["1", "3"]),
        (("3",), ["3"]),
        (("clips,  short", "4"), ["2", "4"]),
        (("Films", "FILMS", "4"), ["4"]),
        (("6",), ["5"]),
    ],
)
def test_names_and_numbers(names: tuple[str, ...], keys: list[str]) -> None:
    with client_of(LISTED) as (client, _):
        assert [section.key for section in synced_libraries(client, names).there] == keys


@pytest.mark.parametrize("name", ["Music", "Flims", "9", "Clips, "])
def test_what_is_no_library_is_answered_with_those_there_are(name: str) -> None:
    with client_of(LISTED) as (client, _), pytest.raises(ConfigError) as caught:
        synced_libraries(client, (name,))
    assert repr(name) in str(caught.value)
    assert "'Clips' (number 1), ' Clips, short' (number 2)" in str(caught.value)


KNOWN = {"2": "Clips, short", "8": "Shelf", "9": "Attic"}


@pytest.mark.parametrize(
    ("names", "keys", "unlisted"),
    [((), ["1", "2", "3", "4", "5"], ["8", "9"]), (("films", " SHELF"), ["4"], ["8"])],
)
def test_libraries_that_were_synced_and_are_not_there_any_more_are_told_apart(
    names: tuple[str, ...], keys: list[str], unlisted: list[str]
) -> None:
    with client_of(LISTED) as (client, _):
        found = synced_libraries(client, names, KNOWN)
    assert [section.key for section in found.there] == keys
    assert list(found.unlisted) == unlisted


def test_without_any_of_the_libraries_that_are_meant_there_is_nothing_to_do() -> None:
    with client_of(LISTED) as (client, _), pytest.raises(ConfigError, match="'Shelf', '9'"):
        synced_libraries(client, ("Shelf", "9"), KNOWN)
