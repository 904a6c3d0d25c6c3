"""What Stash changes without a word (facts: when does a scene's `updated_at` move?) in one library:
the next reconcile finds exactly those scenes, and the one after it finds nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from simulators.library.generate import generate
from tests.acceptance.conftest import Open
from tests.acceptance.faults import differing
from tests.acceptance.oracle_check import picture
from tests.acceptance.site import Site
from tests.acceptance.synced_library import raw_scene

LISTS, UNTITLED, PAIRS = "in_sync_lists", "untitled_file_name", "two_files_two_items"
CASES = (LISTS,) * 12 + (UNTITLED,) + (PAIRS,) * 2
SCENES = 2 * len(CASES)
PICTURE = "a picture made by a task"


class Silent:
    """One kind of change a method; each tells the scenes that Plex has to hear of."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.bared: set[int] = set()  # have lost their cover, so Plex keeps its picture
        self._unused: dict[str, Iterator[int]] = {
            case: iter(site.scenes(case)) for case in set(CASES)
        }

    def take(self, case: str = LISTS) -> int:
        """A scene that no other change has."""
        return next(self._unused[case])

    def entity(self, kind: str, name: str, *scenes: int) -> int:
        """A performer, tag or studio of its own, that these scenes show already."""
        num: int = self.site.behind("create", kind=kind, values={"name": name})["id"]
        for scene in scenes:
            raw = raw_scene(self.site, scene)
            values = {
                "performer": {"performer_ids": [*raw["performer_ids"], num]},
                "tag": {"tag_ids": [*raw["tag_ids"], num]},
                "studio": {"studio_id": num},
            }[kind]
            self.site.behind("edit_scene", scene_id=scene, values=values)
        return num

    def do(self, action: str, **parameters: Any) -> None:
        self.site.behind(action, **parameters)

    def file(self, scene: int, place: int = 0) -> Any:
        return raw_scene(self.site, scene)["files"][place]


Change = Callable[[], set[int]]


def of_times_that_move(silent: Silent) -> dict[str, Change]:
    """Changes that move `updated_at`."""
    tagged, covered, first_cover, uncovered = (silent.take() for _ in range(4))
    source, target, dropped, grown, same = (
        silent.take(), silent.take(), silent.take(PAIRS), silent.take(), silent.take(),
    )  # fmt: skip
    tag = silent.entity("tag", "Auto Tag")
    performer = silent.entity("performer", "Auto Performer")
    for scene in (covered, uncovered):
        silent.do("cover", scene_id=scene, cover="a picture that was there")

    def auto_tag() -> set[int]:
        silent.do("auto_tag", scene_id=tagged, tag_ids=[tag], performer_ids=[performer])
        return {tagged}

    def covers() -> set[int]:
        for scene in (covered, first_cover):
            silent.do("cover", scene_id=scene, cover=f"{PICTURE} {scene}")
        silent.do("cover", scene_id=uncovered, cover=None)
        silent.bared.add(uncovered)
        return {covered, first_cover, uncovered}

    def merge_scenes() -> set[int]:
        silent.do("merge_scenes", source=[source], destination=target)
        return {target}

    def clean_drops_a_file() -> set[int]:
        silent.do("drop_file", file_id=silent.file(dropped, 1)["id"])
        return {dropped}

    def another_file() -> set[int]:
        file = {"path": "/data/new.mp4", "size": 77, "duration": 7.0, "oshash": "0" * 15 + "7"}
        silent.do("attach_file", scene_id=grown, file=file)
        return {grown}

    def saved_as_it_is() -> set[int]:
        silent.do("edit_scene", scene_id=same, values={})
        return {same}

    return _named(auto_tag, covers, merge_scenes, clean_drops_a_file, another_file, saved_as_it_is)


def of_times_that_stay(silent: Silent) -> dict[str, Change]:
    """Changes of files and by an import, of which `updated_at` tells nothing."""
    moved, untitled, folder, giver, heir, lost, imported = (
        silent.take(), silent.take(UNTITLED), silent.take(UNTITLED), silent.take(PAIRS),
        silent.take(), silent.take(PAIRS), silent.take(),
    )  # fmt: skip

    def move_files() -> set[int]:
        """Plex shows a file's name only where a scene has no title."""
        for scene in (moved, untitled):
            path = f"/data/moved/by hand {scene}.mp4"
            silent.do("move_file", file_id=silent.file(scene)["id"], path=path)
        return {untitled}

    def rename_folder() -> set[int]:
        path = silent.file(folder)["path"].rpartition("/")[0]
        silent.do("rename_folder", path=path, to=f"{path} renamed")
        return set()

    def assign_file() -> set[int]:
        silent.do("assign_file", scene_id=heir, file_id=silent.file(giver, 1)["id"])
        return {heir}

    def delete_file() -> set[int]:
        """The item in Plex is nobody's then, and stays as it is."""
        silent.do("delete_file", file_id=silent.file(lost, 1)["id"])
        return set()

    def metadata_import() -> set[int]:
        values = {"details": "From a backup."}
        silent.do("set", kind="scene", id=imported, attributes=values)
        return {imported}

    return _named(move_files, rename_folder, assign_file, delete_file, metadata_import)


