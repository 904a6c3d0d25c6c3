"""Answers without measure: the plugin's process ends in time, and needs little memory for them."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import pytest

from benchmarks.meter import Usage, measure, plugin_environment
from simulators.library.generate import generate
from tests.acceptance.conftest import Open
from tests.acceptance.entry import ENTRY
from tests.acceptance.faults import CASES, differing, readable
from tests.acceptance.site import Site
from tests.acceptance.soak import IS_SOAK, amount, chosen, figure

pytestmark = [pytest.mark.processes, pytest.mark.timeout(3600 if IS_SOAK else 120)]

MOST_MEMORY = 150_000_000  # bytes, of the whole process
MOST_SECONDS = 300  # an answer of Stash may take 120
PAGE = 500
PACKED = amount(160_000_000, 1_000_000_000)  # bytes; to pack a GB takes four seconds
JSON = {"action": "status", "status": 200, "content_type": "application/json", "times": -1}
SETTINGS: dict[str, Any] = {"first_sync": "mirror", "max_clear_percent": 100, "read_timeout": 1}


def full_page() -> str:
    """A page of a listing that has as many items as were asked for, and no total."""
    media = [{"Part": [{"file": f"/m/{'x' * 80}.mp4", "size": 1}]}]
    rows = [
        {"ratingKey": str(n), "type": "movie", "title": "T", "Media": media}
        for n in range(1, PAGE + 1)
    ]
    return json.dumps({"MediaContainer": {"size": PAGE, "Metadata": rows}})


ANSWERS: dict[str, dict[str, Any]] = {
    "1 GB": {**JSON, "body": "[0,", "size": 1_000_000_000},
    "a gzip of 1 GB": {**JSON, "body": "0", "size": PACKED, "packed": True},
    "a drip": {"action": "drip", "rate": 1, "times": -1},
    "deep JSON": {**JSON, "body": "[" * 3_000_000},
    "many parts": {**JSON, "body": "[[],", "size": 30_000_000},
}
REQUESTS = {
    "plex, a listing": "^GET /library/sections/\\d+/all",
    "plex, its libraries": "^GET /library/sections[? ]",
    "plex, whole items": "^GET /library/metadata/",
    "plex, an edit": "^PUT /library/sections/",
    "stash, anything": "^POST /graphql",
    "stash, scenes": "^POST /graphql.*findScenes",
}
# Plex is asked again and again before a run ends, with pauses: that is for the soak.
SAMPLE = {("stash, scenes", "a gzip of 1 GB"), ("stash, scenes", "deep JSON")}
CHOSEN = [
    (request, answer)
    for request in REQUESTS
    for answer in ANSWERS
    if IS_SOAK or (request, answer) in SAMPLE
]


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(generate(len(CASES), seed=5, only=CASES))


@pytest.fixture
def used() -> dict[str, Any]:
    return SETTINGS


def measured(site: Site, mode: str) -> Usage:
    """The entry script in a process of its own, with what it took."""
    command, env = [sys.executable, str(ENTRY)], plugin_environment(site.data)
    usage = measure(command, site.input(mode), env)
    assert usage.status == 0
    assert usage.wall < MOST_SECONDS
    assert usage.peak_rss < MOST_MEMORY
    return usage


@pytest.mark.parametrize(("request_", "answer"), CHOSEN)
def test_a_boundless_answer_ends_the_task_alone(site: Site, request_: str, answer: str) -> None:
    is_plex = request_.startswith("plex")
    site.reconcile()
    server = site.both.plex if is_plex else site.both.stash
    server.faults([{"match": REQUESTS[request_], **ANSWERS[answer]}])

    modes = chosen(["reconcile_all"], ["process_queue"])
    found = [measured(site, mode) for mode in modes]

    server.faults([])
    told = [json.loads(usage.stdout) for usage in found]
    says = [reply["error"] for reply in told if "error" in reply]
    says += [error for reply in told for error in reply.get("output", {}).get("errors", [])]
    assert says
    assert all(readable(error) for error in says)
    most = max(usage.peak_rss for usage in found)
    longest = max(usage.wall for usage in found)
    figure(f"| {request_}: {answer} | {longest:.0f} s | {most / 1e6:.0f} MB |")
    site.reconcile()
    site.drain(lambda: time.time() + 3600)
    assert differing(site) == set()
    assert site.dead() == {}


def test_a_listing_without_end_ends(site: Site) -> None:
    match = "^GET /library/sections/\\d+/all"
    site.both.plex.faults([{"match": match, **JSON, "body": full_page()}])

    usage = measured(site, "reconcile_all")

    figure(f"| plex, a listing: no end | {usage.wall:.0f} s | {usage.peak_rss / 1e6:.0f} MB |")
