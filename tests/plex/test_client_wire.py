"""The Plex client on the wire: what is sent to the byte, and what broken answers become."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.errors import ConfigError
from core.models import ItemRef
from plex.client import PlexClient
from plex.exceptions import (
    PlexError,
    PlexForbidden,
    PlexRejected,
    PlexServerDown,
    PlexShifted,
    PlexUnauthorized,
)
from plex.full_items import READ_KEYS
from tests.contract.scripted import Reply, as_html, as_json, refused_url, scripted
from tests.plex.wire import (
    IDENTITY,
    SECTION,
    TOKEN,
    TRIES,
    Clock,
    client_at,
    client_of,
    page,
)


def test_the_token_travels_in_a_header_only() -> None:
    with client_of(IDENTITY) as (client, server):
        assert client.identity().version == "1.43.0"
        client.identity()
        asked = server.asked[0]
        assert len({one.peer for one in server.asked}) == 1  # one kept connection
    assert asked.path == "/identity"
    assert asked.headers["x-plex-token"] == TOKEN
    assert asked.headers["accept"] == "application/json"
    assert asked.headers["x-plex-client-identifier"]


def test_an_edit_is_sent_to_the_byte() -> None:
    with client_of(Reply()) as (client, server):
        sent = client.edit(
            "3",
            1,
            "50412",
            [("title.value", "A + B & C/D ~é"), ("genre[].tag.tag-", "x%2Cy"), ("a.locked", "1")],
        )
        asked = server.asked[0]
        assert (sent, client.requests_made) == (1, 1)
    assert (asked.method, asked.body) == ("PUT", b"")
    assert asked.path == (
        "/library/sections/3/all?type=1&id=50412&title.value=A%20%2B%20B%20%26%20C%2FD%20~%C3%A9"
        "&genre%5B%5D.tag.tag-=x%252Cy&a.locked=1"
    )


def test_an_operator_stays_part_of_the_name() -> None:
    """`updatedAt%3E%3E%3D=5` would be ignored and list everything (facts of Plex, 2.15)."""
    with client_of(page(total=0)) as (client, server):
        list(client.list_pages(SECTION, query=[("updatedAt>>", "5")]))
        assert "&updatedAt%3E%3E=5&" in server.asked[0].path


@pytest.mark.parametrize("key", ["", ",", "1,2", "1%2C2", " ", "1 ", "1/2", "1&id=", "*", "-1,"])
def test_an_edit_that_names_no_single_item_is_refused_before_any_request(key: str) -> None:
    with client_of(Reply()) as (client, server):
        with pytest.raises(ValueError, match="one item"):
            client.edit("3", 1, key, [("title.value", "x")])
        assert server.asked == []


@pytest.mark.parametrize(
    "params", [[], [("id", "2")], [("type", "2"), ("title.value", "x")], [("title", "x")]]
)
def test_an_edit_of_other_parameters_is_refused(params: list[tuple[str, str]]) -> None:
    with client_of(Reply()) as (client, server):
        with pytest.raises(ValueError, match="parameters"):
            client.edit("3", 1, "5", params)
        with pytest.raises(ValueError, match="one item"):
            client.edit("", 1, "5", [("title.value", "x")])
        assert server.asked == []


def test_an_edit_too_long_for_an_address_is_cut_between_fields() -> None:
    params = [("summary.value", "é" * 1000), ("title.value", "T"), ("studio.value", "s" * 3000)]
    with client_of(Reply()) as (client, server):
        assert client.edit("3", 1, "5", params) == 2
        paths = [asked.path for asked in server.asked]
    assert all(len(path) < 7500 and "type=1&id=5&" in path for path in paths)
    assert "summary.value" in paths[0]
    assert "title.value=T" in paths[0]
    assert "studio.value" in paths[1]


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (as_html(401, "Unauthorized"), PlexUnauthorized, "the Plex token was refused"),
        (as_html(403, "Forbidden"), PlexForbidden, "owner"),
        (as_html(400, "Bad Request"), PlexRejected, "HTTP 400: 400 Bad Request"),
        (as_html(404, "Not Found"), PlexRejected, "HTTP 404"),
        (as_html(409, "Conflict"), PlexRejected, "HTTP 409"),
        (as_html(414, "URI Too Long"), PlexRejected, "HTTP 414"),
        (as_html(429, "Too Many"), PlexServerDown, "HTTP 429"),
        (as_html(500, "Internal Server Error"), PlexServerDown, "HTTP 500"),
        (as_html(503, "Service Unavailable"), PlexServerDown, "HTTP 503"),
        (
            as_json({"code": 503, "title": "Maintenance", "status": "startup tasks."}, 503),
            PlexServerDown,
            "startup tasks.",
        ),
        (Reply(302, b"", {"Location": "http://elsewhere/"}), PlexServerDown, "redirect"),
        (as_html(200, "Router login"), PlexServerDown, 'a web page came ("Router login")'),
        (as_json([1]), PlexServerDown, "JSON came that is not Plex's"),
        (Reply(200, b'{"MediaContainer": {'), PlexServerDown, "breaks off"),
        (Reply(fault="reset"), PlexServerDown, "dropped"),
        (Reply(body=IDENTITY.body, fault="truncate"), PlexServerDown, "broke off"),
        (Reply(fault="hang"), PlexServerDown, "did not answer within 0.3 s"),
        (as_html(500, f"echo of {TOKEN}"), PlexServerDown, "echo of …"),
    ],
)
def test_bad_answers(reply: Reply, kind: type[PlexError], words: str) -> None:
    with client_of(reply) as (client, _server):
        with pytest.raises(kind) as caught:
            client.sections()
        may_pass = kind is PlexServerDown and reply.status != 302
        assert client.requests_made == (TRIES if may_pass else 1)
    assert type(caught.value) is kind
    assert words in str(caught.value)
    assert "<" not in str(caught.value)
    no_secret_in(caught.value)
    if isinstance(caught.value, PlexRejected):
        assert caught.value.status == reply.status


def test_nobody_listening() -> None:
    clock = Clock()
    with client_at(refused_url(), clock=clock) as client:
        with pytest.raises(PlexServerDown, match="refused the connection") as caught:
            client.sections()
        assert client.requests_made == 3
    assert clock.now < 2
    no_secret_in(caught.value)


def test_https_where_there_is_none() -> None:
    with scripted(IDENTITY) as server:
        client = PlexClient(server.url.replace("http:", "https:"), TOKEN, connect_timeout=1)
        with pytest.raises(PlexServerDown, match="https") as caught:
            client.sections()
        client.close()
    no_secret_in(caught.value)


@pytest.mark.parametrize("url", ["", "plex.lan:32400", "ftp://x", "http://", "http://x:port/"])
def test_an_address_that_cannot_work_names_the_setting(url: str) -> None:
    with pytest.raises(ConfigError, match="plex_url"):
        PlexClient(url, TOKEN)


def test_a_token_that_cannot_work_names_the_setting() -> None:
    with pytest.raises(ConfigError, match="plex_token") as caught:
        PlexClient("http://127.0.0.1:1", f"{TOKEN}\n")
    assert TOKEN not in str(caught.value)


def test_what_is_shown_of_an_address_has_no_password() -> None:
    with client_at("http://user:hunter2@[::1]:9/plex") as client:
        assert repr(client.http) == "PlexHttp(http://[::1]:9)"
        with pytest.raises(PlexServerDown) as caught:
            client.sections()
    assert "hunter2" not in str(caught.value)


def test_a_proxy_is_given_the_password_of_the_address() -> None:
    with scripted(IDENTITY) as server:
        with client_at(server.url.replace("://", "://us%40er:p%3Aw@") + "/plex") as client:
            client.identity()
        (asked,) = server.asked
    assert asked.path == "/plex/identity"
    assert asked.headers["authorization"] == "Basic dXNAZXI6cDp3"


def keys_of(client: PlexClient, page_size: int) -> list[str]:
    pages = client.list_pages(SECTION, page_size=page_size)
    return [item.ref.key for one in pages for item in one.items]


def test_paging_is_asked_for_in_query_and_headers() -> None:
    with client_of(page(1, 2, total=3), page(3, total=3)) as (client, server):
        assert keys_of(client, page_size=2) == ["1", "2", "3"]
        second = server.asked[1]
    assert "X-Plex-Container-Start=2&X-Plex-Container-Size=2" in second.path
    assert second.headers["x-plex-container-start"] == "2"
    assert second.headers["x-plex-container-size"] == "2"
    assert "type=1&sort=addedAt%3Aasc" in second.path


def test_the_list_advances_by_what_was_received() -> None:
    """A server may send fewer than asked (facts of Plex, 2.4)."""
    with client_of(page(1, total=3), page(2, total=3), page(3, total=3)) as (client, server):
        assert keys_of(client, page_size=100) == ["1", "2", "3"]
        assert len(server.asked) == 3


def test_a_server_that_ignores_paging_is_read_once() -> None:
    with client_of(page(1, 2, 3)) as (client, server):
        assert keys_of(client, page_size=2) == ["1", "2", "3"]
        assert len(server.asked) == 1


def test_a_server_that_repeats_its_only_page_ends_the_list() -> None:
    with client_of(page(1, 2)) as (client, server):
        assert keys_of(client, page_size=2) == ["1", "2"]
        assert len(server.asked) == 2


def listing_of(count: int, size: int, *, says: Callable[[int], bool]) -> list[Reply]:
    """Pages of `size`, then an empty one; a total where `says` is true of the page."""
    starts = [*range(0, count, size), count]
    return [
        page(
            *range(start + 1, min(start + size, count) + 1),
            total=count if says(number) else None,
        )
        for number, start in enumerate(starts)
    ]


@pytest.mark.parametrize("count", [1, 2, 499, 500, 501, 1000, 1001])
@pytest.mark.parametrize(
    "says",
    [
        pytest.param(lambda number: False, id="never"),
        pytest.param(lambda number: number == 0, id="first page alone"),
        pytest.param(lambda number: number > 0, id="later pages alone"),
        pytest.param(lambda number: number % 2 == 0, id="every other page"),
    ],
)
def test_the_total_may_be_left_out(count: int, says: Callable[[int], bool]) -> None:
    """Facts of Plex, 13: it is absent where the window covers the section, and optional at all."""
    with client_of(*listing_of(count, 500, says=says)) as (client, server):
        assert keys_of(client, page_size=500) == [str(key) for key in range(1, count + 1)]
        assert len(server.asked) <= count // 500 + 1
        if count < 500:
            assert len(server.asked) == 1


def test_a_look_up_by_file_needs_no_total() -> None:
    answers = (page(7), page(total=1))
    with client_of(*answers) as (client, server):
        assert [item.ref.key for item in client.find_by_file(SECTION, "a.mp4")] == ["7"]
        assert len(server.asked) == 1


@pytest.mark.parametrize(
    "replies",
    [
        pytest.param([page(1, 2, total=4), page(3, 4, 5, total=5)], id="one came"),
        pytest.param([page(1, 2, total=4), page(4, total=3)], id="one went"),
        pytest.param([page(1, 2, total=4), page(2, 3, total=4)], id="slid"),
        pytest.param([page(1, 2, total=4), page(total=4)], id="ended early"),
        pytest.param([page(1, 2, total=4)], id="start ignored"),
    ],
)
def test_a_list_that_shifts_says_so(replies: list[Reply]) -> None:
    with client_of(*replies) as (client, server):
        with pytest.raises(PlexShifted):
            keys_of(client, page_size=2)
        assert len(server.asked) == 2


def test_items_are_not_listed_twice() -> None:
    with client_of(page(1, 2, total=4), page(2, 3, total=4)) as (client, _server):
        pages = client.list_pages(SECTION, page_size=2)
        listed = [item.ref.key for _ in range(2) for item in next(pages).items]
        assert listed == ["1", "2", "3"]
        with pytest.raises(PlexShifted):
            next(pages)


def test_an_item_without_a_key_is_left_out_but_counted() -> None:
    with client_of(page(1, None, 2, total=3)) as (client, _server):
        assert keys_of(client, page_size=5) == ["1", "2"]


def test_gone_items_and_media_are_apart() -> None:
    there = {"Part": [{"file": "/here.mp4", "size": "12", "duration": 1500}]}
    deleted = {"deletedAt": 1700000000, "Part": [{"file": "/gone.mp4"}]}
    items = [
        {"ratingKey": "1", "deletedAt": 1700000000, "Media": [there]},
        {"ratingKey": "2", "Media": [deleted]},
        {"ratingKey": "3", "Media": [deleted, there]},
    ]
    answer = as_json({"MediaContainer": {"totalSize": 3, "Metadata": items}})
    with client_of(answer) as (client, _server):
        (one,) = client.list_pages(SECTION)
    assert [item.ref for item in one.items] == [ItemRef("3", "3")]
    assert [(f.path, f.size, f.duration) for f in one.items[0].files] == [("/here.mp4", 12, 1.5)]
    assert (one.received, one.total) == (3, 3)


def full(*keys: str) -> Reply:
    media = [{"Part": [{"file": "/data/some.mp4"}]}]
    items = [{"ratingKey": key, "Media": media} for key in keys]
    return as_json({"MediaContainer": {"librarySectionID": 3, "Metadata": items}})


def test_full_items_are_read_many_in_a_request() -> None:
    keys = [str(number) for number in range(READ_KEYS + 50)]
    with client_of(full(*keys[:READ_KEYS]), full(*reversed(keys[READ_KEYS:]))) as (client, server):
        found = client.full_items(keys + keys[:5])
        first = server.asked[0]
        assert len(server.asked) == 2
    assert sorted(found) == sorted(keys)
    assert found["299"].ref == ItemRef("3", "299")
    assert first.path.startswith(f"/library/metadata/{','.join(keys[:READ_KEYS])}?")
    assert "skipRefresh=1&checkFiles=0" in first.path
    assert first.headers["x-plex-container-size"] == str(READ_KEYS)


def test_a_short_answer_is_asked_for_the_rest_while_some_of_it_comes() -> None:
    with client_of(full("1"), full("3")) as (client, server):
        assert sorted(client.full_items(["1", "2", "3"])) == ["1", "3"]
        assert [asked.path.split("?")[0] for asked in server.asked] == [
            "/library/metadata/1,2,3",
            "/library/metadata/2,3",
            "/library/metadata/2",
        ]


def test_keys_that_name_no_item_are_not_asked_for() -> None:
    with client_of(full()) as (client, server):
        assert client.full_items(["", "1,2", "../x"]) == {}
        assert client.full_items([]) == {}
        assert server.asked == []


def test_a_refused_read_of_items_is_no_absence() -> None:
    with client_of(as_html(400, "Bad Request")) as (client, _server), pytest.raises(PlexServerDown):
        client.full_items(["1"])


def test_a_404_of_something_that_is_no_plex_is_no_absence() -> None:
    with client_of(as_html(404, "nginx")) as (client, _server), pytest.raises(PlexServerDown):
        client.full_items(["1"])


def no_secret_in(error: BaseException) -> None:
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None
    assert TOKEN not in str(error) + repr(error)
