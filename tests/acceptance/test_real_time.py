"""In real time, with all that takes part as processes of their own: for `make soak` alone."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from simulators.library.generate import generate
from tests.acceptance.always_on import always_on, at_rest, jobs, runs, start, title, until
from tests.acceptance.site import FAR, Site
from tests.acceptance.soak import IS_SOAK, figure
from tests.pool import Pool

pytestmark = [
    pytest.mark.skipif(not IS_SOAK, reason="takes minutes of real time"),
    pytest.mark.timeout(1800),
]
OFF, EDITS = 120.0, 20
BULK = 20_000
MIRROR = {"first_sync": "mirror", "max_clear_percent": 100}


class Line:
    """The way to a server, which can be cut: then nobody listens at its end.

    Attributes:
        url: to be used in the place of the server's.
    """

    def __init__(self, url: str) -> None:
        self._port = int(url.rpartition(":")[2])
        self._own = 0
        self._open: set[socket.socket] = set()
        self.connect()
        self.url = f"http://127.0.0.1:{self._own}"

    def connect(self) -> None:
        listener = socket.create_server(("127.0.0.1", self._own))
        self._own = listener.getsockname()[1]
        self._open = {listener}
        threading.Thread(target=self._accept, args=(listener, self._open), daemon=True).start()

    def cut(self) -> None:
        for each in list(self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self, listener: socket.socket, known: set[socket.socket]) -> None:
        with contextlib.suppress(OSError):
            while True:
                here = listener.accept()[0]
                there = socket.create_connection(("127.0.0.1", self._port))
                known |= {here, there}
                for ends in ((here, there), (there, here)):
                    threading.Thread(target=_pass_on, args=ends, daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for each in (source, target):
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def site(pool: Pool, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Site]:
    count, case = request.param
    with always_on(pool, generate(count, seed=4, only=(case,)), tmp_path) as site:
        yield site


def seconds_between(job: dict[str, Any], first: str, last: str) -> float:
    begin, end = (datetime.fromisoformat(str(job[name])) for name in (first, last))
    return (end - begin).total_seconds()


@pytest.mark.parametrize("site", [(EDITS + 20, "in_sync")], indirect=True, ids=["40 scenes"])
def test_plex_is_off_for_two_minutes(site: Site) -> None:
    line = Line(site.both.plex.url)
    site.use(**MIRROR, plex_url=line.url)
    scenes = site.scenes("in_sync")[:EDITS]
    line.cut()
    off_at = time.monotonic()
    for number, scene in enumerate(scenes):
        until(lambda at=off_at + number * OFF / EDITS: time.monotonic() >= at, OFF)  # type: ignore[misc]
        site.edit_scene(scene, title=f"Edit {number}")
        if number == EDITS // 2:
            site.both.stash.graphql("mutation { metadataScan(input: {rescan: true}) }")
    until(lambda: time.monotonic() >= off_at + OFF, OFF)
    line.connect()

    def is_done() -> bool:
        return [title(site, scene) for scene in scenes] == [f"Edit {n}" for n in range(EDITS)]

    took = until(is_done, 300)
    until(lambda: at_rest(site), 120)
    with site.queue() as queue:
        attempts = sum(job.attempts for job in queue.due(FAR))
        dead = len(queue.dead_letters())
    scans = jobs(site, "Scanning")
    waited = max(seconds_between(job, "addTime", "startTime") for job in scans)

    what = f"Plex off for {OFF:.0f} s, {EDITS} edits and a scan meanwhile"
    figure(f"| {what}: all in Plex, once it was on, after | {took:.0f} s | 60 s |")
    figure(f"| … the scan waited for *Sync Changes* | {waited:.1f} s | 5 s |")
    figure(f"| … attempts spent, dead letters | {attempts}, {dead} | 0, 0 |")
    assert took <= 60
    assert waited <= 5
    assert (attempts, dead) == (0, 0)


@pytest.mark.parametrize("site", [(EDITS, "in_sync")], indirect=True, ids=["20 scenes"])
def test_plex_leaves_reads_of_items_unanswered_for_two_minutes(site: Site) -> None:
    site.use(**MIRROR)  # with `read_timeout` as it is by default
    scenes = site.scenes("in_sync")[:3]
    hang = {"match": "^GET /library/metadata/", "action": "hang", "seconds": 300, "times": -1}
    site.both.plex.faults([hang])
    began_at = time.monotonic()
    for number, scene in enumerate(scenes):
        site.edit_scene(scene, title=f"Edit {number}")
    for at in (12, 40, 70, 100):
        until(lambda at=began_at + at: time.monotonic() >= at, OFF)  # type: ignore[misc]
        site.both.stash.graphql("mutation { metadataScan(input: {rescan: true}) }")
    site.enqueue(*site.scenes("in_sync")[3:6])
    button = start(site, "Process Queue")
    until(lambda: time.monotonic() >= began_at + OFF, OFF)
    site.both.plex.faults([])

    def is_done() -> bool:
        return [title(site, scene) for scene in scenes] == [f"Edit {n}" for n in range(3)]

    took = until(is_done, 300)
    until(lambda: at_rest(site), 120)
    with site.queue() as queue:
        attempts = sum(job.attempts for job in queue.due(FAR))
        dead = len(queue.dead_letters())
    scans = jobs(site, "Scanning")
    waited = max(seconds_between(job, "addTime", "startTime") for job in scans)
    (pressed,) = [job for job in jobs(site, "Process Queue") if job["id"] == button]
    worked = seconds_between(pressed, "startTime", "endTime")

    what = f"Plex leaves reads of items unanswered for {OFF:.0f} s"
    figure(f"| {what}: all in Plex, once it answered, after | {took:.0f} s | 60 s |")
    figure(f"| … a scan waited for *Sync Changes* | {waited:.1f} s | 5 s |")
    figure(f"| … *Process Queue* ended after | {worked:.0f} s | 30 s |")
    figure(f"| … attempts spent, dead letters | {attempts}, {dead} | 0, 0 |")
    assert took <= 60
    assert waited <= 5
    assert worked <= 30
    assert (attempts, dead) == (0, 0)


@pytest.mark.parametrize("site", [(BULK, "empty_agent")], indirect=True, ids=["20,000 scenes"])
def test_an_edit_overtakes_a_drain_of_20000_jobs(site: Site) -> None:
    site.use(**MIRROR)
    scenes = site.scenes("empty_agent")
    last = scenes[-1]
    site.enqueue(*scenes)
    start(site, "Process Queue")

    def is_at_work() -> bool:
        return any(int(run.figures.get("processed", 0)) >= 500 for run in runs(site))

    until(is_at_work, 600)
    site.edit_scene(last, title="Edited meanwhile")

    took = until(lambda: title(site, last) == "Edited meanwhile", 300)

    with site.queue() as queue:
        left = queue.count_due(FAR)
    figure(f"| an edit while {BULK:,} jobs drain is in Plex after | {took:.1f} s | 10 s |")
    assert left > BULK / 2
    assert took <= 10
