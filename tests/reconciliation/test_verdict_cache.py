"""What a verdict rests on, and when none may be kept; the whole of it is tested in acceptance."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from core.desired import SyncPolicy
from core.fields import FIELDS
from core.matching.index import BIG_BUCKET
from core.matching.match_outcome import Claim, Evidence, SceneMatch
from core.models import ItemRef, ListedItem, MediaFile, Section
from core.paths import PathMap
from core.records import ItemRecord, Record
from plex.cache import PlexCache
from plex.library import PlexSnapshot
from reconciliation import verdict_cache
from reconciliation.verdict_cache import VerdictCache, Verified, rules_digest
from stash.mapping import SceneReader, UnreadScene
from storage.files.scratch import Scratch
from storage.plex_index.saved_index import ItemQuery
from storage.state import State
from storage.state_tables.verdicts import GapOutcome
from tests.stored import verdict_count

SECTION = Section("1", "Films", "movie", "tv.plex.agents.movie", ("/m",), refreshing=False)
OWN = ItemRef("1", "1")
OWN_FILE = MediaFile("/m/own/scene.mp4", 500, 60.0)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with State(tmp_path, pytest.fail) as opened:
        opened.records.save_many([record(1), record(2)])
        yield opened


def record(scene_id: int) -> Record:
    ref = ItemRef("1", str(scene_id))
    files = (MediaFile(f"/s/{scene_id}/scene.mp4", 500, 60.0),)
    item = ItemRecord(ref, ("/m/own/scene.mp4",), 5, {})
    return Record(scene_id, 10.0, "print", files, None, (), (), (item,))


Side = Callable[..., PlexSnapshot]


@pytest.fixture
def side(tmp_path: Path) -> Iterator[Side]:
    """Makes the saved index one of these files, all of which are looked at."""
    with PlexCache(tmp_path) as cache:

        def made(files: Mapping[ItemRef, MediaFile], updated_at: int | None = 5) -> PlexSnapshot:
            listing = cache.listing("1")
            listing.add(
                [
                    ListedItem(ref, (file,), ("t", "", "", "", None), False, False, 1, updated_at)
                    for ref, file in files.items()
                ]
            )
            assert listing.keep(1.0, cache.code(), is_whole=True)
            found = PlexSnapshot({"1": SECTION}, cache, {"1": len(files)}, big=cache.big_names())
            found.focus(ItemQuery(refs=set(files)))
            return found

        yield made


Cached = Callable[..., VerdictCache]


@pytest.fixture
def cache_of(state: State) -> Iterator[Cached]:
    with contextlib.ExitStack() as stack:

        def made(plex: PlexSnapshot, *pairs: tuple[str, str]) -> VerdictCache:
            scratch = stack.enter_context(Scratch())
            return VerdictCache(state.verdicts, plex, PathMap(pairs), b"rules", scratch)

        yield made


def fetched(scene_id: int, size: int | None = 500) -> UnreadScene:
    file: dict[str, Any] = {"path": f"/s/{scene_id}/scene.mp4", "size": size, "duration": 60.0}
    return UnreadScene(scene_id, {"id": str(scene_id), "files": [file]}, SceneReader())


def match(scene_id: int) -> SceneMatch:
    claim = Claim(ItemRef("1", str(scene_id)), Evidence.VERIFIED, 0, 1, Evidence.SIZE)
    return SceneMatch(scene_id, (claim,), ())


def test_a_scene_that_nothing_has_changed_for_stands(
    state: State, side: Side, cache_of: Cached
) -> None:
    first = cache_of(side({OWN: OWN_FILE}))
    assert first.unchanged([fetched(1)]) == []
    first.note(fetched(1).read(), match(1), record(1))
    first.save(())

    ((scene, verdict),) = cache_of(side({OWN: OWN_FILE})).unchanged([fetched(1)])

    assert (scene.id, verdict.claims) == (1, match(1).claims)


def test_a_scene_that_was_looked_at_twice_is_looked_at_again(
    state: State, side: Side, cache_of: Cached
) -> None:
    run = cache_of(side({OWN: OWN_FILE}))
    run.unchanged([fetched(1)])
    for _ in range(2):
        run.note(fetched(1).read(), match(1), record(1))
    run.save(())

    assert verdict_count(state) == 0


def test_an_item_that_never_says_when_it_changed_is_looked_at_each_time(
    state: State, side: Side, cache_of: Cached
) -> None:
    run = cache_of(side({OWN: OWN_FILE}, updated_at=None))
    run.unchanged([fetched(1)])
    run.note(fetched(1).read(), match(1), record(1))
    run.save(())

    assert list(state.verdicts.with_outcome(GapOutcome.TIMELESS)) == [[1]]
    again = cache_of(side({OWN: OWN_FILE}, updated_at=None))
    assert again.unchanged([fetched(1)]) == []


def test_a_file_that_the_path_map_renames_may_be_another_item_by_now(
    state: State, side: Side, cache_of: Cached
) -> None:
    pair = ("/s/1/scene.mp4", "/m/other/film.mp4")
    run = cache_of(side({OWN: OWN_FILE}), pair)
    run.unchanged([fetched(1)])
    run.note(fetched(1).read(), match(1), record(1))
    run.save(())
    assert verdict_count(state) == 1

    appeared = {ItemRef("1", "9"): MediaFile("/m/other/film.mp4", 500, 60.0)}
    again = cache_of(side({OWN: OWN_FILE, **appeared}), pair)

    assert again.unchanged([fetched(1)]) == []


def test_among_hundreds_of_one_name_a_size_of_0_is_not_an_unknown_one(
    state: State, side: Side, cache_of: Cached
) -> None:
    """A scene without a size may be any of them; one that is empty may not."""
    crowd = {
        ItemRef("1", str(key)): MediaFile(f"/m/{key}/scene.mp4", key, 60.0)
        for key in range(2, BIG_BUCKET + 10)
    }
    scenes = [fetched(1, size=0), fetched(2, size=None)]
    first = cache_of(side({OWN: OWN_FILE, **crowd}))
    first.unchanged(scenes)
    for scene in scenes:
        first.note(scene.read(), match(scene.id), record(scene.id))
    first.save(())
    assert verdict_count(state) == 2

    gone = ItemRef("1", str(BIG_BUCKET))
    fewer = {ref: file for ref, file in crowd.items() if ref != gone}
    unchanged = cache_of(side({OWN: OWN_FILE, **fewer})).unchanged(scenes)

    assert [scene.id for scene, _ in unchanged] == [1]


def test_verdicts_rest_on_the_rules_of_the_code_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    sync_policy = SyncPolicy(frozenset(field.name for field in FIELDS))
    before = rules_digest(sync_policy, PathMap(), [SECTION])
    assert rules_digest(sync_policy, PathMap(), [SECTION]) == before

    monkeypatch.setattr(verdict_cache, "RULES", ("core",))

    assert rules_digest(sync_policy, PathMap(), [SECTION]) != before


def test_where_no_item_has_changed_only_the_scene_counts(
    state: State, side: Side, tmp_path: Path
) -> None:
    plex = side({OWN: OWN_FILE})

    def cache(verified: Verified | None, rules: bytes = b"rules") -> VerdictCache:
        return VerdictCache(state.verdicts, plex, PathMap(), rules, scratch, verified)

    with Scratch() as scratch:
        first = cache(None)
        first.unchanged([fetched(1)])
        first.note(fetched(1).read(), match(1), record(1))
        first.save(())
    plex.counts.clear()  # nothing that is looked up would be found

    with Scratch() as scratch:
        known = cache(first.verified)
    assert [scene.id for scene, _ in known.unchanged([fetched(1)])] == [1]
    assert known.unchanged([fetched(1, size=501)]) == []
    with Scratch() as scratch:
        assert cache(first.verified, b"others").unchanged([fetched(1)]) == []
    plex.unknown["2"] = "it did not answer"
    with Scratch() as scratch:
        assert cache(first.verified).unchanged([fetched(1)]) == []


@pytest.mark.parametrize(
    ("path", "updated_at", "stands"),
    [
        ("/m/else/other.mp4", 5, True),
        ("/m/else/scene.mp4", 5, False),
        ("/m/else/other.mp4", 6, False),  # its own item was edited, too
    ],
)
def test_what_moves_in_plex_concerns_only_scenes_with_such_an_item_or_name(
    state: State, side: Side, path: str, updated_at: int, *, stands: bool
) -> None:
    plex = side({OWN: OWN_FILE})
    with Scratch() as scratch:
        first = VerdictCache(state.verdicts, plex, PathMap(), b"rules", scratch)
        first.unchanged([fetched(1)])
        first.note(fetched(1).read(), match(1), record(1))
        first.save(())
    plex.cache.moves.watch(first.verified.items)
    moved = side({OWN: OWN_FILE, ItemRef("1", "9"): MediaFile(path, 500, 60.0)}, updated_at)
    moved.counts.clear()  # nothing that is looked up would be found

    with Scratch() as scratch:
        known = VerdictCache(state.verdicts, moved, PathMap(), b"rules", scratch, first.verified)

    assert bool(known.unchanged([fetched(1)])) is stands
