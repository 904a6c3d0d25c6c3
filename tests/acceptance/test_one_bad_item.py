"""One item that Plex fails for, whatever it is asked, is charged alone; all others are done."""

from __future__ import annotations

import pytest

from core.paths import PathMap, lies_in_any
from simulators.library.generate import generate
from tests.acceptance.conftest import Open
from tests.acceptance.faults import Fault, differing
from tests.acceptance.site import Site

CASES = ("empty_no_agent", "empty_agent", "stale", "drift_title", "extra_genre", "missing_inside")
SPOILS: Fault = {"action": "status", "status": 500, "times": -1}


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(generate(3 * len(CASES), seed=9, only=CASES))


def spoil(site: Site, scene: int) -> None:
    """The scene's item makes each answer fail that holds it, and each edit that names it."""
    key = site.key(scene)
    held = {"match": "^GET /library/", "holds": f'"ratingKey":"{key}"', **SPOILS}
    named = {"match": f"^PUT .*[?&]id=([0-9]+(%2C|,))*{key}\\b", **SPOILS}
    site.both.plex.faults([held, named])


def sections_of(site: Site, scene: int) -> set[str]:
    """The libraries in whose folders the scene's file lies."""
    with site.context() as context:
        paths = PathMap(context.settings.path_map)
    seed = site.both.seed
    (raw,) = (each for each in seed["stash"]["scenes"] if each["id"] == scene)
    spots = paths.to_plex(raw["files"][0]["path"])
    sections = seed["plex"]["sections"]
    return {str(s["key"]) for s in sections if lies_in_any(spots, s["locations"])}


def test_it_is_passed_over_and_named_and_not_called_missing(site: Site) -> None:
    bad = site.scene("drift_title")
    spoil(site, bad)

    found = site.reconcile()

    section = site.items(bad)[0].partition(":")[0]
    elsewhere = [s for s in site.scenes("missing_inside") if section not in sections_of(site, s)]
    assert found["partial"]
    (told,) = found["errors"]
    assert "1 of the items in library" in told
    assert bad not in site.queued()
    assert found["missing_count"] == len(elsewhere)
    drained = site.drain()
    assert drained["failed"] == 0
    assert differing(site) - set(site.scenes("missing_inside")) == {bad}


def test_its_job_alone_waits_and_all_comes_right_when_it_is_mended(site: Site) -> None:
    bad = site.scene("drift_title")
    site.reconcile()
    queued = set(site.queued())
    spoil(site, bad)

    drained = site.drain()

    missing = set(site.scenes("missing_inside"))
    assert set(site.queued()) - missing == {bad}
    assert drained["succeeded"] == len(queued - missing) - 1
    assert differing(site) - missing == {bad}
    site.both.plex.faults([])
    site.drain(lambda: 3e9)
    site.reconcile()
    site.drain(lambda: 3e9)
    assert differing(site) - missing == set()


def test_scenes_whose_items_were_read_are_spared_next_time(site: Site) -> None:
    site.reconcile()
    site.drain()
    bad = site.scene("drift_title")
    spoil(site, bad)

    assert site.reconcile()["partial"]

    synced = {scene for case in CASES[:-1] for scene in site.scenes(case)}
    with site.state() as state:
        assert state.verdicts.get_many(synced).keys() == synced - {bad}
    site.both.plex.faults([])
    site.hand_edit(site.key(bad), title="Somebody's")
    site.hand_edit(site.key(site.scene("stale")), title="Somebody's as well")
    assert site.reconcile()["drift_count"] == 2


def test_one_that_cannot_be_read_whole_is_not_taken_for_compared(site: Site) -> None:
    site.reconcile()
    site.drain()
    bad = site.scene("extra_genre")
    site.both.plex.configure(clock_offset=60)
    site.hand_edit(site.key(bad), genre=["Somebody's"])
    site.both.plex.configure(clock_offset=0)
    whole = f"^GET /library/metadata/([0-9]+,)*{site.key(bad)}[,?]"
    site.both.plex.faults([{"match": whole, **SPOILS}])

    for _ in range(2):  # nor the next time
        found = site.reconcile()
        (told,) = found["errors"]
        assert (found["drift_count"], f"scene {bad} (" in told) == (0, True)
    site.both.plex.faults([])

    assert site.reconcile()["drift_count"] == 1
