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
    assert [row[:2] for row in bulk.rows] == [
        ("6", "not at all"),
        ("6", "by processes"),
        ("6", "inside Stash"),
    ]
    noting, asking, requests, share = report.goals
    assert share.measured > 0
    assert noting.measured > 0
    assert asking.measured > 0
    assert requests.met
