"""The oracle agrees with the truth, can be satisfied, and sees every kind of damage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from simulators.launch import Simulators
from simulators.library.generate import generate
from simulators.library.oracle import differences, expected, owners, untouched
from simulators.library.oracle_fields import SYNCED, FirstSync
from simulators.library.oracle_text import date_agrees, name_key, padded_date, safe_text
from simulators.seed import Seed
from tests.pool import Pool
from tests.simulators.plain_sync import sync

State = dict[str, Any]


@pytest.fixture(scope="module")
def seed() -> Seed:
    return generate(160)


@pytest.fixture(scope="module")
def running(pool: Pool, seed: Seed) -> Iterator[Simulators]:
    with pool.both(seed) as started:
        yield started


@pytest.fixture
def both(running: Simulators, seed: Seed) -> Simulators:
    """The servers with Plex as it was at first; Stash is only read."""
    running.plex.load(seed)
    return running


def _put(both: Simulators, path: str, **parameters: str) -> None:
    headers = {"X-Plex-Token": both.plex.token}
    url = f"{both.plex.url}{path}"
    requests.put(url, params=parameters, headers=headers, timeout=30).raise_for_status()


def _scene_of(both: Simulators, case: str) -> int:
    cases = both.truth["cases"]
    return next(int(scene) for scene, name in cases.items() if name == case)


def _item_of(both: Simulators, case: str) -> tuple[str, str]:
    """(section, rating key) of the item of a scene of that case."""
    section, _, key = both.truth["matches"][str(_scene_of(both, case))][0].partition(":")
    return section, key


def test_untouched_servers_show_what_the_truth_says(both: Simulators, seed: Seed) -> None:
    truth = seed["truth"]
    stash, plex = both.stash.state(), both.plex.state()
    expected_owners = {item: int(scene) for scene, own in truth["matches"].items() for item in own}
    assert owners(stash, plex, truth) == expected_owners
    assert untouched(plex, plex, truth) == []
    assert differences(stash, truth, plex, plex, scenes=truth["in_sync"]) == []
    everything = SYNCED
    lines = differences(stash, truth, plex, plex, fields=everything)
    wrong = {line.split(",")[0] for line in lines}
    gated = {int(scene) for scene in truth["matches"]} - set(truth["no_metadata"])
    assert len(wrong) == len(gated - set(truth["in_sync"]))


@pytest.mark.parametrize("first_sync", ["mirror", "merge"])
def test_a_careful_sync_satisfies_it(both: Simulators, seed: Seed, first_sync: FirstSync) -> None:
    truth = seed["truth"]
    stash, before = both.stash.state(), both.plex.state()
    sync(both.plex, stash, truth, first_sync)
    after = both.plex.state()
    assert differences(stash, truth, before, after, first_sync) == []
    assert untouched(before, after, truth) == []
    cleared = expected(stash, truth, before, first_sync=first_sync)
    section, key = _item_of(both, "cleared_studio")
    kept = cleared[f"{section}:{key}"]["studio"]
    assert kept == ("" if first_sync == "mirror" else "Old Mill Films")


@pytest.fixture
def own(pool: Pool, seed: Seed) -> Iterator[Simulators]:
    """Servers for one test that writes to Stash."""
    with pool.both(seed) as started:
        yield started


def test_what_left_stash_after_a_merge_has_to_leave_plex(own: Simulators, seed: Seed) -> None:
    truth, both = seed["truth"], own
    synced, before = both.stash.state(), both.plex.state()
    sync(both.plex, synced, truth, "merge")
    scene = _scene_of(both, "extra_genre")
    both.stash.graphql(
        "mutation($input: SceneUpdateInput!) { sceneUpdate(input: $input) { id } }",
        {"input": {"id": str(scene), "tag_ids": [], "details": "", "rating100": None}},
    )
    stash, between = both.stash.state(), both.plex.state()
    assert differences(stash, truth, before, between, "merge", [scene]) == []
    lines = differences(stash, truth, between, between, "merge", [scene], synced=synced)
    assert any("genres: wanted ['discarded tag']" in line for line in lines)
    assert any("summary: wanted ''" in line for line in lines)
    sync(both.plex, stash, truth, "merge", synced)
    after = both.plex.state()
    assert differences(stash, truth, between, after, "merge", synced=synced) == []


def test_every_kind_of_damage_is_seen(both: Simulators, seed: Seed) -> None:
    truth = seed["truth"]
    stash, before = both.stash.state(), both.plex.state()
    section, key = _item_of(both, "handmade")
    url = f"/library/sections/{section}/all"
    item = {"type": "1", "id": key}
    if section == "4":
        item["type"] = "4"
    _put(both, url, **item, **{"title.value": "Damaged", "label[].tag.tag-": "Mine"})
    _put(both, url, **item, **{"tagline.value": "Damaged", "collection[].tag": ""})
    _put(both, url, **item, **{"genre[0].tag.tag": "Damaged", "tagline.locked": "0"})
    foreign = next(name for name in truth["orphans"] if not name.startswith("4:"))
    place, _, number = foreign.partition(":")
    _put(both, f"/library/sections/{place}/all", type="1", id=number, **{"studio.value": "Ours"})
    after = both.plex.state()
    changed = "\n".join(untouched(before, after, truth))
    for words in ("label: was", "tagline: was", "collection: was", "tagline: no longer locked"):
        assert f"item {section}:{key}" in changed
        assert words in changed
    assert f"item {foreign}, studio: was" in changed
    different = "\n".join(differences(stash, truth, before, after))
    scene = _scene_of(both, "handmade")
    assert f"scene {scene} (handmade), item {section}:{key}, title: wanted" in different
    assert f"item {section}:{key}, genres: wanted" in different


def test_scanned_items_count_as_found_empty(both: Simulators, seed: Seed) -> None:
    truth = seed["truth"]
    stash, before = both.stash.state(), both.plex.state()
    for section in ("1", "2", "3", "4"):
        headers = {"X-Plex-Token": both.plex.token}
        url = f"{both.plex.url}/library/sections/{section}/refresh"
        requests.get(url, headers=headers, timeout=30).raise_for_status()
    scanned = both.plex.state()
    found = {int(scene) for scene, case in truth["cases"].items() if case == "missing_unscanned"}
    assert found <= set(owners(stash, scanned, truth).values())
    lines = differences(stash, truth, before, scanned, scenes=found)
    assert {int(line.split()[1]) for line in lines} == found
    sync(both.plex, stash, truth, "merge")
    assert differences(stash, truth, before, both.plex.state(), "merge", found) == []


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("a\x00b\x1fc\x7fd\x85e", "abcde"),
        ("one\r\ntwo\tthree\n", "one\ntwo\tthree"),
        ("\ufeffa\u200bb\u2060c\u202ad\u202ee\u2066f\u2069g", "abcdefg"),
        ("👨\u200d👩\u200d👧 ❤\ufe0f  ", "👨\u200d👩\u200d👧 ❤\ufe0f"),
        ("e\u0301", "é"),
    ],
)
def test_safe_text(text: str, safe: str) -> None:
    assert safe_text(text) == safe


def test_names_compare_by_case_and_composition() -> None:
    assert name_key("ŽIŽKA") == name_key("Z\u030ciz\u030cka")
    assert name_key("Ana") != name_key("Anna")


@pytest.mark.parametrize(
    ("stash", "plex", "agrees", "padded"),
    [
        ("2019", "2019-12-31", True, "2019-01-01"),
        ("2019", "2020-01-01", False, "2019-01-01"),
        ("2019-02", "2019-02-28", True, "2019-02-01"),
        ("2019-02", "2019-12-02", False, "2019-02-01"),
        ("2019-02-03", "2019-02-03", True, "2019-02-03"),
        ("2019-02-03", None, False, "2019-02-03"),
    ],
)
def test_dates(stash: str, plex: str | None, agrees: bool, padded: str) -> None:
    assert date_agrees(stash, plex) is agrees
    assert padded_date(stash) == padded
