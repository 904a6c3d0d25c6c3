"""Our Stash client on the wire: sessions, errors, and broken answers."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from core.errors import StashError, StashUnauthorized, StashUnreachable
from stash.client import AnswerTooLarge, StashClient
from stash.connection import StashConnection
from tests.contract.scripted import (
    Reply,
    Scripted,
    as_html,
    as_json,
    patience,
    refused_url,
    scripted,
)
from tests.transport.raw import HEAD, bomb, dripping, saying
from transport.patience import Patience
from transport.retrying import Retrying

COOKIE, KEY = "old-session-value", "api-key-value"
OK = as_json({"data": {"version": {"version": "v0.30.1"}}})
LOCKED = as_json({"errors": [{"message": "database is locked", "path": ["findScenes"]}]})
QUERY = "query { version { version } }"


def connection(url: str, cookie: str | None = COOKIE) -> StashConnection:
    parts = urlsplit(url)
    return StashConnection("http", str(parts.hostname), int(parts.port or 0), cookie=cookie)


@contextmanager
def client_of(
    *replies: Reply, cookie: str | None = COOKIE, naps: list[float] | None = None
) -> Iterator[tuple[StashClient, Scripted]]:
    with scripted(*replies) as server:
        pauses = naps if naps is not None else []
        client = StashClient(
            connection(server.url, cookie),
            connect_timeout=1,
            silence=patience(replies, 0.3),
            retrying=Retrying(pauses.append),
        )
        yield client, server
        client.close()


def test_one_request_asks_and_answers() -> None:
    with client_of(OK) as (client, server):
        assert client.call_GQL(QUERY, {"a": 1}) == {"version": {"version": "v0.30.1"}}
        assert client.requests_made == 1
        asked = server.asked[0]
    assert (asked.method, asked.path) == ("POST", "/graphql")
    assert json.loads(asked.body) == {"query": QUERY, "variables": {"a": 1}}
    # Anything else changes statuses and switches compression off (facts of Stash, 4.6).
    assert asked.headers["accept"] == "application/json"
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["cookie"] == f"session={COOKIE}"
    assert "apikey" not in asked.headers


def test_the_newest_cookie_is_the_only_one() -> None:
    """requests' own jar would send both, the stale one first (facts of Stash, 5)."""
    fresh = as_json(
        {"data": {"a": 1}}, Set_Cookie="session=NEW; Path=/; Max-Age=3600; SameSite=Lax"
    )
    newer = as_json({"data": {"a": 1}}, Set_Cookie="session=NEWER; Path=/; Max-Age=3600")
    with client_of(fresh, newer, OK) as (client, server):
        # Each of them lets the others of its session go on.
        for each in client.with_timeout(1), client.patient_as(Patience()), client:
            each.call_GQL(QUERY)
        cookies = [asked.headers["cookie"] for asked in server.asked]
        peers = {asked.peer for asked in server.asked}
    assert cookies == [f"session={COOKIE}", "session=NEW", "session=NEWER"]
    assert len(peers) == 1  # one connection


def test_an_expired_session_goes_on_with_the_remembered_key() -> None:
    refused = Reply(401, b"", {"WWW-Authenticate": "FormBased"})
    with client_of(OK, refused, OK) as (client, server):
        client.call_GQL(QUERY)
        other = client.with_timeout(1)
        client.remember_api_key(KEY)
        other.call_GQL(QUERY)
        client.call_GQL(QUERY)
        keys = [asked.headers.get("apikey") for asked in server.asked]
        assert client.requests_made == 4
    assert keys == [None, None, KEY, KEY]
    # The cookie stays: it carries Stash's list against endless hooks.
    assert all("cookie" in asked.headers for asked in server.asked)


def test_a_key_without_a_session_is_used_at_once() -> None:
    with scripted(OK) as server:
        parts = urlsplit(server.url)
        client = StashClient(
            StashConnection("http", "127.0.0.1", int(parts.port or 0), api_key=KEY)
        )
        client.call_GQL(QUERY)
        client.close()
        assert server.asked[0].headers["apikey"] == KEY
        assert "cookie" not in server.asked[0].headers


@pytest.mark.parametrize("remembered", [None, KEY])
def test_refused_credentials(remembered: str | None) -> None:
    with client_of(Reply(401)) as (client, _server):
        if remembered:
            client.remember_api_key(remembered)
        with pytest.raises(StashUnauthorized, match="STASH_API_KEY"):
            client.call_GQL(QUERY)


def test_a_locked_database_is_waited_for() -> None:
    naps: list[float] = []
    with client_of(LOCKED, LOCKED, OK, naps=naps) as (client, _server):
        assert client.call_GQL(QUERY)
    assert len(naps) == 2


def test_a_database_that_stays_locked_is_unreachable() -> None:
    naps: list[float] = []
    with (
        client_of(LOCKED, naps=naps) as (client, _server),
        pytest.raises(StashUnreachable, match="locked"),
    ):
        client.call_GQL(QUERY)
    assert 1 < len(naps) < 10


