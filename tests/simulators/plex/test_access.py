"""Who may ask the simulated Plex server, and how it says no."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator

import pytest

from simulators.launch import PlexHandle
from tests.plex_seeds import plex_item, plex_section, plex_seed
from tests.simulators.plex.client import PlexHttp

EDIT = "/library/sections/1/all?type=1&id=1&title.value=New"


@pytest.fixture
def plex(process: PlexHandle) -> Iterator[PlexHttp]:
    process.load(plex_seed(plex_section([plex_item(key) for key in range(1, 4)])))
    with PlexHttp(process) as client:
        yield client


def test_identity_needs_no_token_and_everything_else_does(plex: PlexHttp) -> None:
    assert plex.container("/identity", {"X-Plex-Token": None})["version"].startswith("1.43")
    for token in (None, "wrong"):
        answer = plex.ask("GET", "/", {"X-Plex-Token": token})
        assert answer.status_code == 401
        assert answer.headers["Content-Type"].startswith("text/html")
        assert answer.headers["X-Plex-Protocol"] == "1.0"
        assert "<title>Unauthorized</title>" in answer.text
        assert "<h1>401 Unauthorized</h1>" in answer.text
    allowed = plex.ask("GET", f"/?X-Plex-Token={plex.sim.token}", {"X-Plex-Token": None})
    assert allowed.status_code == 200


def test_json_only_by_accept(plex: PlexHttp) -> None:
    for accept in (None, "*/*", "text/html"):
        answer = plex.ask("GET", "/library/sections", {"Accept": accept})
        root = ET.fromstring(answer.text)
        assert root.tag == "MediaContainer"
        directory = root[0]
        assert (directory.tag, directory.get("key"), directory.get("refreshing")) == (
            "Directory",
            "1",
            "0",
        )
        assert directory[0].get("path") == "/data/scenes"
    section = plex.container("/library/sections")["Directory"][0]
    assert section["refreshing"] is False
    assert section["agent"] == "com.plexapp.agents.none"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/library/sections/9/all", 404),
        ("/library/metadata/99", 404),
        ("/nothing/here", 404),
        ("/library/sections/1/all?nonsense=1", 400),
    ],
)
def test_errors_are_html_pages(plex: PlexHttp, path: str, status: int) -> None:
    answer = plex.ask("GET", path)
    assert answer.status_code == status
    assert f"<h1>{status} " in answer.text
    assert answer.headers["Connection"] == "close"


def test_a_starting_server_answers_503_in_json(plex: PlexHttp) -> None:
    plex.sim.configure(maintenance=True)
    answer = plex.ask("GET", "/library/sections")
    assert answer.status_code == 503
    assert answer.json()["title"] == "Maintenance"
    twin = ET.fromstring(plex.ask("GET", "/", {"Accept": "*/*"}).text)
    assert (twin.tag, twin.get("code")) == ("Response", "503")
    assert plex.container("/identity")["claimed"] is True


def test_long_addresses_are_refused_only_when_switched_on(plex: PlexHttp) -> None:
    path = "/library/metadata/1?" + "excludeFields=" + "a" * 20_000
    assert plex.status("GET", path) == 200
    plex.sim.configure(max_url=8192)
    assert plex.status("GET", path) == 414


def test_a_token_that_is_no_owners_may_read(plex: PlexHttp) -> None:
    plex.sim.configure(non_admin=True)
    assert plex.status("GET", "/library/sections/1/all") == 200
    assert plex.status("PUT", EDIT) == 403
    assert plex.status("GET", "/library/sections/1/refresh") == 403


def test_a_locked_database_fails_a_share_of_writes(plex: PlexHttp) -> None:
    plex.sim.configure(locked_share=0.5)
    found = {plex.status("PUT", EDIT) for _ in range(40)}
    assert found == {200, 500}
    assert {plex.status("GET", "/library/metadata/1") for _ in range(20)} == {200}


def test_counters_tell_writes_from_reads(plex: PlexHttp) -> None:
    plex.status("GET", "/library/sections/1/all")
    plex.status("GET", "/library/sections/1/refresh")
    plex.status("POST", "/library/sections/1/refresh?path=/data/scenes")
    plex.status("PUT", EDIT)
    plex.status("POST", "/library/metadata/2/posters", b"\x89PNG1")
    counters = plex.sim.control("GET", "counters")
    assert (counters["reads"], counters["writes"]) == (3, 2)
    assert plex.sim.control("GET", "writes") == {"1": 1, "2": 1}


def test_faults_reach_the_plex_simulator_too(plex: PlexHttp) -> None:
    plex.sim.control("POST", "faults", [{"match": "PUT .*id=1", "action": "status", "status": 502}])
    assert plex.status("PUT", EDIT) == 502
    assert plex.status("PUT", EDIT) == 200
    assert plex.sim.control("GET", "writes") == {"1": 1}


def test_gzip_only_if_asked(plex: PlexHttp) -> None:
    path = "/library/sections/1/all"
    packed = plex.ask("GET", path, {"Accept-Encoding": "gzip"})
    plain = plex.ask("GET", path, {"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert packed.json() == plain.json()
