"""Items that are read whole: whatever some of them do to answers, all others are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import replace

import pytest

from plex.exceptions import PlexServerDown, PlexUnauthorized
from tests.contract.scripted import Asked, Reply, as_html, as_json
from tests.plex.plex_of import FAILS, NOT_FOUND, PlexOf
from tests.plex.wire import client_of

KEYS = [str(number) for number in range(1000, 1150)]
REFUSES = as_html(413, "Content Too Large")
BREAKS_OFF = Reply(200, b'{"MediaContainer": {"Metadata": [{"ratingKey": "1')


@pytest.mark.parametrize("failure", [FAILS, BREAKS_OFF, REFUSES])
def test_whole_items_are_read_but_those_that_plex_fails_for(failure: Reply) -> None:
    bad = {"1003", "1099", "1149"}
    with client_of(by=PlexOf(KEYS, bad=bad, failure=failure)) as (client, server):
        found = client.full_items([*KEYS, "77"])
        assert len(server.asked) < 200
    assert found.keys() == set(KEYS) - bad
    assert found.unreadable.keys() == bad
    said = "HTTP 413" if failure is REFUSES else "try again later"
    assert all(said in why for why in found.unreadable.values())


@pytest.mark.parametrize("cap", [1, 7, 60])
def test_a_server_that_gives_few_items_at_a_time_is_asked_for_the_rest(cap: int) -> None:
    def cut(asked: Asked) -> Reply | None:
        whole = re.match(r"/library/metadata/([\w,]+)", asked.path)
        if whole is None or whole[1].count(",") < cap:
            return None
        few = ",".join(whole[1].split(",")[:cap])
        return plex(replace(asked, path=f"/library/metadata/{few}"))

    plex = PlexOf(KEYS, by=cut)
    with client_of(by=plex) as (client, server):
        assert client.full_items([*KEYS, "77"]).keys() == set(KEYS)
        assert len(server.asked) < 2 + 2 * len(KEYS) / cap + 10


def test_a_bad_item_alone_is_told_from_an_outage_by_another() -> None:
    with client_of(by=PlexOf(KEYS, bad={"1000"})) as (client, _):
        found = client.full_items(["1000"])
    assert (found, list(found.unreadable)) == ({}, ["1000"])


def spoilt_alone(bad: Collection[str]) -> Callable[[Asked], Reply | None]:
    """Items that can be listed, and whole ones that cannot be had."""

    def fails(asked: Asked) -> Reply | None:
        whole = re.match(r"/library/metadata/([\w,]+)", asked.path)
        return FAILS if whole is not None and set(bad).intersection(whole[1].split(",")) else None

    return fails


@pytest.mark.parametrize("count", [4, 30, 100])
def test_however_many_are_bad_a_server_that_gives_another_is_not_down(count: int) -> None:
    bad = KEYS[:count]
    with client_of(by=PlexOf(KEYS, by=spoilt_alone(bad))) as (client, server):
        found = client.full_items(bad)
        assert len(server.asked) < 8 * count + 100
    assert (found, sorted(found.unreadable)) == ({}, bad)


def test_another_is_asked_for_again_while_a_search_takes_long() -> None:
    """Plex may go down meanwhile."""
    bad = KEYS[:40]
    plex = PlexOf(KEYS, by=spoilt_alone(bad))
    with client_of(by=plex) as (client, server):
        client.full_items(bad)
        half = len(server.asked) * 3 // 2
        plex.by = lambda asked: spoilt_alone(bad if len(server.asked) < half else KEYS)(asked)
        with pytest.raises(PlexServerDown):
            client.full_items(bad)


def test_items_that_nobody_can_read_are_an_outage() -> None:
    with client_of(by=PlexOf(KEYS, bad=KEYS)) as (client, server):
        with pytest.raises(PlexServerDown):
            client.full_items(KEYS)
        assert len(server.asked) < 200


@pytest.mark.parametrize(
    "answer",
    [
        NOT_FOUND,
        as_json({"MediaContainer": {"size": 0}}),
        as_json({"MediaContainer": {"Metadata": {}}}),
    ],
    ids=["404", "size 0", "Metadata {}"],
)
class TestNothingOfWhatWasAskedFor:
    def test_once(self, answer: Reply) -> None:
        """Asked again, it is all there."""
        times = iter([answer])
        plex = PlexOf(
            KEYS, by=lambda asked: next(times, None) if "metadata" in asked.path else None
        )
        with client_of(by=plex) as (client, _):
            assert len(client.full_items(KEYS[:20])) == 20

    def test_for_groups(self, answer: Reply) -> None:
        plex = PlexOf(KEYS, by=lambda asked: answer if "," in asked.path.split("?")[0] else None)
        with client_of(by=plex) as (client, _):
            assert len(client.full_items(KEYS[:20])) == 20

    def test_for_all(self, answer: Reply) -> None:
        plex = PlexOf(KEYS, by=lambda asked: answer if "/metadata/" in asked.path else None)
        for keys in (KEYS[:20], KEYS[:1]):
            with client_of(by=plex) as (client, _), pytest.raises(PlexServerDown, match="none"):
                client.full_items(keys)

    def test_since_they_are_gone(self, answer: Reply) -> None:
        gone = [str(number) for number in range(20)]
        asked_for_gone = "/metadata/0,|/metadata/10,"
        plex = PlexOf(KEYS, by=lambda asked: answer if asked_for_gone in asked.path else None)
        for keys in (gone, gone[:1]):
            with client_of(by=plex) as (client, _):
                found = client.full_items(keys)
            assert (found, found.unreadable) == ({}, {})


def test_some_that_are_gone_cost_one_more_request() -> None:
    with client_of(by=PlexOf(KEYS)) as (client, server):
        assert len(client.full_items(["1", *KEYS[:50]])) == 50
        assert len(server.asked) == 2


@pytest.mark.parametrize("status", [401, 403])
def test_items_that_must_not_be_read_are_charged_while_others_may(status: int) -> None:
    forbidden = KEYS[:6]

    def refuses(asked: Asked) -> Reply | None:
        return as_html(status, "No") if spoilt_alone(forbidden)(asked) else None

    with client_of(by=PlexOf(KEYS, by=refuses)) as (client, _):
        found = client.full_items(KEYS[:9])
        assert found.keys() == set(KEYS[6:9])
        assert found.unreadable.keys() == set(forbidden)
        assert all("the Plex token was refused" in why for why in found.unreadable.values())
        forbidden = KEYS
        with pytest.raises(PlexUnauthorized):
            client.full_items(KEYS[:9])


@pytest.mark.parametrize("status", [400, 414])
def test_a_server_that_refuses_groups_is_asked_for_fewer(status: int) -> None:
    refusal = as_html(status, "No")
    plex = PlexOf(
        KEYS, by=lambda asked: refusal if asked.path.split("?")[0].count(",") > 3 else None
    )
    with client_of(by=plex) as (client, _):
        found = client.full_items(KEYS)
    assert found.keys() == set(KEYS)
    assert found.unreadable == {}
    plex.by = lambda asked: refusal if "/metadata/" in asked.path else None
    with client_of(by=plex) as (client, _), pytest.raises(PlexServerDown):
        client.full_items(KEYS)


@pytest.mark.parametrize("gone", [{"1003"}, {"1003", "1099"}, {"1000", "1001", "1002", "1050"}])
def test_those_that_spoil_groups_by_being_gone_take_no_other_with_them(gone: set[str]) -> None:
    def answers(asked: Asked) -> Reply | None:
        whole = re.match(r"/library/metadata/([\w,]+)", asked.path)
        return NOT_FOUND if whole is not None and gone & set(whole[1].split(",")) else None

    with client_of(by=PlexOf(KEYS, by=answers)) as (client, server):
        found = client.full_items(KEYS[:100])
        assert len(server.asked) < 130
    assert found.keys() == set(KEYS[:100]) - gone
    assert found.unreadable == {}