@pytest.mark.parametrize("status", [422, 400])
def test_a_rejected_query_names_the_field(status: int) -> None:
    message = 'Cannot query field "groups" on type "Scene".'
    answer = as_json({"errors": [{"message": message}], "data": None}, status)
    with client_of(answer) as (client, _server), pytest.raises(StashError, match="groups") as e:
        client.call_GQL(QUERY)
    assert type(e.value) is StashError


def test_an_error_beside_partial_data_is_an_error_with_its_path() -> None:
    answer = as_json(
        {
            "errors": [{"message": "boom", "path": ["findScenes", "scenes", 3, "tags"]}],
            "data": {"findScenes": None},
        }
    )
    with (
        client_of(answer) as (client, _server),
        pytest.raises(StashError, match=r"boom \(at findScenes\.scenes\.3\.tags\)"),
    ):
        client.call_GQL(QUERY)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(fault="reset"), "dropped"),
        (Reply(body=OK.body, fault="truncate"), "broke off"),
        (Reply(fault="hang"), "did not answer within 0.3 s"),
        (as_html(200, "Welcome"), 'not as Stash does: a web page came ("Welcome")'),
        (as_html(503, "Unavailable"), "HTTP 503"),
        (as_html(502, "Bad Gateway"), "HTTP 502"),
        (Reply(302, b"", {"Location": "/login"}), "redirect"),
        (Reply(200, b'{"data": {"a'), "not as Stash does: JSON came that breaks off"),
        (Reply(200, b"[" * 100_000), "not as Stash does: JSON came that is nested too deeply"),
        (Reply(200, b"[1, 2]"), "not as Stash does: other JSON came"),
        (Reply(200, b""), "not as Stash does: nothing came"),
    ],
)
def test_no_usable_answer_means_unreachable(reply: Reply, words: str) -> None:
    with client_of(reply) as (client, _server):
        client.remember_api_key(KEY)
        with pytest.raises(StashUnreachable) as caught:
            client.call_GQL(QUERY)
    assert words in str(caught.value)
    no_secrets_in(caught.value)


MUTATION = "mutation { runPluginTask }"
BUSY = as_json({}, 503, Retry_After="7")
PASSING = [
    Reply(fault="reset"),
    Reply(body=OK.body, fault="truncate"),
    Reply(fault="hang"),
    Reply(200, b'{"data": {"a'),
    as_html(200, "Welcome"),
    as_html(502, "Bad Gateway"),
    BUSY,
    Reply(429),
]


@pytest.mark.parametrize("reply", PASSING, ids=lambda reply: f"{reply.status} {reply.fault}")
def test_what_may_pass_is_tried_again(reply: Reply) -> None:
    naps: list[float] = []
    with client_of(OK, reply, reply, OK, naps=naps) as (client, server):
        client.call_GQL(QUERY)
        assert client.call_GQL(QUERY)
        assert len(server.asked) == client.requests_made == 4
    if reply is BUSY:
        assert naps == [7, 7]
    else:
        assert naps[0] == 0 <= naps[1] <= 0.5


def test_trying_again_ends() -> None:
    naps: list[float] = []
    with client_of(BUSY, naps=naps) as (client, server):
        with pytest.raises(StashUnreachable, match="HTTP 503"):
            client.call_GQL(QUERY)
        assert len(server.asked) == 6
    assert len(naps) == 5


@pytest.mark.parametrize(
    "reply", [reply for reply in PASSING if reply.status != 429], ids=lambda reply: reply.fault
)
def test_a_mutation_that_may_have_been_carried_out_is_not_repeated(reply: Reply) -> None:
    with client_of(OK, reply, OK) as (client, server):
        client.call_GQL(QUERY)
        with pytest.raises(StashUnreachable):
            client.call_GQL(MUTATION)
        assert len(server.asked) == 2


@pytest.mark.parametrize("reply", [LOCKED, Reply(429)], ids=["locked", "429"])
def test_a_mutation_that_was_turned_away_is_repeated(reply: Reply) -> None:
    with client_of(reply, OK) as (client, _server):
        assert client.call_GQL(MUTATION)


def test_nobody_listening_is_unreachable() -> None:
    client = StashClient(connection(refused_url()), connect_timeout=1)
    with pytest.raises(StashUnreachable, match="is it running") as caught:
        client.call_GQL(QUERY)
    client.close()
    no_secrets_in(caught.value)


def test_https_where_there_is_none() -> None:
    with scripted(OK) as server:
        parts = urlsplit(server.url)
        made = StashConnection("https", "127.0.0.1", int(parts.port or 0), cookie=COOKIE)
        client = StashClient(made, connect_timeout=1)
        with pytest.raises(StashUnreachable, match="https") as caught:
            client.call_GQL(QUERY)
        client.close()
    no_secrets_in(caught.value)


