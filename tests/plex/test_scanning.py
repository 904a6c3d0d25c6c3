"""Scans and the newest items of a section, on the wire: what is asked, and what answers mean."""

from __future__ import annotations

from typing import Any

import pytest

from plex.client import PlexClient
from plex.exceptions import PlexServerDown
from plex.recent_items import recent_items
from plex.scanning import PlexScans, ScanRefused
from tests.contract.scripted import Reply, as_html, as_json
from tests.plex.wire import SECTION, TOKEN, client_of


def sections(*refreshing: str) -> Reply:
    listed = [{"key": key, "refreshing": key in refreshing} for key in ("1", "2", "3")]
    return as_json({"MediaContainer": {"size": 3, "Directory": listed}})


def activity(uuid: str, section: object = None, kind: str = "library.update.section") -> Any:
    context = {} if section is None else {"Context": {"librarySectionID": section}}
    return {"uuid": uuid, "type": kind, "progress": 35, **context}


def activities(*running: Any) -> Reply:
    body: dict[str, object] = {"size": len(running)}
    return as_json({"MediaContainer": body | ({"Activity": running} if running else {})})


def running(*replies: Reply) -> dict[str, set[str]]:
    with client_of(*replies) as (client, server):
        found = PlexScans(client).running()
        assert [one.path for one in server.asked] == ["/library/sections", "/activities"]
    return {key: set(uuids) for key, uuids in found.items()}


# Which scans run ---------------------------------------------------------------------------


def test_a_section_or_an_activity_says_that_it_is_scanned() -> None:
    assert running(sections(), activities()) == {}
    assert running(sections("2"), activities()) == {"2": set()}
    assert running(sections(), activities(activity("a", "1"), activity("b", 1))) == {
        "1": {"a", "b"}
    }
    assert running(sections("2"), activities(activity("a", "2"))) == {"2": {"a"}}


def test_other_activities_are_no_scans() -> None:
    kinds = ("library.refresh.items", "butler", "media.generate.bif", "library.update")
    others = [activity("a", "1", kind) for kind in kinds]

    assert running(sections(), activities(*others, {"type": None}, {"type": []}, {})) == {}


def test_a_scan_goes_on_while_its_items_are_worked_on() -> None:
    item = "library.update.item.metadata"
    assert running(sections(), activities(activity("a", "2", item))) == {"2": {"a"}}
    both = activities(activity("a", "2"), activity("b", None, item))
    assert running(sections(), both) == {"2": {"a", "b"}}


def test_an_activity_that_does_not_tell_its_section_yet_may_be_any() -> None:
    assert running(sections("2"), activities(activity("a"))) == {"2": {"a"}}
    assert running(sections(), activities(activity("a", ""))) == {k: {"a"} for k in ("1", "2", "3")}
    named = activities(activity("a", "1"), activity("b"))
    assert running(sections(), named) == {"1": {"a", "b"}}


@pytest.mark.parametrize(
    "answer",
    [
        as_html(404, "Not Found"),
        as_html(403, "Forbidden"),
        Reply(),
        as_json([]),
        as_json({}),
        as_json({"MediaContainer": {"Activity": None}}),
    ],
)
def test_without_activities_the_sections_alone_decide(answer: Reply) -> None:
    assert running(sections(), answer) == {}
    assert running(sections("3"), answer) == {"3": set()}


def test_a_server_that_fails_is_no_idle_one() -> None:
    with client_of(sections(), as_html(500, "Error")) as (client, _), pytest.raises(PlexServerDown):
        PlexScans(client).running()


# Asking ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("folder", "sent"),
    [
        ("/data/A b+c", "%2Fdata%2FA%20b%2Bc"),
        ("M:\\Média", "M%3A%5CM%C3%A9dia"),
    ],
)
def test_a_scan_is_asked_for_once_and_to_the_byte(folder: str, sent: str) -> None:
    with client_of(Reply(headers={"X-Plex-Activity": "a"})) as (client, server):
        PlexScans(client).ask("3", folder)
        (asked,) = server.asked
    assert (asked.method, asked.path) == ("GET", f"/library/sections/3/refresh?path={sent}")
    assert asked.headers["x-plex-token"] == TOKEN


@pytest.mark.parametrize(("status", "for_all"), [(400, False), (404, False), (403, True)])
def test_a_refusal_says_why_and_neither_where_nor_with_what(status: int, for_all: bool) -> None:
    with client_of(as_html(status, "No")) as (client, _), pytest.raises(ScanRefused) as caught:
        PlexScans(client).ask("3", "/data/secret")
    assert caught.value.for_all is for_all
    assert f"HTTP {status}" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert TOKEN not in str(caught.value)


# The newest items --------------------------------------------------------------------------


def page(*items: tuple[str, int | None], total: int | None = None) -> Reply:
    listed = [
        {"ratingKey": key, "Media": [{"Part": [{"file": f"/data/{key}.mp4"}]}]}
        | ({} if added is None else {"addedAt": added})
        for key, added in items
    ]
    body = {"size": len(items), "totalSize": len(items) if total is None else total}
    return as_json({"MediaContainer": {**body, "Metadata": listed}})


def keys(client: PlexClient, moment: float) -> list[str] | None:
    found = recent_items(client, SECTION, moment)
    return None if found is None else [item.ref.key for item in found]


def test_the_newest_are_listed_first_and_no_further_than_needed() -> None:
    first, second = page(("9", 90), ("8", 80), total=6), page(("7", 70), ("6", 60), total=6)
    with client_of(first, second) as (client, server):
        assert keys(client, 75) == ["9", "8", "7", "6"]
        assert len(server.asked) == 2
        assert "&sort=addedAt%3Adesc&" in server.asked[0].path
        assert "addedAt%3E" not in server.asked[0].path
    with client_of(first, second) as (client, server):
        assert keys(client, 85) == ["9", "8"]
        assert len(server.asked) == 1


def test_an_item_without_age_says_nothing_of_the_order() -> None:
    with client_of(page(("9", 90), ("5", None), ("8", 80))) as (client, _):
        assert keys(client, 0) == ["9", "5", "8"]


@pytest.mark.parametrize(
    "replies",
    [
        [page(("1", 10), ("2", 20))],
        [page(("4", 40), ("3", 30), total=4), page(("9", 90), ("8", 80), total=4)],
        [as_html(400, "Bad Request")],
    ],
)
def test_a_server_that_does_not_list_by_age_proves_nothing(replies: list[Reply]) -> None:
    with client_of(*replies) as (client, _):
        assert keys(client, 0) is None


def test_a_listing_that_shifts_is_made_again_a_few_times() -> None:
    shifting = [page(("4", 40), ("3", 30), total=n) for n in range(4, 7)]
    again = [page(("5", 50), ("4", 40), total=3), page(("3", 30), total=3)]
    with client_of(*shifting[:2], *again) as (client, _):
        assert keys(client, 0) == ["5", "4", "3"]
    with client_of(*(page((str(n), 99), total=n + 9) for n in range(9))) as (client, _):
        assert keys(client, 0) is None
