"""The benchmark of the hooks counts what it says it counts. Times are never judged here."""

from __future__ import annotations

import benchmarks.hooks
from benchmarks.amounts import Plan
from benchmarks.hooks import measure_hooks
from tests.pool import Pool


def test_hooks_are_measured_alone_and_in_bulk(pool: Pool) -> None:
    with pool.lent_to(benchmarks.hooks):
        report = measure_hooks(Plan(hooks=1, bulk=3), lambda _text: None)

    single, bulk = report.sheets
    assert len(single.rows) == 4
    assert [row[:2] for row in bulk.rows] == [
        ("3", "not at all"),
        ("3", "by processes"),
        ("3", "inside Stash"),
    ]
    noting, asking, requests, share = report.goals
    assert share.measured > 0
    assert noting.measured > 0
    assert asking.measured > 0
    assert requests.met
