"""Plex is restored from an old backup of its database, with `preserve_plex_edits`: what it shows
again is no edit of the user's, and what the user edited stays."""

from __future__ import annotations

from typing import Any

from simulators.library.generate import generate
from tests.acceptance.conftest import Open
from tests.acceptance.site import Site
from tests.acceptance.synced_library import raw_scene, shows


def restore(site: Site, scene: int, **changes: Any) -> None:
    """Have Plex show an item as the library was generated with it, but for changes."""
    key = site.key(scene)
    site.drop_item(key)
    assert site.put_item(site.items(scene)[0], updated_at=1_500_000_000, **changes) == key


def test_what_a_backup_brings_back_is_no_edit(open_alone: Open) -> None:
    site = open_alone(generate(8, seed=3, only=("in_sync_lists",)))
    site.use(first_sync="mirror", preserve_plex_edits=True, sync_poster=True)
    scene, reverted, edited = site.scenes("in_sync_lists")[:3]
    old = {each: shows(site, site.key(each)) for each in (scene, reverted)}
    site.hand_edit(site.key(edited), title="Mine")
    site.reconcile()
    site.drain()
    for each in (scene, reverted, edited):
        tags = raw_scene(site, each)["tag_ids"][1:]
        site.edit_scene(each, title=f"Edited {each}", details=None, tag_ids=list(map(str, tags)))
        site.behind("cover", scene_id=each, cover=f"cover of {each}")
    site.reconcile()
    site.drain()
    right = {each: shows(site, site.key(each)) for each in (scene, reverted, edited)}
    assert right[scene]["title"] == f"Edited {scene}"
    posters = site.item(site.key(scene))["posters"]

    site.both.plex.configure(clock_offset=10)
    restore(site, scene)
    restore(site, edited, title="Mine", locked=["title"])
    site.hand_edit(site.key(reverted), title=old[reverted]["title"], summary="My words")
    site.reconcile()
    drained = site.drain()

    assert drained["failed"] + drained["retried"] == 0
    assert shows(site, site.key(scene)) == right[scene]
    assert site.item(site.key(scene))["posters"][-1]["name"] == posters[-1]["name"]
    assert shows(site, site.key(edited)) == right[edited]
    by_hand = {"title": old[reverted]["title"], "summary": "My words"}
    assert shows(site, site.key(reverted)) == {**right[reverted], **by_hand}
    assert site.reconcile()["total_gaps"] == 0
