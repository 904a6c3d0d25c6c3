"""Servers that fail while gaps are looked for: none is invented, and one sentence says why."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any

import pytest

from app import wiring
from core.errors import StashError
from simulators.library.generate import generate
from stash.client import StashClient
from tests.acceptance.conftest import Open
from tests.acceptance.faults import (
    BUSY,
    CUT,
    DOWN,
    FORBIDDEN,
    GONE,
    HANG,
    NOTHING_SAID,
    REFUSED,
    RESET,
    RULES,
    SCENES,
    STARTING,
    WRONG,
    Fault,
    ends_well,
    failure,
    library,
    plex_fails,
    readable,
    site,
    stash_fails,
)
from tests.acceptance.site import Site
from tests.acceptance.soak import chosen

__all__ = ["library", "site"]  # fixtures


@pytest.mark.parametrize(
    "name", chosen(["reset", "another page"], [*DOWN.keys() - {"reset", "another page"}])
)
def test_plex_down_from_the_start_is_an_error_and_no_gap(site: Site, name: str) -> None:
    plex_fails(site, "", DOWN[name])

    error = failure(site.reconcile)

    assert "Plex" in error or "Plex URL" in error
    assert site.queued() == {}


def test_stash_is_waited_for_as_long_as_plex(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "LEAST_SILENCE", 0.1)
    stash_fails(site, "findScenes", {"action": "hang", "seconds": 2})
    site.use(**RULES, read_timeout=0.15)
    assert "did not answer within 0.15 s" in site.run("reconcile_all").error


def test_no_plex_at_all(site: Site) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    site.use(plex_url=f"http://127.0.0.1:{port}")
    for mode in ("reconcile_all", "process_queue"):
        ended = site.run(mode)
        assert f"127.0.0.1:{port}" in readable(ended.error)
        assert ended.status == 0


@pytest.mark.parametrize("fault", chosen([RESET, NOTHING_SAID], [HANG, STARTING, GONE]))
def test_plex_down_midway_judges_only_what_was_seen(site: Site, fault: Fault) -> None:
    plex_fails(site, "GET /library/sections/2/all", fault)

    found = site.reconcile()

    assert found["partial"]
    assert len(found["errors"]) == 1
    assert "'Films'" in found["errors"][0]
    readable(found["errors"][0])
    assert (found["missing_count"], found["vanished_count"], found["outside_count"]) == (0, 0, 0)
    assert found["orphan_count"] == 0
    queued = set(site.queued())
    matches = site.truth["matches"].items()
    seen = {int(scene) for scene, items in matches if not items[0].startswith("2:")}
    assert seen <= queued <= {int(scene) for scene, _items in matches}
    if fault is RESET:
        ends_well(site)


@pytest.mark.parametrize(
    ("fault", "asked"),
    [
        (REFUSED, "GET /library/sections "),
        (FORBIDDEN, "GET /library/sections "),
        (FORBIDDEN, "GET /library/sections"),
    ],
)
def test_a_refused_token_stops_a_reconcile(site: Site, fault: Fault, asked: str) -> None:
    plex_fails(site, asked, fault)

    assert "the Plex token was refused" in failure(site.reconcile)
    assert site.queued() == {}


@pytest.mark.parametrize("fault", chosen([FORBIDDEN], [REFUSED]))
def test_a_library_that_is_forbidden_keeps_no_other_from_being_looked_at(
    site: Site, fault: Fault
) -> None:
    plex_fails(site, "GET /library/sections/2/all", fault)

    found = site.reconcile()

    assert found["partial"]
    (error,) = found["errors"]
    assert "'Films'" in error
    assert found["missing_count"] == 0
    assert site.queued()
    ends_well(site)


@pytest.mark.parametrize(
    ("fault", "after"), [(RESET, 0), (RESET, 1), (CUT, 1), (BUSY, 1), (WRONG, 1), (REFUSED, 1)]
)
def test_stash_down_is_an_error_and_no_gap(site: Site, fault: Fault, after: int) -> None:
    stash_fails(site, "findScenes", fault, after)  # the first question is how many there are

    assert "Stash" in failure(site.reconcile)
    assert site.queued() == {}


def test_stash_down_is_said_in_the_reply(site: Site) -> None:
    stash_fails(site, "", BUSY)

    ended = site.run("reconcile_all")

    assert "Stash" in readable(ended.error)
    assert ended.status == 0


def test_a_locked_database_is_waited_for(site: Site) -> None:
    locked = '{"errors": [{"message": "database is locked"}], "data": null}'
    answer = {"action": "status", "status": 200, "body": locked, "content_type": "application/json"}
    stash_fails(site, "findScenes", answer, times=2)

    found = site.reconcile()

    assert found["errors"] == []
    assert found["scenes_checked"] == SCENES


def test_an_error_of_stash_is_passed_on(site: Site) -> None:
    body = '{"errors": [{"message": "no such table: scenes", "path": ["findScenes"]}]}'
    answer = {"action": "status", "status": 200, "body": body, "content_type": "application/json"}
    stash_fails(site, "findScenes", answer)

    error = failure(site.reconcile)

    assert "no such table: scenes" in error
    assert "Stash" in error


def test_progress_comes_each_second_however_long_a_request_takes(site: Site) -> None:
    plex_fails(site, "GET /library/sections/1/all", {"action": "delay", "seconds": 1.8}, times=1)
    started = time.monotonic()

    ended = site.run("reconcile_all")

    took = time.monotonic() - started
    assert len(ended.progress) >= took / 1.5
    assert ended.progress == sorted(ended.progress)
    assert ended.progress[-1] == 1.0


@pytest.fixture(scope="module")
def two_pages(open_site: Open) -> Site:
    """More scenes than Stash sends at once; some are missing in Plex, some of these outside."""
    return open_site(generate(520, only=("in_sync",) * 24 + ("missing_inside", "missing_outside")))


@pytest.mark.parametrize("fault", chosen([BUSY], [RESET, REFUSED]))
def test_stash_down_midway_judges_only_what_was_seen(
    two_pages: Site, data: Path, fault: Fault
) -> None:
    site = two_pages
    site.forget(data)
    stash_fails(site, "findScenes", fault, after=2)  # the first one counts

    found = site.reconcile()

    assert found["partial"]
    assert found["scenes_checked"] == 500
    assert "The run ended early, after 500 scenes: Stash" in readable(found["errors"][0])
    first = sorted(map(int, site.truth["cases"]))[:500]
    assert set(site.queued()) == set(first) - set(site.truth["outside"])
    # Nobody knows whether the items that no scene has claimed yet are another scene's.
    assert found["orphan_count"] == 0
    site.both.stash.faults([])
    assert site.reconcile()["errors"] == []
    with site.queue() as queue:
        queue.clear_waiting()


@pytest.mark.parametrize("how", ["left out", "null", "no number", "spoiling"])
def test_scenes_that_stash_does_not_give_are_not_missed(
    two_pages: Site, data: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    site = two_pages
    site.forget(data)
    hidden = set(list(site.truth["cases"])[7:30:10])
    listed = StashClient.find_scenes
    odd: dict[str, list[Any]] = {"left out": [], "null": [None], "no number": [{"id": "9" * 30}]}

    def find_scenes(client: StashClient, *args: Any, **kwargs: Any) -> list[Any]:
        scenes = listed(client, *args, **kwargs)
        if how == "spoiling" and any(scene["id"] in hidden for scene in scenes):
            raise StashError("Stash answered with an error: boom")
        return [x for s in scenes for x in (odd[how] if s["id"] in hidden else [s])]

    monkeypatch.setattr(StashClient, "find_scenes", find_scenes)
    found = site.reconcile()

    assert found["partial"]
    assert found["scenes_checked"] == 520 - len(hidden)
    assert "early" not in found["errors"][0]
    assert (found["orphan_count"], found["vanished_count"]) == (0, 0)
    assert not {int(each) for each in hidden} & set(site.queued())
    if how == "spoiling":
        assert all(f"scene {each} (" in found["errors"][0] for each in hidden)
    with site.queue() as queue:
        queue.clear_waiting()


@pytest.mark.parametrize("fault", chosen([CUT], [HANG]))
def test_plex_down_on_a_later_page_judges_nothing_of_that_library(
    two_pages: Site, data: Path, fault: Fault
) -> None:
    site = two_pages
    site.forget(data)
    plex_fails(site, "GET /library/sections/2/all.*Start=[1-9]", fault)
    site.both.plex.configure(size_cap=20)

    found = site.reconcile()

    assert found["partial"]
    assert "'Films'" in readable(found["errors"][0])
    assert (found["missing_count"], found["outside_count"]) == (0, 0)
    films = {int(s) for s, items in site.truth["matches"].items() if items[0].startswith("2:")}
    assert set(site.queued()).isdisjoint(films)
    site.both.plex.load(site.both.seed)
