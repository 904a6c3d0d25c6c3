"""A server that answers an edit and leaves a field as it was: told at each reconcile, sent once."""

from __future__ import annotations

import pytest

from tests.acceptance.conftest import Open
from tests.acceptance.site import Site
from tests.acceptance.small_library import FILMS, SmallLibrary, part


@pytest.fixture
def site(open_site: Open) -> Site:
    made = SmallLibrary({FILMS: ["/data"]})
    for number in (1, 2):
        made.scene(number, made.file(f"/data/{number}.mp4", number), details=f"Details {number}")
        made.item(FILMS, 100 + number, part(f"/data/{number}.mp4", number))
    return open_site(made.seed())


def test_what_plex_has_not_taken_is_told_and_not_sent_again(site: Site) -> None:
    site.both.plex.configure(refuse_fields=["summary"])
    site.reconcile()
    site.drain()
    assert (site.item("101")["title"], site.item("101")["summary"]) == ("Scene 1", "")

    for _ in range(2):
        found = site.reconcile()
        why = "Plex did not take summary when it was written last"
        assert found["refused"] == [{"scene_id": number, "why": why} for number in (1, 2)]
        assert (found["refused_count"], found["total_gaps"], site.queued()) == (2, 0, {})

    site.both.plex.configure(refuse_fields=[])
    site.edit_scene(1, details="Other details")
    found = site.reconcile()
    assert (found["refused_count"], set(site.queued())) == (1, {1})
    site.drain()

    assert site.item("101")["summary"] == "Other details"
    assert site.reconcile()["refused_count"] == 1
