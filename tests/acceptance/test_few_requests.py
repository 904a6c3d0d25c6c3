"""What a drain asks of Plex: one edit for each changed item, a read for each hundred of them before
it, and one for each 25 after it."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from simulators.library.generate import generate
from tests.acceptance.conftest import Open
from tests.acceptance.site import Site
from worker.executor.read_back import WINDOW

CASES = ("empty_agent", "extra_genre", "agent_filled", "in_sync")
SCENES = 200
AT_THE_START = 3  # reads: which libraries there are, who is there, and one item before a search
PROBE = 3  # reads: what this server does with lists, each time a new kind of edit is shared
KINDS = {"title.value", "genre", "actor", "userRating.value"}


@pytest.fixture(scope="module")
def site(open_site: Open) -> Site:
    site = open_site(generate(SCENES, seed=21, only=CASES))
    site.use(first_sync="mirror", max_clear_percent=100)
    return site


def test_one_edit_for_an_item_and_few_reads(site: Site) -> None:
    items = len(site.rightful())
    site.reconcile()
    queued = len(site.queued())
    site.reset_counters()

    drained = site.drain()

    counted = site.both.plex.counters()
    assert drained["succeeded"] == queued == SCENES
    assert counted["reads"] <= items / 100 + items / WINDOW + AT_THE_START + PROBE
    edits = [urlsplit(row["path"]) for row in counted["log"] if row["write"]]
    # Some items are to get the very same change, and share an edit.
    keys = [key for edit in edits for key in dict(parse_qsl(edit.query))["id"].split(",")]
    assert len(set(keys)) == len(keys) == drained["items_edited"] > 100
    # Text, lists and the rating of an item that had none of them travel together.
    whole = [e for e in edits if {n.partition("[")[0] for n, _ in parse_qsl(e.query)} >= KINDS]
    rated = [
        raw
        for raw in site.both.seed["stash"]["scenes"]
        if raw["id"] in site.scenes("empty_agent") and raw["rating100"] and raw["tag_ids"]
    ]
    assert len(whole) >= len(rated) > 5


def test_nothing_is_written_for_what_does_not_differ_and_all_is_read_once(site: Site) -> None:
    site.reconcile()
    site.drain()
    site.enqueue(*set(site.rightful().values()))
    site.reset_counters()

    drained = site.drain()

    counted = site.both.plex.counters()
    assert (drained["unchanged"], counted["writes"]) == (SCENES, 0)
    assert counted["reads"] <= len(site.rightful()) / 100 + AT_THE_START
