"""The clear guard over previews: what it would say is what it says, and a word is for one plan."""

from __future__ import annotations

import pytest

from app.tasks.preview import apply_preview, preview_all
from app.tasks.queue import confirm_stopped_run
from core.errors import GuardStopped
from simulators.library.generate import generate
from tests.acceptance.conftest import Open
from tests.acceptance.plex_state import now
from tests.acceptance.site import Site


@pytest.fixture(scope="module")
def emptied(open_site: Open) -> Site:
    return open_site(generate(110, seed=2, only=("cleared_lists", "cleared_studio")))


def test_the_guard_says_what_it_would_do_and_does_it(emptied: Site) -> None:
    emptied.use(first_sync="mirror")
    before = now(emptied)
    shown = emptied.do(preview_all)
    assert shown["guard"].startswith("would hold back 110 scenes: ")
    assert f"{shown['values_cleared']} of the {shown['values_touched']}" in shown["guard"]
    emptied.reconcile()
    with pytest.raises(GuardStopped) as caught:
        emptied.do(apply_preview)
    assert str(caught.value).startswith("110 scenes are held back")
    assert now(emptied) == before
    assert emptied.queued() == {}

    confirmed = emptied.do(confirm_stopped_run)

    assert (confirmed["succeeded"], confirmed["held"]) == (110, 0)
    assert emptied.do(preview_all)["scenes_changing"] == 0


def test_conflicts_are_shown_and_reported_when_they_are_met(open_alone: Open) -> None:
    site = open_alone(generate(6, seed=3, only=("in_sync",)))
    site.use(preserve_plex_edits=True)
    site.reconcile()
    site.drain()
    scene = site.scene("in_sync")
    site.both.plex.configure(clock_offset=5, refuse_fields=["summary"])
    site.hand_edit(site.key(scene), title="Mine")
    site.edit_scene(scene, title="Another", details="New.", date="2001-02-03")

    shown = site.do(preview_all)
    (line,) = shown["conflicts"]
    applied = site.do(apply_preview)

    assert applied["conflicts"] == [line]
    assert f"item {site.items(scene)[0]}: title changed in Plex to “Mine”, while Stash" in line
    assert (shown["conflict_count"], applied["conflict_count"]) == (1, 1)
    (refused,) = applied["refused"]
    assert "Plex was sent “New.” for summary and shows" in refused
    assert site.item(site.key(scene))["originallyAvailableAt"] == "2001-02-03"
    # It is met once.
    assert site.reconcile()["total_gaps"] == 0
    site.enqueue(scene)
    assert site.drain()["conflict_count"] == 0
