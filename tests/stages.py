"""The stage of the benchmarks without its processes, for tests of what is counted there."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import pytest

from benchmarks import simulated_servers
from benchmarks.meter import Usage, measure
from tests.acceptance.entry import run_here
from tests.pool import Pool


def usage_here(command: Sequence[str], given: bytes, env: Mapping[str, str]) -> Usage:
    """What `benchmarks.meter.measure` tells, of a task within this process; hooks keep theirs."""
    if b'"hookContext"' in given:
        return measure(command, given, env)
    wall, cpu = time.perf_counter(), time.process_time()
    ended = run_here(given, env)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Usage(wall, cpu, 1, ended.status, ended.stdout.decode(), ended.stderr.decode())


@contextmanager
def lent_stage(pool: Pool) -> Iterator[None]:
    """Stages have simulators of the pool and run the plugin in this process, for a block."""
    with pool.lent_to(simulated_servers), pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulated_servers, "measure", usage_here)
        yield
