"""What all tests share: the simulators, which tests start processes, where temporary files lie, and
how Hypothesis searches.

The same examples every time, and no time limit for one of them: a test that fails does so for
everybody, and a slow machine is no failure. HYPOTHESIS_PROFILE=explore looks for new examples,
"thorough" takes three times as many, "quick" is for `make check`.
"""

from __future__ import annotations

import contextlib
import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import coverage
import hypothesis
import pytest
from xdist.scheduler import LoadFileScheduling

from simulators.launch import PlexHandle, Simulators
from tests.contract.servers import seed_of
from tests.pool import TOKEN, Measuring, Pool

gc.disable()  # until all tests are collected

# SQLite waits for the disk at every commit, which no test can see: half of the time of many.
MEMORY = Path("/dev/shm")
ROOM = 2**30  # bytes; containers are often given far less
if "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
    os.environ["TMPDIR"] = str(MEMORY)
    tempfile.tempdir = None  # looked up anew

SLOW = [hypothesis.HealthCheck.too_slow]
hypothesis.settings.register_profile(
    "same", deadline=None, derandomize=True, max_examples=33, suppress_health_check=SLOW
)
hypothesis.settings.register_profile(
    "thorough", deadline=None, derandomize=True, max_examples=100, suppress_health_check=SLOW
)
hypothesis.settings.register_profile(
    "explore", deadline=None, max_examples=1000, suppress_health_check=SLOW
)
hypothesis.settings.register_profile(
    "quick", deadline=None, derandomize=True, max_examples=20, suppress_health_check=SLOW
)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


# What makes coverage start in a process.
MEASURING = "COVERAGE_PROCESS_CONFIG"


@pytest.fixture(scope="session", autouse=True)
def measuring() -> Iterator[Measuring]:
    """Has the processes of a block measured. No others are: it would be half of all time."""
    value = os.environ.get(MEASURING)

    @contextlib.contextmanager
    def measured() -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            if value is not None:
                patch.setenv(MEASURING, value)
            yield

    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(MEASURING, raising=False)
        yield measured


class Pauses:
    """Lets coverage pause for tests that are not measured and their fixtures, from the first of
    them in a row to the last: to stop it and go on takes longer than many a test. It pauses as well
    while tests are collected, but in the first of several processes: all import the same."""

    def __init__(self) -> None:
        # In a process of xdist there are two: who is stopped first has the other go on.
        self._paused: list[coverage.Coverage] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        if os.environ.get("PYTEST_XDIST_WORKER", "gw0") != "gw0":
            self._pause()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        if item.get_closest_marker("unmeasured") is None:
            self._go_on()
        else:
            self._pause()
        result = yield
        if nextitem is None:
            self._go_on()
        return result

    def _pause(self) -> None:
        while running := coverage.Coverage.current():
            running.stop()
            self._paused.append(running)

    def _go_on(self) -> None:
        if not self._paused:
            return
        value = os.environ.get(MEASURING)
        while self._paused:
            self._paused.pop().start()
        os.environ.pop(MEASURING, None)  # else all processes would be measured from then on
        if value is not None:
            os.environ[MEASURING] = value


@pytest.fixture
def measured(measuring: Measuring) -> Iterator[None]:
    """For tests whose processes are to be measured."""
    with measuring():
        yield


@pytest.fixture(scope="session")
def pool() -> Iterator[Pool]:
    """Running simulators."""
    with contextlib.ExitStack() as exits:
        yield Pool(exits)


@pytest.fixture(scope="session")
def process(measuring: Measuring) -> Iterator[PlexHandle]:
    """A Plex for tests that load their own library, measured."""
    with contextlib.ExitStack() as exits:
        with measuring():
            pair = exits.enter_context(Simulators(seed_of(), token=TOKEN))
        yield pair.plex


# Whoever uses one of these starts a process; other tests that do have the mark `processes`.
STARTING = frozenset({"pool", "process", "stash_process", "release"})
SPARED = "not processes"
# Whatever these files reach, quicker ones do: without them coverage is one per cent less.
UNMEASURED = frozenset(
    f"test_{name}"
    for name in (
        *("access", "benchmarks", "clear_guard", "client_server", "dates", "docs_site", "edits"),
        *("faults", "field_rows", "foreign", "gaps", "generate", "half_updated", "history"),
        *("hook_bench", "image_sync", "jobs", "listing", "many_bad_items", "matcher", "matching"),
        *("merge_list_tables", "merge_tables", "metadata", "oracle", "ownership"),
        *("peculiar_servers", "planning", "planning_tables", "plans", "plexapi"),
        *("prefix_votes_laws", "processes", "real_plugin", "recent_items", "running_jobs", "scan"),
        *("scene_source", "schema", "section_reuse", "settings", "stash_entries"),
        *("strange_answers", "text", "untouched", "variants", "views", "whole_items", "zip"),
    )
)
# The folders of which all files are one to those who share them: each has one browser, one release.
WHOLE = ("ui", "release")
# What takes longest, longest first.
LONG = (
    *("ui", "fault_matrix", "kills", "always_on", "failing_reconcile", "schedule", "failing_drain"),
    *("release", "shared_edits", "guards", "entity_changes", "always_on_bursts", "settled"),
    *("hand_edits", "scans_elsewhere", "schedule_days", "picture_outages", "launch", "outages"),
    *("first_sync", "undo_killed", "limits", "demo", "schedule_in_stash", "through_stash"),
    *("large_library", "variants", "random_faults", "page_live", "moves"),
)


def share_of(nodeid: str) -> str:
    """What one process takes as a whole: a file, or a folder."""
    path = nodeid.partition("::")[0]
    return next((name for name in WHOLE if path.startswith(f"tests/{name}/")), path)


class Sharing(LoadFileScheduling):  # type: ignore[misc]
    """Who tests what."""

    def _split_scope(self, nodeid: str) -> str:
        return share_of(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Sharing:
    """Instead of the scheduler of `--dist`."""
    return Sharing(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that start processes by a fixture, and those whose coverage says nothing new.

    Measuring takes as long as the test itself, and laws do many times what examples do.

    Long files come first, and then those that start simulators: at the end, when some processes
    have nothing left to do, there are only short ones. Files that are not measured stand together.
    """
    for item in items:
        if not isinstance(item, pytest.Function):
            continue
        if not STARTING.isdisjoint(item.fixturenames):
            item.add_marker(pytest.mark.processes)
        if hypothesis.is_hypothesis_test(item.function) or item.path.stem in UNMEASURED:
            item.add_marker(pytest.mark.unmeasured)
    starting = {item.path for item in items if item.get_closest_marker("processes")}
    ranks = {name: rank for rank, name in enumerate(LONG)}

    def place(item: pytest.Item) -> tuple[int, bool, bool]:
        name = Path(share_of(item.nodeid)).stem
        rank = ranks.get(name.removeprefix("test_"), len(LONG))
        return rank, item.path not in starting, name in UNMEASURED

    items.sort(key=place)


def pytest_collection_finish() -> None:
    """What is there by now stays: Python need not look through it for cycles again and again."""
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_configure(config: pytest.Config) -> None:
    """Where tests with processes are left out, no other test may start a Python."""
    config.pluginmanager.register(Pauses())

    def watch(event: str, args: tuple[object, ...]) -> None:
        if event == "subprocess.Popen" and args[0] == sys.executable:
            raise AssertionError("this test starts a process: it needs the mark 'processes'")

    if config.option.markexpr == SPARED and "PYTEST_XDIST_WORKER" in os.environ:
        sys.addaudithook(watch)
