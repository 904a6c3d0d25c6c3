"""One item that spoils every answer which holds it is narrowed down; all others go on."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection
from dataclasses import replace

import pytest

from core.models import Section
from plex.client import PlexClient
from plex.exceptions import PlexItemFailed, PlexServerDown, PlexUnauthorized
from plex.library import PlexSnapshot, list_snapshot
from tests.contract.scripted import Asked, Reply, as_html, as_json
from tests.plex.plex_of import FAILS, NOT_FOUND, PlexOf
from tests.plex.wire import SECTION, client_of

KEYS = [str(number) for number in range(1000, 1150)]
BREAKS_OFF = Reply(200, b'{"MediaContainer": {"Metadata": [{"ratingKey": "1')
HUGE = Reply(200, b" " * 17_000_000)


def listed(client: PlexClient, sections: Collection[Section] = (SECTION,)) -> PlexSnapshot:
    return list_snapshot(client, sections, lambda _section, _done, _total: None)


@pytest.mark.parametrize(
    "failure",
    [
        FAILS,
        as_html(502, "Bad Gateway"),
        BREAKS_OFF,
        HUGE,
        as_html(200, "Error"),
        Reply(fault="reset"),
    ],
    ids=["500", "502", "breaks off", "huge", "page", "reset"],
)
def test_a_listing_passes_over_what_spoils_it(failure: Reply) -> None:
    plex = PlexOf(KEYS, bad={"1070"}, failure=failure)
    with client_of(by=plex) as (client, _):
        side = listed(client)
    assert {ref.key for ref in side.items} == set(KEYS) - {"1070"}
    assert side.passed_over == {"3": ["item 71 of its listing by date added, after 'Item 1069'"]}
    assert not side.is_complete
    (sentence,) = side.troubles()
    assert "'Scenes'" in sentence
    assert "after 'Item 1069'" in sentence


@pytest.mark.parametrize("bad", [{"1000"}, {"1149"}, {"1000", "1001", "1100"}, set(KEYS[40:55])])
@pytest.mark.parametrize("cap", [1000, 7])
def test_wherever_and_however_many_they_are(bad: set[str], cap: int) -> None:
    with client_of(by=PlexOf(KEYS, bad=bad, cap=cap)) as (client, server):
        side = listed(client)
        assert len(server.asked) < 300
    assert {ref.key for ref in side.items} == set(KEYS) - bad
    assert len(side.passed_over["3"]) == len(bad)


def test_a_library_that_fails_as_a_whole_keeps_no_other_from_being_read() -> None:
    def fails(asked: Asked) -> Reply | None:
        return FAILS if "/sections/1/all" in asked.path or "/sections/2/all" in asked.path else None

    sections = [Section(key, f"L{key}", "movie", "", (), False) for key in ("1", "2", "3")]
    with client_of(by=PlexOf(KEYS, by=fails)) as (client, server):
        side = listed(client, sections)
        assert len([one for one in server.asked if "/sections/1/all" in one.path]) < 20
    assert list(side.unknown) == ["1", "2"]
    assert len(side.items) == len(KEYS)


def test_libraries_that_cost_minutes_each_are_not_all_waited_for() -> None:
    sections = [Section(key, f"L{key}", "movie", "", (), False) for key in ("1", "2", "3")]
    with client_of(by=PlexOf(KEYS, by=lambda a: HUGE if "/all" in a.path else None)) as made:
        client, server = made
        side = listed(client, sections)
        assert not [one for one in server.asked if "/sections/3/all" in one.path]
    assert list(side.unknown) == ["1", "2", "3"]


def test_when_plex_is_down_the_other_libraries_are_not_asked_for() -> None:
    sections = [Section(key, f"L{key}", "movie", "", (), False) for key in ("1", "2", "3")]
    with client_of(as_html(503, "Unavailable")) as (client, server):
        side = listed(client, sections)
        assert not [one for one in server.asked if "/sections/2" in one.path]
    assert list(side.unknown) == ["1", "2", "3"]


@pytest.mark.parametrize("failure", [FAILS, BREAKS_OFF, Reply(fault="reset")])
def test_whole_items_are_read_but_those_that_plex_fails_for(failure: Reply) -> None:
    bad = {"1003", "1099", "1149"}
    with client_of(by=PlexOf(KEYS, bad=bad, failure=failure)) as (client, server):
        found = client.full_items([*KEYS, "77"])
        assert len(server.asked) < 200
    assert found.keys() == set(KEYS) - bad
    assert found.unreadable.keys() == bad
    assert all("try again later" in why for why in found.unreadable.values())


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


@pytest.mark.parametrize("failure", [FAILS, as_html(502, "Bad"), Reply(fault="reset")])
def test_an_edit_that_fails_for_one_item_is_charged_to_it(failure: Reply) -> None:
    with client_of(by=PlexOf(KEYS, bad={"1000"}, failure=failure)) as (client, _):
        with pytest.raises(PlexItemFailed, match="answers otherwise"):
            client.edit("3", 1, "1000", [("title.value", "x")])
        assert client.edit("3", 1, "1001", [("title.value", "x")]) == 1


@pytest.mark.parametrize(
    "failure",
    [
        as_html(503, "Service Unavailable"),
        as_html(500, "database is locked"),
        Reply(
            400,
            b"the server is still starting up. Please retry later",
            {"Content-Type": "text/plain"},
        ),
        as_html(200, "Log in"),
    ],
    ids=["503", "locked", "starting", "page"],
)
def test_what_is_no_items_fault_is_an_outage_for_edits(failure: Reply) -> None:
    plex = PlexOf(KEYS, bad={"1000"}, failure=failure)
    with client_of(by=plex) as (client, _), pytest.raises(PlexServerDown):
        client.edit("3", 1, "1000", [("title.value", "x")])


def test_an_edit_that_fails_while_all_fails_is_an_outage() -> None:
    with client_of(FAILS) as (client, _), pytest.raises(PlexServerDown):
        client.edit("3", 1, "1000", [("title.value", "x")])


def test_odd_file_names_are_named(caplog: pytest.LogCaptureFixture) -> None:
    body = (
        b'{"MediaContainer":{"size":2,"Metadata":['
        + b",".join(
            b'{"ratingKey":"%d","title":"T\x04%d","Media":[{"Part":[{"file":"%s"}]}]}'
            % (key, key, name)
            for key, name in enumerate([b"/data/caf\xe9.mp4", rb"/data/\ud83d.mp4"])
        )
        + b"]}}"
    )
    with caplog.at_level(logging.WARNING), client_of(Reply(200, body)) as (client, _):
        side = listed(client)
    paths = [item.files[0].path for item in side.items.values()]
    assert paths == ["/data/caf\ufffd.mp4", "/data/\ufffd.mp4"]
    assert side.is_complete
    assert "2 file names of library 'Scenes'" in caplog.text


def one_page(*items: object, **container: object) -> Reply:
    return as_json({"MediaContainer": {"Metadata": list(items), **container}})


def film(key: str) -> dict[str, object]:
    return {"ratingKey": key, "title": key, "Media": [{"Part": [{"file": f"/data/{key}.mp4"}]}]}


@pytest.mark.parametrize("total", [{}, {"totalSize": 3}], ids=["no total", "total"])
def test_an_item_that_one_answer_has_twice_makes_no_library_unknown(total: dict[str, int]) -> None:
    reply = one_page(film("1"), film("2"), film("1"), size=3, **total)
    with client_of(reply) as (client, _):
        side = listed(client)
    assert {ref.key for ref in side.items} == {"1", "2"}
    assert side.is_complete


@pytest.mark.parametrize("total", [{}, {"totalSize": 3}], ids=["no total", "total"])
@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ([film("1"), film("2"), {"title": "Odd one"}], "'Odd one', without a number"),
        ([film("1"), film("2"), None], "1 that it counts, but does not send"),
        ([film("1"), film("2")], "1 that it counts, but does not send"),
    ],
    ids=["no key", "no item", "too few"],
)
def test_what_an_answer_counts_but_cannot_be_used_is_a_hole(
    entries: list[object], told: str, total: dict[str, int]
) -> None:
    with client_of(one_page(*entries, size=3, **total)) as (client, _):
        side = listed(client)
    assert {ref.key for ref in side.items} == {"1", "2"}
    assert side.passed_over == {"3": [told]}
    assert told in side.troubles()[0]


@pytest.mark.parametrize("lists", [None, "x", 5])
def test_a_listing_that_counts_items_and_has_none_proves_nothing(lists: object) -> None:
    reply = as_json({"MediaContainer": {"size": 4, "Metadata": lists}})
    with client_of(reply) as (client, _):
        assert not listed(client).is_complete


def test_a_larger_count_does_not_make_a_full_page_skip_anything() -> None:
    def lies(asked: Asked) -> Reply:
        return Reply(200, plex(asked).body.replace(b'"size": ', b'"size": 9'))

    plex = PlexOf(KEYS, cap=60)
    with client_of(by=lies) as (client, _):
        assert {ref.key for ref in listed(client).items} >= set(KEYS)


@pytest.mark.parametrize("status", [401, 403])
def test_one_library_that_is_forbidden_keeps_no_other_from_being_read(status: int) -> None:
    forbidden = "/sections/1/all"

    def refuses(asked: Asked) -> Reply | None:
        return as_html(status, "No") if forbidden in asked.path else None

    sections = [Section(key, f"L{key}", "movie", "", (), False) for key in ("1", "2")]
    with client_of(by=PlexOf(KEYS, by=refuses)) as (client, _):
        side = listed(client, sections)
        assert list(side.unknown) == ["1"]
        assert len(side.items) == len(KEYS)
        forbidden = "/sections"
        with pytest.raises(PlexUnauthorized):
            listed(client, sections)


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
