"""A task that is told to end while it works."""

from __future__ import annotations

import json
import os
import signal
import time

import pytest

from simulators.library.generate import generate
from tests.acceptance.conftest import Open
from tests.acceptance.site import Site

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows ends processes without a word")


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(generate(12, seed=5, only=("drift_title",)))


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_drain_gives_back_what_it_has_in_hand(site: Site, name: str) -> None:
    site.reconcile()
    jobs = len(site.queued())
    hang = {"match": "^PUT ", "after": 2, "action": "hang", "seconds": 20, "times": -1}
    site.both.plex.faults([hang])
    site.reset_counters()
    process = site.start("process_queue")
    deadline = time.monotonic() + 30
    while site.writes() < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    began = time.monotonic()
    process.send_signal(getattr(signal, name))
    stdout, stderr = process.communicate(timeout=30)

    assert time.monotonic() - began < 12  # of those that `read_timeout` allows for
    assert f"was stopped by {name}" in json.loads(stdout)["error"]
    assert b"Traceback" not in stderr
    with site.queue() as queue:
        stats = queue.stats(time.time())
    assert stats.working == 0
    assert 0 < stats.waiting <= jobs
    site.both.plex.faults([])
    assert site.drain()["failed"] == 0
    assert site.reconcile()["total_gaps"] == 0


def test_a_reconcile_ends_while_a_page_is_on_its_way(site: Site) -> None:
    slow = {"match": "FindScenes", "action": "delay", "seconds": 15, "times": -1}
    site.both.stash.faults([slow])
    process = site.start("reconcile_all")
    deadline = time.monotonic() + 30
    while not site.both.plex.counters()["total"] and time.monotonic() < deadline:
        time.sleep(0.01)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    stdout, _ = process.communicate(timeout=30)
    site.both.stash.faults([])

    assert "was stopped by SIGTERM" in json.loads(stdout)["error"]
    assert time.monotonic() - began < 10
