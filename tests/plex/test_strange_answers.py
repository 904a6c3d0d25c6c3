"""Whatever is answered becomes one of our errors, or does no harm; what may pass is tried again."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plex import mapping
from plex.answers import said
from plex.exceptions import PlexError, PlexServerDown
from tests.contract.scripted import Asked, Reply, as_html, as_json
from tests.plex.plex_of import PlexOf
from tests.plex.wire import IDENTITY, SECTION, SECTIONS, TRIES, Clock, client_of, page
from transport.http import Answer

TEXT = {"Content-Type": "text/plain"}
STARTING = Reply(400, b"the server is still starting up. Please retry later", TEXT)
SAID = "Plex Media Server is currently running startup maintenance tasks."
MAINTENANCE = {"code": 503, "title": "Maintenance", "status": SAID}
XML = f'<?xml version="1.0"?><Response code="503" title="Maintenance" status="{SAID}"/>'


@pytest.mark.parametrize(
    "reply",
    [
        STARTING,
        as_json(MAINTENANCE, 503),
        as_json({"Response": MAINTENANCE}, 503),
        Reply(503, XML.encode(), {"Content-Type": "text/xml"}),
    ],
    ids=["text", "JSON", "nested JSON", "XML"],
)
def test_a_server_that_starts_is_waited_for_and_quoted(reply: Reply) -> None:
    with client_of(reply, reply, SECTIONS) as (client, _):
        assert len(client.sections()) == 1
    with client_of(reply) as (client, server):
        with pytest.raises(PlexServerDown) as caught:
            client.edit("3", 1, "5", [("title.value", "x")])
        assert len(server.asked) == TRIES
    sentence = "still starting up" if reply is STARTING else SAID
    assert sentence in str(caught.value)
    assert not set("{}<>") & set(str(caught.value))


@pytest.mark.parametrize(
    "reply",
    [
        as_html(500, "database is locked"),
        as_html(502, "Bad Gateway"),
        as_html(429, "Too Many Requests"),
        as_html(200, "Log in"),
        Reply(fault="reset"),
        Reply(body=SECTIONS.body, fault="truncate"),
        Reply(200, SECTIONS.body[:-9]),
        as_json({"MediaContainer": {}}),
        Reply(200, b"[" * 100_000),
        Reply(200, b"{" * 300_000),
        Reply(200, b" " * 17_000_000),
    ],
    ids=lambda reply: f"{reply.status} {reply.fault} {len(reply.body)}",
)
def test_what_may_pass_is_asked_for_again(reply: Reply) -> None:
    with client_of(reply, reply, SECTIONS) as (client, server):
        assert [one.key for one in client.sections()] == ["3"]
        assert len(server.asked) == 3
    with client_of(reply) as (client, _), pytest.raises(PlexServerDown) as caught:
        client.sections()
    assert "Plex URL" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_an_edit_is_made_again() -> None:
    with client_of(as_html(500, "database is locked"), as_html(200, "Log in"), Reply()) as made:
        client, server = made
        client.edit("3", 1, "5", [("title.value", "x")])
        assert [one.method for one in server.asked] == ["PUT"] * 3


def test_a_pause_is_as_long_as_the_server_asks_for() -> None:
    clock = Clock()
    with client_of(as_html(503, "Busy", Retry_After="7"), SECTIONS, clock=clock) as (client, _):
        client.sections()
    assert clock.naps == [7]
    with client_of(as_html(429, "Busy", Retry_After="3600"), clock=clock) as (client, server):
        with pytest.raises(PlexServerDown):
            client.sections()
        assert len(server.asked) == 1


def test_a_broken_kept_connection_is_replaced_without_a_pause() -> None:
    clock = Clock()
    with client_of(IDENTITY, Reply(fault="reset"), IDENTITY, clock=clock) as (client, _):
        client.identity()
        assert client.identity().machine_id == "abc"
        assert client.requests_made == 3
    assert clock.now == 0


@pytest.mark.parametrize("part", ["<Response ", "<script", "<"])
def test_an_error_of_nothing_but_beginnings_costs_no_time(part: str) -> None:
    answer = Answer(500, {}, part.encode() * 10_000)
    before = time.process_time()

    said(answer, "")

    assert time.process_time() - before < 2  # it was eight seconds


def test_no_escape_sequence_gets_into_a_message() -> None:
    body = "\x1b]0;owned\x07\x1b[31mred\x1b[0m \u202eevil\u2066 \x9b1m bell\x07\r\nnext"
    for reply in (
        Reply(500, body.encode(), TEXT),
        as_json({"status": body}, 500),
        as_html(200, body),
        Reply(400, body.encode(), TEXT),
    ):
        with client_of(reply) as (client, _), pytest.raises(PlexError) as caught:
            client.sections()
        assert str(caught.value).isprintable()
        assert "owned" not in str(caught.value)
        assert "[31m" not in str(caught.value)


def container(**item: object) -> Reply:
    media = [{"Part": [{"file": "/a.mp4"}]}]
    whole = {"ratingKey": "1", "librarySectionID": 3, "Media": media, **item}
    return as_json({"MediaContainer": {"size": 1, "Metadata": [whole]}})


@pytest.mark.parametrize(
    "number", [2**63, 10**30, 10**400, -(10**30), "1e999", "9" * 5000, [], {}, True]
)
def test_numbers_that_nobody_can_mean_are_unknown(number: object) -> None:
    media = [{"Part": [{"file": "/a.mp4", "size": number, "duration": number}]}]
    reply = container(addedAt=number, updatedAt=number, userRating=number, Media=media)
    with client_of(reply) as (client, _):
        (one,) = [item for each in client.list_pages(SECTION) for item in each.items]
        whole = client.full_items(["1"])["1"]
    assert (one.added_at, one.updated_at, one.files[0].size) == (None, None, None)
    assert whole.updated_at is None
    assert one.files[0].duration is None


@pytest.mark.parametrize(
    ("told", "what"),
    [
        ({"librarySectionID": None}, "in which library it is"),
        ({"Media": None}, "which Media it has"),
        ({"Media": []}, "which files it has"),
        ({"Media": [{"Part": [{"size": 5}]}]}, "which files it has"),
        ({"Genre": None}, "which Genre it has"),
        ({"Role": "Ana"}, "which Role it has"),
    ],
    ids=str,
)
def test_what_an_item_does_not_tell_whole_is_unknown(told: dict[str, object], what: str) -> None:
    whole = container(**told)

    def partly(asked: Asked) -> Reply | None:
        return whole if asked.path.startswith("/library/metadata/1?") else None

    with client_of(by=PlexOf(["1", "2"], by=partly)) as (client, _):
        found = client.full_items(["1"])
    assert found == {}
    assert what in found.unreadable["1"]
    with (
        client_of(
            by=PlexOf(["1", "2"], by=lambda a: whole if "/metadata/" in a.path else None)
        ) as (
            client,
            _,
        ),
        pytest.raises(PlexServerDown),
    ):
        client.full_items(["1"])  # nor of the other, so it is Plex


def test_digits_without_end_do_no_harm() -> None:
    body = container(title="T").body.replace(
        b'"ratingKey"', b'"x": ' + b"9" * 5000 + b', "ratingKey"'
    )
    with client_of(Reply(200, body)) as (client, _):
        assert client.full_items(["1"])["1"].values["title"] == "T"


@pytest.mark.parametrize("key", ["", "1,2", "../1", "1/2", None, [], {}, True, "*"])
def test_a_key_that_could_not_be_asked_for_is_none(key: object) -> None:
    """Plex would edit other items by it."""
    reply = as_json({"MediaContainer": {"size": 1, "Metadata": [{"ratingKey": key}]}})
    with client_of(reply) as (client, _):
        assert [item for each in client.list_pages(SECTION) for item in each.items] == []


def test_elements_of_newer_servers_disturb_nothing() -> None:
    """Facts of Plex, 13."""
    newer = {
        "slug": "night-train",
        "Image": [{"alt": "T", "type": "coverPoster", "url": "/x"}],
        "UltraBlurColors": {"topLeft": "1f2f3f"},
        "childCount": 3,
        "hidden": 2,
        "Genre": {"tag": "Night"},
        "Role": [{"tag": "Ana", "tagKey": "5d77", "role": None, "thumb": 5}],
    }
    with client_of(container(**newer)) as (client, _):
        whole = client.full_items(["1"])["1"]
    assert (whole.values["tags"], whole.values["performers"]) == (("Night",), ("Ana",))


OPTIMIZED = [
    {"proxyType": 42},
    {"title": "Optimized for Mobile"},
    {"target": "Optimized for TV"},
    {"Part": [{"file": "/data/Plex Versions/Optimized for TV/A (2024).mp4"}]},
    {"Part": [{"file": "D:\\Plex Versions\\Mobile\\A.mp4"}]},
]


@pytest.mark.parametrize("version", OPTIMIZED)
def test_versions_that_plex_made_are_no_files_of_the_user(version: dict[str, object]) -> None:
    """Facts of Plex, 13."""
    own = {"title": "Original", "Part": [{"file": "/data/A.mp4"}]}
    made = {"Part": [{"file": "/data/B.mp4"}], **version}
    with client_of(container(Media=[own, made])) as (client, _):
        (one,) = [item for each in client.list_pages(SECTION) for item in each.items]
        assert [file.path for file in one.files] == ["/data/A.mp4"]
        assert [file.path for file in client.full_items(["1"])["1"].files] == ["/data/A.mp4"]


def test_an_item_is_gone_though_its_optimized_version_is_there() -> None:
    gone = {"deletedAt": 1, "Part": [{"file": "/data/A.mp4"}]}
    made = {"proxyType": 42, "Part": [{"file": "/data/Plex Versions/x/A.mp4"}]}
    with client_of(container(Media=[gone, made])) as (client, _):
        (only,) = client.list_pages(SECTION)
    assert (only.items, only.received) == ((), 1)


class Endless:
    """Always a full page of new items, and a total or none."""

    def __init__(self, total: int | None) -> None:
        self.total = total
        self.given = 0

    def __call__(self, asked: Asked) -> Reply:
        self.given += 2
        return page(self.given, self.given + 1, total=self.total)


@pytest.mark.parametrize("total", [None, 3, 10**9, 10**30])
def test_a_listing_ends(total: int | None) -> None:
    with client_of(by=Endless(total)) as (client, server):
        with pytest.raises(PlexError, match="4 different items of 3" if total == 3 else "end"):
            list(client.list_pages(SECTION, page_size=2))
        assert len(server.asked) < 300


def test_a_listing_whose_pages_shrink_ends() -> None:
    keys = [str(number) for number in range(2000)]
    plex = PlexOf(keys)

    def shrinking(asked: Asked) -> Reply:
        plex.cap = 500 if "Start=0&" in asked.path else 1
        return plex(asked)

    with client_of(by=shrinking) as (client, server):
        with pytest.raises(PlexServerDown, match="without end"):
            list(client.list_pages(SECTION))
        assert len(server.asked) < 30


def test_a_write_may_be_answered_in_all_ways_of_plex() -> None:
    xml = b'<?xml version="1.0" encoding="UTF-8"?>\n<MediaContainer size="0"></MediaContainer>'
    for body in (b"", b"\n", xml, json.dumps({"MediaContainer": {"size": 0}}).encode()):
        with client_of(Reply(200, body)) as (client, server):
            client.edit("3", 1, "5", [("title.value", "x")])
            assert len(server.asked) == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
NAMES = st.sampled_from(
    [
        "ratingKey",
        "key",
        "title",
        "type",
        "Media",
        "Part",
        "file",
        "size",
        "duration",
        "Genre",
        "Role",
        "tag",
        "Field",
        "name",
        "locked",
        "addedAt",
        "updatedAt",
        "userRating",
        "librarySectionID",
        "deletedAt",
        "proxyType",
        "Location",
        "path",
        "refreshing",
        "Metadata",
        "Directory",
    ]
)
KNOWN = st.recursive(
    JSON,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=8),
    max_leaves=20,
)


@given(st.dictionaries(NAMES, KNOWN))
def test_whatever_elements_hold_they_are_mapped(raw: dict[str, object]) -> None:
    listed, whole = mapping.listed_item(raw, "1"), mapping.full_item(raw, raw)
    assert listed.ref.key == whole.ref.key
    assert all(isinstance(file.path, str) for file in (*listed.files, *whole.files))
    mapping.is_gone(raw)
    mapping.items_in(raw)
    mapping.sections_from_json(raw)
