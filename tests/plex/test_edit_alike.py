"""One edit of many items: these and no others, all of one section, in addresses that are taken."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit

import pytest

from core.models import Change
from plex.client import MAX_KEYS, MAX_URL, PlexClient
from plex.editing import difference, edit_params, lock_params
from tests.contract.scripted import Asked, Reply, scripted

Params = list[tuple[str, str]]
RENAMED = Change("tags", ("Old", "Stays"), ("Stays", "New, too"), ("New, too",), ("Old",))
EDIT = edit_params([difference(RENAMED)])


def send(keys: Sequence[str], params: Params, section: str = "3") -> list[Asked]:
    with scripted(Reply()) as server:
        client = PlexClient(server.url, "token", connect_timeout=1, read_timeout=1)
        try:
            client.edit_alike(section, 1, keys, params)
        finally:
            client.close()
        return list(server.asked)


def named(asked: Asked) -> list[str]:
    return parse_qs(urlsplit(asked.path).query)["id"][0].split(",")


def test_it_names_what_comes_and_what_goes_and_nothing_that_stays() -> None:
    (asked,) = send(["11", "12"], EDIT)

    assert asked.method == "PUT"
    assert asked.path == (
        "/library/sections/3/all?type=1&id=11%2C12"
        "&genre%5B0%5D.tag.tag=New%2C%20too&genre%5B%5D.tag.tag-=Old&genre.locked=1"
    )


def test_a_hundred_items_are_one_request() -> None:
    keys = [str(number) for number in range(100_000, 100_250)]

    asked = send([*keys, *keys], EDIT)

    assert [len(named(one)) for one in asked] == [MAX_KEYS, MAX_KEYS, 50]
    assert [key for one in asked for key in named(one)] == keys
    assert all(len(one.path) < MAX_URL for one in asked)


def test_a_long_edit_leaves_room_for_fewer_items() -> None:
    keys = [f"{number:0100d}" for number in range(80)]

    asked = send(keys, [("summary.value", "s" * 6000)])

    assert len(asked) > 2
    assert all(len(one.path) <= MAX_URL for one in asked)
    assert [key for one in asked for key in named(one)] == keys


@pytest.mark.parametrize(
    ("keys", "params", "section"),
    [
        ([], EDIT, "3"),
        ([""], EDIT, "3"),
        (["11", ""], EDIT, "3"),
        (["11", "12,13"], EDIT, "3"),
        (["11", "12&type=2"], EDIT, "3"),
        (["11", "../12"], EDIT, "3"),
        (["11", "12"], EDIT, ""),
        (["11", "12"], EDIT, "3,4"),
        (["11", "12"], [], "3"),
        (["11", "12"], [("id", "13")], "3"),
        (["11", "12"], [*EDIT, ("type", "2")], "3"),
        (["11", "12"], [("summary.value", "s" * MAX_URL)], "3"),
    ],
)
def test_what_could_reach_other_items_is_refused(
    keys: list[str], params: Params, section: str
) -> None:
    with scripted(Reply()) as server:
        client = PlexClient(server.url, "token", connect_timeout=1, read_timeout=1)
        with pytest.raises(ValueError):
            client.edit_alike(section, 1, keys, params)
        client.close()
        assert server.asked == []


def test_unlocking_names_the_locks_and_no_value() -> None:
    (asked,) = send(
        ["11", "12"], lock_params(dict.fromkeys(["background", "date", "poster", "tags"], False))
    )

    assert asked.path == (
        "/library/sections/3/all?type=1&id=11%2C12"
        "&art.locked=0&originallyAvailableAt.locked=0&thumb.locked=0&genre.locked=0"
    )
