"""Why scenes were left out: in the reply, in the log, in the report that is kept."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from app.tasks.reconcile import reconcile_recent
from reconciliation.match_report import REPORT
from simulators.library.generate import generate
from tests.acceptance.conftest import Open
from tests.acceptance.entry import Ended
from tests.acceptance.site import Site

EACH = 110
CASES = ("ambiguous_sizes", "missing_outside", "merged")


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(generate(4 * EACH, seed=5, only=CASES))


@pytest.fixture(scope="module")
def ended(library: Site) -> Ended:
    return library.run("reconcile_all")


def test_the_reply_tells_a_hundred_of_each_and_counts_all(library: Site, ended: Ended) -> None:
    found = ended.output
    counts = [found[f"{kind}_count"] for kind in ("ambiguous", "contested", "outside")]
    assert counts == [EACH] * 3
    assert [len(found[kind]) for kind in ("ambiguous", "contested", "outside")] == [100] * 3

    doubtful = set(library.scenes("ambiguous_sizes"))
    for told in found["ambiguous"]:
        assert told["scene_id"] in doubtful
        assert len(told["candidates"]) == 2
        for candidate in told["candidates"]:
            assert candidate["size"] == told["size"] is not None
            assert candidate["library"] in {"Clips", "Films"}
            shown = library.raw_item(candidate["rating_key"])["media"][0][0]
            assert candidate["path"] == shown["file"]
        assert "this name and size" in told["why"]
        assert "Path map" in told["remedy"]
        assert "pin" in told["remedy"]
    for told in found["contested"]:
        assert f"{told['section']}:{told['rating_key']}" in library.items(told["owner"])
        assert told["why"] == "both have an equal path, and it has the lower id"
    for told in found["outside"]:
        assert told["path"].startswith("/data/private/")
        assert told["in_plex"] == [told["path"]]


def test_the_log_tells_the_first_of_each_kind(ended: Ended) -> None:
    lines = ended.log.splitlines()
    for words, more in (
        ("is ambiguous: ", f"and {EACH - 3} more ambiguous scenes"),
        ("is left out: ", f"and {EACH - 3} more items of other scenes"),
        ("is outside: ", f"and {EACH - 3} more scenes outside every library"),
    ):
        assert len([line for line in lines if words in line]) == 3
        assert len([line for line in lines if more in line]) == 1


def test_the_report_is_kept_until_the_next_full_run(library: Site, ended: Ended) -> None:
    library.do(reconcile_recent)
    with library.state() as state:
        report = state.get_value(REPORT)
        figures = state.runs.latest("reconcile")[-1].figures
    assert report["ambiguous_count"] == len(report["ambiguous"]) == EACH
    assert report["ambiguous"][:100] == ended.output["ambiguous"]
    assert len(report["outside"]) == EACH
    # The history of runs holds figures only.
    assert figures["ambiguous_count"] == EACH
    assert not {"ambiguous", "contested", "outside", "suggested_path_map"} & figures.keys()


def test_a_dead_letter_says_the_same(
    library: Site, data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    scene = library.scene("ambiguous_sizes")
    library.forget(data)
    library.reconcile()
    with library.queue() as queue:
        queue.clear_waiting()
    library.enqueue(scene, library.scene("merged_loser"))

    with caplog.at_level(logging.INFO):
        drained = library.drain()

    assert (drained["failed"], drained["skipped"]) == (1, 1)
    assert f"belongs to scene {library.scene('merged_owner')}: both have an equal" in caplog.text
    error = library.dead()[scene]
    assert error.startswith("Ambiguous: 2 items have a file of this name and size")
    assert "What you can do: " in error


def test_nothing_is_called_ambiguous_while_a_library_is_unread(library: Site, data: Path) -> None:
    """What is not listed may hold the very item."""
    library.forget(data)
    broken = {"match": "/library/sections/3/all", "action": "status", "status": 503, "times": -1}
    library.both.plex.faults([broken])

    found = library.reconcile()

    library.both.plex.faults([])
    assert found["partial"]
    assert (found["ambiguous_count"], found["outside_count"]) == (0, 0)
    assert found["suggested_path_map"] == []
    assert library.reconcile()["ambiguous_count"] == EACH


def test_paths_are_hidden_where_they_are_to_be(library: Site, data: Path) -> None:
    library.forget(data)
    library.use(obfuscate_paths=True)
    ended = library.run("reconcile_all")
    library.use()
    lines = [line for line in ended.log.splitlines() if "is ambiguous: " in line]
    assert lines
    for line in lines:
        assert "path-" in line
        assert "/data/" not in line
        assert "/mnt/" not in line
