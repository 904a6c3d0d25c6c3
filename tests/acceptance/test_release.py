"""Our locks taken off, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from app.tasks.undo import look_at_release, release, undo_last_run
from simulators.library.generate import generate
from tests.acceptance.conftest import Open
from tests.acceptance.faults import BUSY
from tests.acceptance.plex_state import differing, now
from tests.acceptance.site import Site

CASES = ("empty_no_agent", "drift_title", "extra_genre", "locked_fields", "handmade")
SCENES = 4 * len(CASES)


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(generate(SCENES, seed=12, only=CASES, cover_share=0.5))


@pytest.fixture
def site(library: Site, data: Path) -> Iterator[Site]:
    """The library, synced once."""
    library.forget(data)
    library.both.plex.load(library.both.seed)
    library.use(first_sync="mirror", max_clear_percent=100, sync_poster=True, sync_background=True)
    library.reconcile()
    library.drain()
    yield library
    library.both.plex.faults([])


def locks(site: Site) -> dict[str, list[str]]:
    items = site.both.plex.state()["items"].items()
    return {k: sorted(row["locked"]) for k, row in items if row["type"] not in ("show", "season")}


def seeded(site: Site) -> dict[str, list[str]]:
    return {
        str(item["rating_key"]): sorted(item["locked"])
        for section in site.both.seed["plex"]["sections"]
        for item in section["items"]
    }


def ours(site: Site) -> int:
    before, after = seeded(site), locks(site)
    return sum(len(set(after[key]) - set(before[key])) for key in before)


def test_our_locks_go_and_nothing_else_changes(site: Site) -> None:
    before, count = now(site), ours(site)
    names = {name for row in locks(site).values() for name in row}
    assert {"thumb", "art", "genre", "title"} <= names
    site.reset_counters()

    released = site.do(release)

    assert (released["unlocked"], released["kept"], released["failed"]) == (count, 0, 0)
    assert locks(site) == seeded(site)
    changed = differing(before, now(site))
    assert {name for row in changed.values() for name in row} == {"locked"}
    assert len(changed) == released["items"]
    # As few requests as there are sets of fields, and each item once.
    assert site.both.plex.counters()["writes"] < released["items"]
    with site.state() as state:
        (run,) = state.runs.latest("release")
        records = state.records.get_many(state.records.ids()).values()
    assert (run.status, run.figures["unlocked"]) == ("done", count)
    known = [field for r in records for item in r.items for field in item.fields.values()]
    assert known
    assert not any(field.locked for field in known)
    pictures = [each for record in records for each in record.pictures.pictures.values()]
    assert not any(each.locked for each in pictures)


def test_afterwards_there_is_nothing_to_release_or_to_sync(site: Site) -> None:
    site.do(release)
    site.reset_counters()

    again = site.do(release)

    assert (again["unlocked"], again["items"], site.writes()) == (0, 0, 0)
    assert site.reconcile()["total_gaps"] == 0
    # Plex locks the pictures that are put back.
    site.do(undo_last_run)
    assert locks(site) == seeded(site)


def test_a_look_unlocks_nothing(site: Site) -> None:
    before = locks(site)

    look = site.run("release", dry_run="true")

    assert locks(site) == before
    assert look.output["unlocked"] == ours(site)
    assert "would be taken off" in look.log
    assert site.do(look_at_release)["run_id"] is None


def test_what_the_user_changed_since_keeps_its_lock(site: Site) -> None:
    scene = site.scene("empty_no_agent")
    key = site.key(scene)
    site.hand_edit(key, summary="By hand.", genre=["Mine"])

    released = site.do(release)

    assert {"summary", "genre"} <= set(locks(site)[key])
    assert "title" not in locks(site)[key]
    assert released["kept"] == 2


def test_an_item_that_cannot_be_read_keeps_no_other_locked(site: Site) -> None:
    key = site.key(site.scene("drift_title"))
    before = locks(site)
    fails = {"action": "status", "status": 500, "times": -1}
    site.both.plex.faults([{"match": f"GET /library/metadata/([0-9]+,)*{key}[,?]", **fails}])

    released = site.do(release)

    assert (released["failed"], f":{key}: " in released["failures"][0]) == (1, True)
    assert locks(site) == {**seeded(site), key: before[key]}


def test_a_picture_that_the_user_chose_keeps_its_lock(site: Site) -> None:
    key, other = next(_second_pictures(site))
    site.both.plex.configure(clock_offset=5)  # Plex's times are whole seconds
    _choose(site, key, other)

    released = site.do(release)

    assert "thumb" in locks(site)[key]
    assert "art" not in locks(site)[key]
    assert released["kept"] == 1


def _second_pictures(site: Site) -> Iterator[tuple[str, str]]:
    """Items whose poster we chose and locked, and another that is on offer."""
    for key, row in locks(site).items():
        if "thumb" in set(row) - set(seeded(site)[key]):
            posters = site.both.plex.get(f"/library/metadata/{key}/posters")["Metadata"]
            yield from ((key, p["ratingKey"]) for p in posters if not p["selected"])


def _choose(site: Site, key: str, rating_key: str) -> None:
    answer = requests.put(
        f"{site.both.plex.url}/library/metadata/{key}/poster",
        params={"url": rating_key},
        headers={"X-Plex-Token": site.both.plex.token},
        timeout=10,
    )
    answer.raise_for_status()


def test_one_that_somebody_took_off_before_is_forgotten(site: Site) -> None:
    scene = site.scene("empty_no_agent")
    key = site.key(scene)
    site.both.plex.control("POST", "edit", {"key": key, "set": {"locked": []}, "lock": False})
    before = locks(site)[key]

    site.do(release)

    assert locks(site)[key] == before == []
    record = site.record(scene)
    assert record is not None
    assert not any(field.locked for field in record.items[0].fields.values())


def test_items_that_are_gone_and_servers_that_refuse(site: Site) -> None:
    site.drop_item(site.key(site.scene("empty_no_agent")))
    site.both.plex.configure(refuse_fields=["studio"])

    released = site.do(release)

    assert released["gone"] == 1
    assert released["failed"] == len(released["failures"]) > 0
    assert "Plex keeps studio locked" in released["failures"][0]
    record = site.record(site.scenes("empty_no_agent")[1])
    assert record is not None
    fields: dict[str, Any] = dict(record.items[0].fields)
    assert (fields["studio"].locked, fields["summary"].locked) == (True, False)


def test_interrupted_it_goes_on_at_the_next_start(site: Site) -> None:
    site.both.plex.faults([{"match": "PUT ", "after": 1, "times": -1, **BUSY}])
    assert "HTTP 503" in site.run("release").error
    site.both.plex.faults([])

    site.do(release)

    assert locks(site) == seeded(site)
