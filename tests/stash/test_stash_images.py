"""Covers from Stash: what is taken, what is refused and why, on the simulator and on the wire."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from core.errors import PicturesUnavailable, StashUnreachable
from core.images import MAX_BYTES, ImageFailed, Unusable
from simulators.stash.sample_pictures import picture
from stash.client import StashClient
from stash.connection import StashConnection
from stash.images import NoCover, NotModified, Screenshot, fetch_screenshot
from tests.contract.scripted import Reply, Scripted, as_json, refused_url, scripted
from tests.contract.servers import Simulated, scene, seed_of
from tests.pool import Pool
from tests.transport.raw import HEAD, dripping, saying
from transport.retrying import Retrying

PASSWORD, KEY = "a password", "the-right-api-key"
JPEG = picture("cover 1")
AVIF = b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf" + b"meta"
LOGIN = Reply(302, b"", {"Location": "/login?returnURL=%2Fscene%2F1%2Fscreenshot"})


def etag_of(data: bytes) -> str:
    return f'"{hashlib.md5(data).hexdigest()}"'


def image(data: bytes, kind: str = "image/jpeg", **headers: str) -> Reply:
    return Reply(200, data, {"Content-Type": kind, **headers})


@pytest.fixture(scope="module")
def stash(pool: Pool) -> Iterator[Simulated]:
    covers = ["cover 1", "png:cover 2", None, "huge:cover 4", "html:cover 5"]
    scenes = [scene(number, cover=cover) for number, cover in enumerate(covers, 1)]
    with pool.stash(seed_of(scenes=scenes), password=PASSWORD, api_key=KEY) as simulated:
        yield simulated


@contextmanager
def client_of(
    url: str, cookie: str | None = "a-cookie", key: str | None = None, patience: float = 5
) -> Iterator[StashClient]:
    parts = urlsplit(url)
    where = StashConnection("http", "127.0.0.1", int(parts.port or 0), cookie=cookie, api_key=key)
    no_pauses = Retrying(lambda _seconds: None)
    client = StashClient(where, connect_timeout=1, silence=patience, retrying=no_pauses)
    yield client
    client.close()


@contextmanager
def wire(*replies: Reply, patience: float = 5) -> Iterator[tuple[StashClient, Scripted]]:
    with scripted(*replies) as server, client_of(server.url, patience=patience) as client:
        yield client, server


@pytest.fixture
def client(stash: Simulated) -> Iterator[StashClient]:
    stash.reset()
    with client_of(stash.url, cookie=None, key=KEY) as made:
        yield made


@pytest.mark.parametrize(("number", "seed"), [(1, "cover 1"), (2, "png:cover 2")])
def test_a_cover_comes_once_and_then_not_again(
    client: StashClient, stash: Simulated, number: int, seed: str
) -> None:
    data = picture(seed)
    first = fetch_screenshot(client, number)
    assert first == Screenshot(data, etag_of(data))
    before = stash.counters()["bytes_out"]
    assert fetch_screenshot(client, number, etag_of(data)) == NotModified()
    assert fetch_screenshot(client, number, '"of another cover"') == first
    counters = stash.counters()
    assert counters["bytes_out"] - before == len(data)
    assert counters["by_route"] == {f"GET /scene/{number}/screenshot": 3}
    assert client.requests_made == 3


def test_a_scene_without_a_cover(client: StashClient) -> None:
    found = fetch_screenshot(client, 3)
    assert isinstance(found, NoCover)
    assert fetch_screenshot(client, 3, found.etag) == NotModified()


def test_a_session_that_ends_before_stash_says_of_a_cover_whether_it_has_one() -> None:
    with (
        wire(image(b"<svg></svg>", "image/svg+xml"), Reply(401)) as (client, _),
        pytest.raises(PicturesUnavailable, match="log in to Stash again"),
    ):
        fetch_screenshot(client, 1)


def test_a_text_that_somebody_made_a_cover_is_no_outage() -> None:
    """Stash calls it an SVG, as the picture that it sends where there is no cover."""
    text = image(b"not found", "image/svg+xml", ETag=etag_of(b"not found"))
    has_one = as_json({"data": {"findScenes": {"count": 0, "scenes": []}}})
    with wire(text, has_one) as (client, _), pytest.raises(Unusable, match="no image of a kind"):
        fetch_screenshot(client, 1)


def test_a_stash_that_cannot_tell_whether_it_has_a_cover_is_believed(
    client: StashClient, stash: Simulated
) -> None:
    with stash.failing({"match": "^POST /graphql", "action": "status", "status": 422}):
        assert isinstance(fetch_screenshot(client, 3), NoCover)


@pytest.mark.parametrize(
    ("number", "reason"),
    [(4, "larger than 10 MB"), (5, "web page"), (99, "no such scene")],
)
def test_covers_that_are_none(client: StashClient, number: int, reason: str) -> None:
    with pytest.raises(ImageFailed, match=f"cover of scene {number} .*{reason}"):
        fetch_screenshot(client, number)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"action": "truncate", "times": -1}, "broke off"),
        ({"action": "status", "status": 500, "times": -1}, "HTTP 500"),
        ({"action": "status", "status": 503, "times": -1}, "HTTP 503"),
        ({"action": "status", "status": 200, "body": "<html>Login</html>"}, "web page"),
        ({"action": "status", "status": 302}, "redirect"),
    ],
    ids=str,
)
def test_an_outage_of_pictures_is_told_from_a_bad_cover(
    client: StashClient, stash: Simulated, fault: dict[str, object], reason: str
) -> None:
    with (
        stash.failing({"match": "GET /scene/1/screenshot", **fault}),
        pytest.raises(PicturesUnavailable, match=f"scene 1 .*{reason}"),
    ):
        fetch_screenshot(client, 1)
    assert isinstance(fetch_screenshot(client, 1), Screenshot)


def test_a_picture_that_costs_long_is_not_asked_for_again() -> None:
    with (
        wire(Reply(fault="hang"), patience=0.1) as (client, server),
        pytest.raises(PicturesUnavailable, match="did not answer within"),
    ):
        fetch_screenshot(client, 1)
    assert len(server.asked) == 1


def test_an_expired_session_is_said_and_its_login_page_not_fetched(stash: Simulated) -> None:
    stash.reset()
    with (
        client_of(stash.url, cookie="expired") as client,
        pytest.raises(PicturesUnavailable, match="session has expired; log in to Stash again"),
    ):
        fetch_screenshot(client, 1)
    assert stash.counters()["by_route"] == {"GET /scene/1/screenshot": 1}


def test_a_key_that_is_known_outlives_the_session(stash: Simulated) -> None:
    with client_of(stash.url, cookie="expired") as client:
        client.remember_api_key(KEY)
        assert isinstance(fetch_screenshot(client, 1), Screenshot)
        assert isinstance(fetch_screenshot(client, 1), Screenshot)
        assert client.requests_made == 3


def test_a_refused_key_is_an_outage_of_pictures(stash: Simulated) -> None:
    with (
        client_of(stash.url, cookie=None, key="wrong") as client,
        pytest.raises(PicturesUnavailable, match="STASH_API_KEY"),
    ):
        fetch_screenshot(client, 1)


def test_a_server_that_does_not_answer() -> None:
    with client_of(refused_url()) as client, pytest.raises(StashUnreachable, match="running"):
        fetch_screenshot(client, 1)
    for fault in ("reset", "hang"):
        silent = wire(Reply(fault=fault), patience=0.1)
        with silent as (client, _), pytest.raises(PicturesUnavailable):
            fetch_screenshot(client, 1)


def test_a_cover_that_drips_ends() -> None:
    with (
        saying(lambda: dripping(HEAD + b"\r\n\xff\xd8\xff"), pause=0.02) as url,
        client_of(url, patience=0.1) as client,
        pytest.raises(PicturesUnavailable, match="too slowly"),
    ):
        fetch_screenshot(client, 1)


def test_a_cover_without_its_end_mark_is_a_cover() -> None:
    with wire(image(JPEG[:-2])) as (client, _):
        assert fetch_screenshot(client, 1) == Screenshot(JPEG[:-2], "")


def test_one_hiccup_is_no_outage() -> None:
    with wire(Reply(500), Reply(fault="reset"), image(JPEG)) as (client, _):
        assert isinstance(fetch_screenshot(client, 1), Screenshot)


def test_what_is_sent() -> None:
    fresh = image(JPEG, **{"ETag": '"1"', "Set-Cookie": "session=NEW; Path=/"})
    unchanged = Reply(304, b"", {"Set-Cookie": "session=NEWER; Path=/"})
    with wire(fresh, unchanged, unchanged) as (client, server):
        fetch_screenshot(client, 1)
        assert fetch_screenshot(client, 1, '"1"') == NotModified()
        assert fetch_screenshot(client, 1, '"1"') == NotModified()
        asked = server.asked
    assert [(one.method, one.path) for one in asked] == [("GET", "/scene/1/screenshot")] * 3
    assert [one.headers.get("if-none-match") for one in asked] == [None, '"1"', '"1"']
    cookies = [one.headers["cookie"] for one in asked]
    assert cookies == ["session=a-cookie", "session=NEW", "session=NEWER"]
    assert len({one.peer for one in asked}) == 1  # one connection


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_refusal_neither_costs_the_connection_nor_the_cookie(status: int) -> None:
    bad = Reply(status, b"<html></html>", {"Set-Cookie": "session=bad; Path=/"})
    with wire(bad, image(JPEG)) as (client, server):
        if status != 500:  # which is tried again
            with pytest.raises((ImageFailed, PicturesUnavailable)):
                fetch_screenshot(client, 1)
        assert isinstance(fetch_screenshot(client, 1), Screenshot)
        assert len({one.peer for one in server.asked}) == 1
        assert server.asked[1].headers["cookie"] == "session=a-cookie"


def test_behind_a_prefix_the_login_page_is_known_too() -> None:
    login = Reply(302, b"", {"Location": "https://stash.example/stash/login?returnURL=x"})
    with wire(login) as (client, _), pytest.raises(PicturesUnavailable, match="expired"):
        fetch_screenshot(client, 1)


def test_an_avif_comes_without_its_kind() -> None:
    with wire(image(AVIF, "application/octet-stream")) as (client, _):
        assert fetch_screenshot(client, 1) == Screenshot(AVIF, "")


@pytest.mark.parametrize(("start", "raised"), [(JPEG, Unusable), (b"", ImageFailed)])
def test_what_unpacks_to_too_much_is_measured_while_it_comes(
    start: bytes, raised: type[ImageFailed]
) -> None:
    """A picture of that size is the scene's own; anything else may be somebody else's answer."""
    packed = Reply(200, gzip.compress(start + bytes(MAX_BYTES), 1), {"Content-Encoding": "gzip"})
    assert len(packed.body) < MAX_BYTES / 100
    with wire(packed) as (client, server):
        with pytest.raises(ImageFailed, match="larger than 10 MB") as failure:
            fetch_screenshot(client, 1)
        assert len(server.asked) == 1
    assert type(failure.value) is raised


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(304), "HTTP 304"),
        (image(b""), "empty"),
        (image(JPEG[:100]), "JPEG ends too early"),
        (image(b"<html>", ETag=etag_of(b"<html>")), "web page"),
        (image(b"not found", "text/plain"), "text/plain"),
        (image(b"\0\0\0\x18ftypisom", "video/mp4"), "video/mp4"),
        (Reply(206, JPEG, {"Content-Type": "image/jpeg"}), "HTTP 206"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_answers_that_are_no_cover(reply: Reply, reason: str) -> None:
    with wire(reply) as (client, _), pytest.raises(ImageFailed, match=reason):
        fetch_screenshot(client, 1)


def test_nothing_secret_is_in_the_words() -> None:
    with wire(LOGIN) as (client, _):
        client.remember_api_key(KEY)
        with pytest.raises(PicturesUnavailable) as caught:
            fetch_screenshot(client, 1)
    assert KEY not in str(caught.value)
    assert "a-cookie" not in str(caught.value)
