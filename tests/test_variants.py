"""The variants of Plex that `make variants` runs acceptance tests against; a few of them here."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulators.plex.switches import default_switches
from tests.variants import ROOT, SAMPLE, SAMPLED, TESTS, VARIANTS, run


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_turns_switches_that_there_are(name: str) -> None:
    defaults = default_switches()
    assert all(defaults[switch] != value for switch, value in VARIANTS[name].items())
    assert all(Path(ROOT, test).exists() for test in TESTS)


@pytest.mark.processes
@pytest.mark.parametrize("name", SAMPLED)
def test_a_sample_holds(name: str) -> None:
    ended = run(name, SAMPLE)
    assert ended.returncode == 0, ended.stdout
