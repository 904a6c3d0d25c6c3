"""The log of each task, as somebody sees it who opens Stash's page of it afterwards: its last 30
lines, of which the newest says what the task came to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from shell.logs import EXAMPLES
from simulators.library.generate import generate
from tests.acceptance.conftest import Open
from tests.acceptance.faults import BUSY
from tests.acceptance.site import Site

WINDOW = 30
SCENES = 120
# In this order: one finds what the one before has left.
TASKS = [
    *("health_check", "queue_status", "reconcile_all", "process_queue", "reconcile_all"),
    *("sync_everything", "queue_status", "undo_last_run", "release", "all", "sync_changes"),
    *("confirm_stopped_run", "clear_queue", "outage_summary", "recover_outage_jobs"),
]


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(generate(SCENES, seed=5, cover_share=0.1))


@pytest.fixture
def site(library: Site, data: Path) -> Iterator[Site]:
    library.forget(data)
    library.use()
    yield library
    library.both.plex.faults([])


def lines(log: str) -> list[str]:
    """Without what is quoted: paths, titles and names are what they are."""
    plain = re.sub(r"“[^”]*”|\B'[^'\n]*'\B|\([^()\n]*/[^()\n]*\)", "…", log)
    found = plain.splitlines()
    assert not [line for line in found if re.search(r"\b[a-z]+_[a-z_]+\b|[{}]|None|True", line)]
    return found


def numbers(line: str) -> list[int]:
    return [int(number) for number in re.findall(r"\b\d+\b", re.sub(r"\([^)]*\)", "", line))]


def test_every_task_can_be_read_in_one_window(site: Site) -> None:
    for task in TASKS:
        told = lines(site.run(task).log)
        assert 1 <= len(told) <= WINDOW, task
        if task not in ("health_check", "queue_status"):
            assert told[-1].endswith("."), task


def test_a_preview_ends_with_what_it_is_about(site: Site) -> None:
    told = lines(site.run("reconcile_preview").log)

    assert told[-1].endswith("Nothing was written.")
    scenes, *parts = numbers(told[-1].partition(" of ")[2])
    assert scenes == sum(parts)
    assert len([line for line in told if line.startswith("would change: ")]) == EXAMPLES
    assert any(re.match(r"and \d+ more lines like: would change", line) for line in told[-2:])


def test_the_numbers_of_a_reconcile_add_up(site: Site) -> None:
    for _ in range(2):
        ended = site.run("reconcile_all")
        found = lines(ended.log)[-1].partition(". ")
        scenes, *parts = numbers(found[0])
        assert scenes == sum(parts) == SCENES
        site.run("process_queue")


def test_the_numbers_of_a_drain_add_up(site: Site) -> None:
    site.run("reconcile_all")

    told = lines(site.run("process_queue").log)

    scenes, *parts = numbers(told[-1].partition(";")[0])
    assert scenes == sum(parts) > 0
    assert len([line for line in told if "will be tried again" in line]) == EXAMPLES + 1


@pytest.mark.parametrize("task", ["reconcile_all", "process_queue", "sync_everything"])
def test_a_task_that_failed_says_what_waits_and_what_sends_it(site: Site, task: str) -> None:
    site.run("all")
    site.both.plex.faults([{"match": "", "times": -1, **BUSY}])

    error = site.run(task).error

    assert re.search(r"\d+ changes wait( for Plex)?; .*sends what waits", error)


def test_bad_settings_are_told_before_what_waits(site: Site) -> None:
    site.run("all")
    site.use(plex_url="")

    *_, last = site.run("process_queue").error.splitlines()

    assert re.match(r"\d+ changes wait; the task 'Process Queue' sends what waits", last)
