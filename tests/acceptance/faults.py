"""Ways in which a server fails, and what has to be true of a run that met one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import SyncError
from simulators.library.generate import generate
from simulators.library.oracle import differences
from simulators.plex.answers import MAINTENANCE
from tests.acceptance.conftest import Open
from tests.acceptance.entry import SECRETS
from tests.acceptance.site import Site

CASES = (
    *("empty_no_agent", "empty_agent", "stale", "drift_title", "drift_studio", "extra_genre"),
    *("in_sync", "missing_inside", "two_sections"),
)
SCENES = 2 * len(CASES)
RULES = {"first_sync": "mirror", "max_clear_percent": 100}

Fault = dict[str, Any]
HTML = "<html><head><title>Oops</title></head><body><h1>502 Bad Gateway</h1>nginx</body></html>"
RESET: Fault = {"action": "reset"}
CUT: Fault = {"action": "truncate"}
HANG: Fault = {"action": "hang", "seconds": 1}
BUSY: Fault = {"action": "status", "status": 503, "body": HTML}
WRONG: Fault = {"action": "status", "status": 200, "body": HTML}
GONE: Fault = {"action": "status", "status": 404, "body": HTML}
NOTHING_SAID: Fault = {
    "action": "status",
    "status": 200,
    "body": json.dumps({"MediaContainer": {}}),
    "content_type": "application/json",
}
STARTING: Fault = {
    "action": "status",
    "status": 503,
    "body": json.dumps(MAINTENANCE),
    "content_type": "application/json",
}
REFUSED: Fault = {"action": "status", "status": 401, "body": HTML}
FORBIDDEN: Fault = {"action": "status", "status": 403, "body": HTML}

DOWN = {
    "reset": RESET,
    "cut": CUT,
    "hang": HANG,
    "busy": BUSY,
    "another page": WRONG,
    "nothing said": NOTHING_SAID,
    "starting": STARTING,
}
CLOSED = {"refused": REFUSED, "forbidden": FORBIDDEN}


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(generate(SCENES, seed=5, only=CASES))


@pytest.fixture
def site(library: Site, data: Path) -> Iterator[Site]:
    """The library as it was generated, never synced."""
    library.forget(data)
    library.both.plex.load(library.both.seed)
    library.use(**RULES)
    library.inherit_timestamps()
    yield library
    library.both.stash.faults([])


def plex_fails(site: Site, match: str, fault: Fault, after: int = 0, times: int = -1) -> None:
    """Break requests to Plex that fit a pattern on "METHOD path"."""
    if fault is HANG:
        site.use(**RULES, read_timeout=0.2)
    site.both.plex.faults([{"match": match, "times": times, "after": after, **fault}])


def stash_fails(site: Site, match: str, fault: Fault, after: int = 0, times: int = -1) -> None:
    """Break requests to Stash that fit a pattern on "METHOD path query"."""
    site.both.stash.faults([{"match": match, "times": times, "after": after, **fault}])


def failure(task: Callable[[], object]) -> str:
    """What a task that has to fail tells the user: one sentence, for people."""
    with pytest.raises(SyncError) as caught:
        task()
    return readable(str(caught.value))


def readable(error: str) -> str:
    """No markup, no traceback, no class name, no endless text, no secret."""
    assert 10 < len(error) < 500
    assert not re.search(r"<[a-z]|Traceback|Error\(|HTTPConnectionPool|0x[0-9a-f]{6}", error)
    assert not [secret for secret in SECRETS if secret in error]
    return error


def differing(site: Site) -> set[int]:
    """The scenes that Plex does not show as it must."""
    plex = site.both.plex.state()
    lines = differences(site.both.stash.state(), site.truth, plex, plex)
    return {int(line.split()[1]) for line in lines}


def nothing_lost(site: Site, queued: set[int]) -> None:
    """Each scene is still queued or has its record, and no job is to blame for the server."""
    assert set(site.queued()) | set(site.recorded().values()) >= queued
    assert site.dead() == {}
    with site.queue() as queue:
        assert all(job.attempts == 0 for job in queue.due(4e9))


def ends_well(site: Site) -> None:
    """With both servers back, reconcile and drain bring everything to Plex."""
    site.both.plex.faults([])
    site.both.stash.faults([])
    site.use(**RULES)
    site.reconcile()
    drained = site.drain()
    assert drained["failed"] == 0
    assert differing(site) == set()
    assert site.recorded() == site.rightful()
    assert set(site.queued()) == set(site.scenes("missing_inside"))
