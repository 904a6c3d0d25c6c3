"""The benchmark of the hooks counts what it says it counts. Times are never judged here."""

from __future__ import annotations

import pytest

from benchmarks.hooks import measure_hooks
from benchmarks.plan import Plan

pytestmark = pytest.mark.processes


def test_hooks_are_measured_alone_and_in_bulk() -> None:
    report = measure_hooks(Plan(hooks=2, bulk=6), lambda _text: None)

    single, bulk = report.sheets
    assert len(single.rows) == 4
    assert bulk.rows[0][0] == "6"
    noting, asking, requests = report.goals
    assert noting.measured > 0
    assert asking.measured > 0
    assert requests.met
