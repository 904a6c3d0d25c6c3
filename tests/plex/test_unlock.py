"""Unlocking many items in one request, and never more than are named."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit

import pytest

from plex.client import MAX_KEYS, MAX_URL, PlexClient
from plex.editing import unlock_params
from plex.field_names import lock_name
from tests.contract.scripted import Asked, Reply, scripted


def unlocked(asked: Asked) -> list[str]:
    return parse_qs(urlsplit(asked.path).query)["id"][0].split(",")


def send(keys: Sequence[str], fields: Sequence[str], section: str = "3") -> list[Asked]:
    with scripted(Reply()) as server:
        client = PlexClient(server.url, "token", connect_timeout=1, read_timeout=1)
        try:
            assert client.edit_alike(section, 1, keys, unlock_params(sorted(fields))) == len(
                server.asked
            )
        finally:
            client.close()
        return list(server.asked)


def test_it_names_the_items_and_the_locks_and_no_value() -> None:
    (asked,) = send(["11", "12"], ["tags", "poster", "background", "date"])

    assert asked.method == "PUT"
    assert asked.path == (
        "/library/sections/3/all?type=1&id=11%2C12"
        "&art.locked=0&originallyAvailableAt.locked=0&thumb.locked=0&genre.locked=0"
    )


def test_many_items_take_as_few_requests_as_may_be() -> None:
    keys = [str(number) for number in range(250)]

    asked = send([*keys, *keys], ["title"])

    assert [len(unlocked(one)) for one in asked] == [MAX_KEYS, MAX_KEYS, 50]
    assert [key for one in asked for key in unlocked(one)] == keys


def test_no_address_grows_too_long() -> None:
    keys = [f"{number:0200d}" for number in range(60)]

    asked = send(keys, ["title", "summary"])

    assert len(asked) == 2
    assert all(len(one.path) <= MAX_URL for one in asked)
    assert [key for one in asked for key in unlocked(one)] == keys


@pytest.mark.parametrize(
    ("keys", "fields", "section"),
    [
        ([], ["title"], "3"),
        (["11"], [], "3"),
        ([""], ["title"], "3"),
        (["11", ""], ["title"], "3"),
        (["11,12"], ["title"], "3"),
        (["11"], ["title"], ""),
        (["11"], ["no such field"], "3"),
    ],
)
def test_what_could_reach_other_items_is_refused(
    keys: list[str], fields: list[str], section: str
) -> None:
    with scripted(Reply()) as server:
        client = PlexClient(server.url, "token", connect_timeout=1, read_timeout=1)
        with pytest.raises(ValueError):
            client.edit_alike(section, 1, keys, unlock_params(sorted(fields)))
        client.close()
        assert server.asked == []


def test_pictures_have_locks_too() -> None:
    assert [lock_name(name) for name in ("poster", "background", "tags")] == [
        "thumb",
        "art",
        "genre",
    ]
