"""The faults that tests can have put between a client and the server."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from simulators.launch import PlexHandle
from tests.plex_seeds import plex_item, plex_section, plex_seed
from tests.simulators.plex.client import PlexHttp

ONE = "/library/metadata/1"
EDIT = "/library/sections/1/all?type=1&id=1&title.value=New"


@pytest.fixture
def plex(process: PlexHandle) -> Iterator[PlexHttp]:
    process.load(plex_seed(plex_section([plex_item(1), plex_item(2)])))
    with PlexHttp(process) as client:
        yield client


def faults(plex: PlexHttp, *each: dict[str, Any]) -> None:
    plex.sim.control("POST", "faults", list(each))


def title(plex: PlexHttp) -> str:
    return str(plex.sim.item(1)["title"])


def test_a_status_with_body_and_headers_carries_nothing_out(plex: PlexHttp) -> None:
    answered = {"status": 200, "body": "x", "headers": {"Retry-After": "3"}}
    faults(plex, {"match": "PUT", "action": "status", **answered})
    answer = plex.ask("PUT", EDIT)
    assert (answer.status_code, answer.text, answer.headers["Retry-After"]) == (200, "x", "3")
    assert answer.headers["Content-Type"].startswith("text/html")
    assert title(plex) != "New"
    assert plex.status("PUT", EDIT) == 200
    assert title(plex) == "New"


@pytest.mark.parametrize(("action", "is_done"), [("reset", False), ("lost", True)])
def test_a_cut_before_or_after_carrying_out(plex: PlexHttp, action: str, is_done: bool) -> None:
    faults(plex, {"match": "PUT", "action": action})
    with pytest.raises(requests.ConnectionError):
        plex.ask("PUT", EDIT)
    assert (title(plex) == "New") is is_done


def test_every_third_and_after_some_and_so_often(plex: PlexHttp) -> None:
    faults(plex, {"match": ONE, "action": "status", "every": 3, "times": -1})
    assert [plex.status("GET", ONE) for _ in range(6)] == [200, 200, 500, 200, 200, 500]
    faults(plex, {"match": ONE, "action": "status", "after": 2, "times": 2, "status": 503})
    assert [plex.status("GET", ONE) for _ in range(6)] == [200, 200, 503, 503, 200, 200]
    faults(plex, {"match": ONE, "action": "status", "share": 0.5, "times": -1})
    assert {plex.status("GET", ONE) for _ in range(30)} == {200, 500}


def test_a_drip(plex: PlexHttp) -> None:
    short = "/identity"
    whole = plex.ask("GET", short).content
    faults(plex, {"match": short, "action": "drip", "rate": 1000})
    began = time.monotonic()
    assert plex.ask("GET", short, {"Accept-Encoding": "identity"}).content == whole
    assert time.monotonic() - began > len(whole) / 1000


def test_half_an_answer(plex: PlexHttp) -> None:
    faults(plex, {"match": ONE, "action": "truncate"})
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        plex.ask("GET", ONE)


def test_an_altered_answer(plex: PlexHttp) -> None:
    change = {"find": "Title 0001", "replace": "A\x04\xe9"}
    faults(plex, {"match": ONE, "action": "alter", "times": 2, **change})
    assert b'"title":"A\x04\xe9"' in plex.ask("GET", ONE).content
    assert b'"title":"A\x04\xe9"' in plex.ask("GET", ONE, {"Accept-Encoding": "gzip"}).content


def test_what_one_item_spoils(plex: PlexHttp) -> None:
    faults(plex, {"match": "GET", "action": "status", "holds": '"ratingKey":"2"', "times": -1})
    both = "/library/sections/1/all?X-Plex-Container-Start="
    asked = (ONE, "/library/metadata/2", "/library/metadata/1,2", f"{both}0", f"{both}1")
    assert [plex.status("GET", path) for path in asked] == [200, 500, 500, 500, 500]
    assert plex.status("GET", f"{both}0&X-Plex-Container-Size=1&sort=addedAt") == 200


def test_large_bodies_packed_or_not(plex: PlexHttp) -> None:
    large = {"match": ONE, "action": "status", "status": 200, "body": "[", "size": 1_000_000}
    faults(plex, large, large | {"packed": True})
    assert plex.ask("GET", ONE).content == b"[" * 1_000_000
    raw = requests.get(
        plex.url + ONE, headers={"X-Plex-Token": "plex-token"}, stream=True, timeout=9
    ).raw.read(decode_content=False)
    assert len(raw) < 5_000
    assert gzip.decompress(raw) == b"[" * 1_000_000
