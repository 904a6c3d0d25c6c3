"""How long jobs wait for scans of Plex."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from worker.locating.scan_wait import FIRST_WAIT, LONGEST_WAIT, pause


@given(st.floats(-1e9, 1e9))
def test_a_job_waits_longer_the_longer_it_has_waited(waited: float) -> None:
    assert FIRST_WAIT <= pause(waited) <= LONGEST_WAIT
    assert pause(waited) <= pause(waited + 60)
    assert pause(30.0) == 7.5
