"""One item that spoils every answer which holds it is narrowed down; all others go on."""

from __future__ import annotations

import logging
from collections.abc import Collection
from tempfile import TemporaryDirectory

import pytest

from core.models import Section
from plex.cache import PlexCache
from plex.client import PlexClient
from plex.exceptions import PlexItemFailed, PlexServerDown, PlexUnauthorized
from plex.library import PlexSnapshot, list_snapshot
from storage.plex_index.saved_index import ItemQuery
from tests.contract.scripted import Asked, Reply, as_html, as_json
from tests.plex.plex_of import FAILS, PlexOf
from tests.plex.wire import SECTION, client_of

KEYS = [str(number) for number in range(1000, 1150)]
BREAKS_OFF = Reply(200, b'{"MediaContainer": {"Metadata": [{"ratingKey": "1')
REFUSES = as_html(400, "Bad Request")
HUGE = Reply(200, b" " * 17_000_000)


def listed(client: PlexClient, sections: Collection[Section] = (SECTION,)) -> PlexSnapshot:
    """What was listed, with all of its items in memory."""
    with TemporaryDirectory() as folder, PlexCache(folder) as cache:
        side = list_snapshot(client, sections, cache, 1.0)
        found = [each for some in cache.claims().orphans(side.counts, ()) for each in some]
        side.focus(ItemQuery(refs={each.ref for each in found}))
        return side


@pytest.mark.parametrize(
    "failure",
    [
        FAILS,
        as_html(502, "Bad Gateway"),
        REFUSES,
        BREAKS_OFF,
        HUGE,
        as_html(200, "Error"),
        Reply(fault="reset"),
    ],
    ids=["500", "502", "400", "breaks off", "huge", "page", "reset"],
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


@pytest.mark.parametrize(
    "bad", [{"1000"}, {"1149"}, set(KEYS[-3:]), {"1000", "1001", "1100"}, set(KEYS[40:55])]
)
@pytest.mark.parametrize("cap", [1000, 7])
def test_wherever_and_however_many_they_are(bad: set[str], cap: int) -> None:
    with client_of(by=PlexOf(KEYS, bad=bad, cap=cap)) as (client, server):
        side = listed(client)
        assert len(server.asked) < 300
    assert {ref.key for ref in side.items} == set(KEYS) - bad
    assert len(side.passed_over["3"]) == len(bad)


@pytest.mark.parametrize(("failure", "most"), [(FAILS, 20), (REFUSES, 5), (as_html(410, ""), 2)])
def test_a_library_that_fails_as_a_whole_keeps_no_other_from_being_read(
    failure: Reply, most: int
) -> None:
    def fails(asked: Asked) -> Reply | None:
        is_bad = "/sections/1/all" in asked.path or "/sections/2/all" in asked.path
        return failure if is_bad else None

    sections = [Section(key, f"L{key}", "movie", "", (), False) for key in ("1", "2", "3")]
    with client_of(by=PlexOf(KEYS, by=fails)) as (client, server):
        side = listed(client, sections)
        assert len([one for one in server.asked if "/sections/1/all" in one.path]) <= most
    assert list(side.unknown) == ["1", "2"]
    assert len(side.items) == len(KEYS)


def test_libraries_that_cost_minutes_each_are_not_all_waited_for() -> None:
    sections = [Section(key, f"L{key}", "movie", "", (), False) for key in ("1", "2", "3")]
    with client_of(by=PlexOf(KEYS, by=lambda a: HUGE if "/all" in a.path else None)) as made:
        client, server = made
        side = listed(client, sections)
        assert not [one for one in server.asked if "/sections/3/all" in one.path]
    assert list(side.unknown) == ["1", "2", "3"]


@pytest.mark.parametrize("count", [90, 150])
def test_reads_of_items_that_cost_half_a_minute_each_are_few(count: int) -> None:
    keys = [str(number) for number in range(1000, 1200)]
    plex = PlexOf(keys, by=lambda a: HUGE if "/metadata/" in a.path else None)
    with client_of(by=plex) as (client, server):
        with pytest.raises(PlexServerDown):
            client.full_items(keys[:count])
        reads = [one for one in server.asked if "/metadata/" in one.path]
    assert len(reads) == 2  # these, and another one


def test_when_plex_is_down_the_other_libraries_are_not_asked_for() -> None:
    sections = [Section(key, f"L{key}", "movie", "", (), False) for key in ("1", "2", "3")]
    with client_of(as_html(503, "Unavailable")) as (client, server):
        side = listed(client, sections)
        assert not [one for one in server.asked if "/sections/2" in one.path]
    assert list(side.unknown) == ["1", "2", "3"]


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
    ],
    ids=["503", "locked", "starting"],
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


def test_what_is_counted_and_never_sent_is_a_hole() -> None:
    def counts_more(asked: Asked) -> Reply:
        return Reply(200, plex(asked).body.replace(b'"totalSize": 150', b'"totalSize": 152'))

    plex = PlexOf(KEYS, cap=60)
    with client_of(by=counts_more) as (client, _):
        side = listed(client)
        with pytest.raises(PlexServerDown, match="contradicts itself"):
            client.find_by_file(SECTION, "a")
    assert {ref.key for ref in side.items} == set(KEYS)
    assert side.passed_over == {"3": ["2 that it counts, but does not send"]}


@pytest.mark.parametrize("total", [b"0", b"1"])
def test_a_total_below_what_comes_with_it_is_none(total: bytes) -> None:
    def counts_fewer(asked: Asked) -> Reply:
        return Reply(200, plex(asked).body.replace(b'"totalSize": 150', b'"totalSize": ' + total))

    plex = PlexOf(KEYS)
    with client_of(by=counts_fewer) as (client, _):
        pages = client.list_pages(SECTION, page_size=60)
        assert [item.ref.key for page in pages for item in page.items] == KEYS


@pytest.mark.parametrize(
    "media",
    [None, "x", [{"id": 5}], [{"Part": None}], [{"Part": [{"file": None}]}], [{"Part": [{}]}]],
)
def test_an_item_that_does_not_say_what_files_it_has_is_a_hole(media: object) -> None:
    untold = {**film("3"), "title": "Odd one", "Media": media}
    with client_of(one_page(film("1"), untold, size=2)) as (client, _):
        side = listed(client)
        # A look-up by name is no reason to know nothing of the others.
        assert [item.ref.key for item in client.find_by_file(SECTION, "1")] == ["1", "3"]
    assert side.passed_over == {"3": ["'Odd one', number 3, which does not say what files it has"]}


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
