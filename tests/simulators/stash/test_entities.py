"""Performers, studios and tags: their writes, and what these leave alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulators.stash.running import Stash, StashProcess, loaded, scene, seed

NOW = "2026-06-01T12:00:00+02:00"
BEFORE = "2025-02-01T10:00:00Z"


@pytest.fixture(scope="module")
def stash(stash_process: StashProcess) -> Iterator[Stash]:
    tagged = [scene(num, tag_ids=[1], performer_ids=[1], studio_id=2) for num in range(1, 60)]
    library = seed(*tagged, scene(99, tag_ids=[2], performer_ids=[2], studio_id=1))
    with loaded(stash_process, library) as client:
        client.tell("config", {"now": NOW, "offset": "+02:00"})
        yield client


def test_renaming_an_entity_moves_its_own_time_only(stash: Stash) -> None:
    tag = stash.data(
        'mutation { tagUpdate(input: {id: "1", name: "Evening"}) { name updated_at } }'
    )
    assert tag["tagUpdate"] == {"name": "Evening", "updated_at": NOW}
    shown = stash.scene(20, "tags { name } updated_at")
    assert shown == {"tags": [{"name": "Evening"}], "updated_at": BEFORE}


def test_destroying_and_merging_entities_moves_links_but_no_times(stash: Stash) -> None:
    made = stash.data('mutation { tagCreate(input: {name: "Temporary"}) { id } }')
    tag = made["tagCreate"]["id"]
    with stash.switched(now="2026-07-01T00:00:00Z"):
        for num in (30, 31):
            stash.edit("auto_tag", scene_id=num, tag_ids=[tag])
            stash.edit("set", kind="scene", id=num, attributes={"updated_at": BEFORE})
        stash.data(
            'mutation ($t: ID!) { tagsMerge(input: {source: [$t], destination: "3"}) { id } }',
            t=tag,
        )
    merged = stash.scene(30, "tags { name } updated_at")
    assert {row["name"] for row in merged["tags"]} >= {"4K"}
    assert merged["updated_at"] == BEFORE
    (destination,) = stash.data('{ findTags(ids: ["3"]) { tags { updated_at } } }')["findTags"][
        "tags"
    ]
    assert not destination["updated_at"].startswith("2026-07")
    stash.data('mutation { studioDestroy(input: {id: "2"}) }')
    assert stash.scene(32, "studio { id } updated_at") == {"studio": None, "updated_at": BEFORE}


def test_destroyed_entities_leave_those_they_were_linked_to(stash: Stash) -> None:
    stash.data('mutation { tagUpdate(input: {id: "3", parent_ids: ["2"]}) { id } }')
    stash.data('mutation { tagsDestroy(ids: ["2"]) }')
    stash.data('mutation { performersDestroy(ids: ["2"]) }')
    assert stash.data("{ findTag(id: 3) { parents { id } } }") == {"findTag": {"parents": []}}
    assert stash.scene(99, "performers { id }")["performers"] == []