def of_entities(silent: Silent) -> dict[str, Change]:
    """Changes of performers, tags and studios."""
    kinds = ("performer", "tag", "studio")
    renamed = {kind: {silent.take(), silent.take()} for kind in kinds}
    destroyed = {kind: {silent.take()} for kind in kinds}
    merged = {kind: {silent.take()} for kind in ("performer", "tag")}
    to_rename = {
        kind: silent.entity(kind, f"A {kind}", *scenes) for kind, scenes in renamed.items()
    }
    to_destroy = {
        kind: silent.entity(kind, f"Not a {kind} for long", *scenes)
        for kind, scenes in destroyed.items()
    }
    to_merge = {
        kind: silent.entity(kind, f"Another {kind}", *scenes) for kind, scenes in merged.items()
    }
    into = {kind: silent.entity(kind, f"The one {kind}") for kind in merged}

    def rename() -> set[int]:
        for kind, num in to_rename.items():
            silent.do("update", kind=kind, id=num, values={"name": f"The {kind}, renamed"})
        return set().union(*renamed.values())

    def destroy() -> set[int]:
        for kind, num in to_destroy.items():
            silent.do("destroy", kind=kind, id=num)
        return set().union(*destroyed.values())

    def merge() -> set[int]:
        silent.do("merge_tags", source=[to_merge["tag"]], destination=into["tag"])
        silent.site.both.stash.configure(version="v0.31.0")
        mutation = "mutation($i: PerformerMergeInput!) { performerMerge(input: $i) { id } }"
        given = {"source": [str(to_merge["performer"])], "destination": str(into["performer"])}
        silent.site.both.stash.graphql(mutation, {"i": given})
        return set().union(*merged.values())

    return _named(rename, destroy, merge)


def of_nothing_for_plex(silent: Silent) -> dict[str, Change]:
    """Changes that Plex has no place for."""
    played = silent.take()
    other = {
        kind: silent.entity(kind, f"Quiet {kind}", played) for kind in ("performer", "tag")
    } | {"studio": silent.entity("studio", "Quiet studio")}

    def play() -> set[int]:
        silent.do("play", scene_id=played)
        silent.do("count_o", scene_id=played)
        silent.do("set", kind="scene", id=played, attributes={"organized": True, "code": "X-1"})
        return set()

    def describe() -> set[int]:
        for kind, num in other.items():
            silent.do("update", kind=kind, id=num, values={"name": f"QUIET {kind}"})
        silent.do("update", kind="tag", id=other["tag"], values={"description": "In more words."})
        return set()

    return _named(play, describe)


def _named(*changes: Change) -> dict[str, Change]:
    return {change.__name__: change for change in changes}


@pytest.fixture(scope="module")
def site(open_site: Open) -> Site:
    found = open_site(generate(SCENES, seed=3, only=CASES))
    found.use(first_sync="mirror", max_clear_percent=100, sync_poster=True, sync_background=True)
    return found


def pictures(site: Site) -> dict[int, Any]:
    """The poster that Plex shows for each scene, by its digest."""
    return {scene: picture(site.item(site.key(scene)), "thumb") for scene in site.scenes(LISTS)}


def test_every_silent_change_is_found_once(site: Site) -> None:
    silent = Silent(site)
    changes = {
        **of_times_that_move(silent),
        **of_times_that_stay(silent),
        **of_entities(silent),
        **of_nothing_for_plex(silent),
    }
    site.reconcile()
    drained = site.drain()
    assert drained["failed"] + drained["retried"] == 0
    assert site.reconcile()["total_gaps"] == 0

    # Stash tells times in whole seconds: these changes are not made in that of their preparation.
    later = datetime.now(timezone.utc) + timedelta(seconds=2)
    site.both.stash.configure(now=later.isoformat(timespec="seconds"))
    before = pictures(site)
    expected = {name: change() for name, change in changes.items()}
    site.reconcile()

    found = set(site.queued())
    assert {name: scenes - found for name, scenes in expected.items() if scenes - found} == {}
    assert found - set().union(*expected.values()) == set()

    drained = site.drain()
    assert drained["failed"] + drained["retried"] == 0
    site.reset_counters()
    again = site.reconcile()
    assert (again["total_gaps"], again["enqueued_count"], site.queued()) == (0, 0, {})
    assert site.drain()["processed"] == 0
    assert site.writes() == 0
    assert differing(site) == set()
    after = pictures(site)
    redrawn = {scene for scene in after if after[scene] != before[scene]}
    assert redrawn == expected["covers"] - silent.bared
