"""A library that Plex does not list any more: said by name, nothing written, and taken up again."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulators.library.generate import generate
from tests.acceptance.conftest import Open


@pytest.mark.parametrize("names", ["", "Clips, Selection, Shelf"])
def test_its_scenes_are_left_as_they_are_until_it_is_back(
    open_alone: Open, data: Path, names: str
) -> None:
    site = open_alone(generate(6, seed=5, only=("empty_no_agent", "two_sections")))
    site.forget(data)
    site.use(first_sync="mirror", plex_library=names)
    site.reconcile()
    site.drain()
    synced = site.both.plex.state()["items"]
    lost = [int(s) for s, items in site.truth["matches"].items() if items[0][:2] == "1:"]
    alone = [scene for scene in lost if len(site.items(scene)) == 1]
    site.both.plex.configure(unlisted=[1])
    site.edit_scene(alone[0], title="Edited meanwhile")

    found = site.run("reconcile_all")

    said = f"Plex does not list library 'Clips' any more; its {len(alone)} scenes in Plex are left"
    assert said in found.log.splitlines()[-1]
    assert (found.output["total_gaps"], site.queued()) == (0, {})
    assert said in site.run("queue_status").log
    assert "Plex does not list library 'Clips' any more" in site.run("health_check").log
    site.enqueue(*alone)
    drained = site.run("process_queue")
    assert (drained.output["skipped"], site.queued(), site.dead()) == (len(alone), {}, {})
    assert "Plex does not list library 'Clips' any more" in drained.log
    assert site.run("undo_last_run").output["failed"] == len(alone)

    site.both.plex.configure(unlisted=[])
    site.run("undo_last_run")
    site.run("undo_last_run")
    assert site.both.plex.state()["items"].keys() == synced.keys()
    back = site.run("reconcile_all")
    assert list(site.queued()) == alone[:1]
    assert "Plex does not list" not in back.log + site.run("queue_status").log
    site.drain()
    assert site.item(site.key(alone[0]))["title"] == "Edited meanwhile"
    site.reset_counters()
    assert (site.reconcile()["total_gaps"], site.writes()) == (0, 0)