def test_an_answer_without_reason_is_an_error() -> None:
    with (
        client_of(as_json({"data": None})) as (client, _server),
        pytest.raises(StashError, match="no reason given"),
    ):
        client.call_GQL(QUERY)


def test_another_program_at_that_address() -> None:
    with (
        client_of(as_html(404, "Not Found")) as (client, _server),
        pytest.raises(StashError, match="is it Stash's address"),
    ):
        client.call_GQL(QUERY)


def test_https_without_a_trusted_certificate_is_quiet() -> None:
    """Warnings are errors here; an unverified local https must not cause one a request."""
    parts = urlsplit(refused_url())
    made = StashConnection("https", "127.0.0.1", int(parts.port or 0), cookie=COOKIE)
    client = StashClient(made)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(StashUnreachable):
            client.call_GQL(QUERY)
    client.close()


def test_find_scenes_speaks_like_stashapp_tools() -> None:
    answer = as_json({"data": {"findScenes": {"scenes": [{"id": "1"}]}}})
    with client_of(answer) as (client, server):
        found = client.find_scenes(
            f={"id": {"value": 5, "modifier": "GREATER_THAN"}},
            filter={"per_page": 10},
            fragment="id title",
        )
        client.find_scenes()
        first, second = (json.loads(asked.body) for asked in server.asked)
    assert found == [{"id": "1"}]
    assert first["variables"] == {
        "scene_filter": {"id": {"value": 5, "modifier": "GREATER_THAN"}},
        "filter": {"per_page": 10, "q": ""},
    }
    assert "scenes { id title }" in first["query"]
    assert second["variables"] == {"scene_filter": {}, "filter": {"per_page": -1, "q": ""}}


def test_an_answer_without_scenes_is_an_error() -> None:
    with (
        client_of(as_json({"data": {"findScenes": None}})) as (client, _server),
        pytest.raises(StashError, match="without a list"),
    ):
        client.find_scenes()


@pytest.mark.parametrize("packed", [{}, {"Content-Encoding": "gzip"}], ids=["long", "bomb"])
def test_an_answer_may_not_fill_the_memory(packed: dict[str, str]) -> None:
    body = bomb(50_000_000) if packed else bytes(9_000_000)
    with (
        client_of(Reply(body=body, headers=packed)) as (client, server),
        pytest.raises(AnswerTooLarge, match="more than 8 MB"),
    ):
        client.call_GQL(QUERY)
    assert len(server.asked) == 1


def test_an_answer_that_drips_ends() -> None:
    with saying(lambda: dripping(HEAD + b"\r\n "), pause=0.02) as url:
        client = StashClient(connection(url), silence=0.1, retrying=Retrying(lambda _: None))
        with pytest.raises(StashUnreachable, match="too slowly"):
            client.call_GQL(QUERY)
        client.close()


ECHOES = [
    f"bad header Cookie session={COOKIE}",
    f"unknown user {COOKIE} at /graphql",
    f"key {KEY}",
    "setting plex_token: tOkEn-7 is odd",
    'input {"plexToken":"tOkEn-7"}',
    '"{\\"apiKey\\": \\"tOkEn-7\\"}"',
    "map[plex_token:tOkEn-7 plex_url:x]",
    "signature of eyJhbGciOiJIUzI1NiJ9.eyJ1aWQiOiJ0T2tFbi03In0.s3CrEt_-x is old",
    "value s3CrEt of general",
]


@pytest.mark.parametrize("echo", ECHOES)
def test_the_first_answer_may_echo_what_is_secret(echo: str) -> None:
    """Before the settings are known, they may stand in the error that comes with them."""
    data = {"configuration": {"general": {"apiKey": "value s3CrEt"}, "plugins": {}}}
    answer = as_json({"errors": [{"message": echo, "path": ["a"]}], "data": data})
    with client_of(answer) as (client, _server):
        client.remember_api_key(KEY)
        with pytest.raises(StashError) as caught:
            client.call_GQL(QUERY)
    assert "***" in str(caught.value)
    for secret in (COOKIE, KEY, "tOkEn-7", "s3CrEt"):
        assert secret not in str(caught.value)


def test_a_renewed_cookie_is_secret_too() -> None:
    fresh = as_json({"data": {}}, Set_Cookie="session=NEW-VALUE; Path=/")
    echo = as_json({"errors": [{"message": "what is NEW-VALUE?"}]})
    with client_of(fresh, echo) as (client, _server):
        client.call_GQL(QUERY)
        with pytest.raises(StashError, match=r"what is \*\*\*\?"):
            client.call_GQL(QUERY)


def test_repr_tells_no_secret() -> None:
    client = StashClient(connection("http://127.0.0.1:9"))
    assert COOKIE not in repr(client)
    client.close()


def no_secrets_in(error: BaseException) -> None:
    """Neither the text nor anything that a traceback would print with it."""
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None
    for secret in (COOKIE, KEY):
        assert secret not in str(error) + repr(error)
