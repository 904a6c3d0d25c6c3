"""Items on whose posters Kometa has drawn: left alone until the cover changes in Stash."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
import requests

from app.tasks.undo import undo_last_run
from simulators.stash.sample_pictures import picture
from tests.acceptance.conftest import Open
from tests.acceptance.oracle_check import picture as shown
from tests.acceptance.site import FAR, TOKEN, Site
from tests.acceptance.small_library import FILMS, SmallLibrary, part, restore

KEY = "101"
DRAWN = "png:drawn by another program"
TWO_LABELS = "tag Tag 1 => label"


def sha1(cover: str) -> str:
    return hashlib.sha1(picture(cover)).hexdigest()


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    films = SmallLibrary({FILMS: ["/films"]})
    films.scene(1, films.file("/films/1.mp4", 1001), cover="one")
    films.item(FILMS, 101, part("/films/1.mp4", 1001))
    return open_site(films.seed())


@pytest.fixture
def site(library: Site, data: Path) -> Site:
    restore(library)
    library.forget(data)
    library.both.plex.configure(clock_offset=0, refuse_fields=[])
    library.both.stash.configure(now="2030-01-01T00:00:00Z")
    sync(library)
    return library


def sync(site: Site, **settings: Any) -> dict[str, Any]:
    site.use(**{"sync_poster": True, "sync_background": True, **settings})
    site.reconcile()
    return site.drain()


def draw(site: Site, seconds: int = 5) -> None:
    """What Kometa does: its own poster up, and the label on; Plex's times are whole seconds."""
    site.both.plex.configure(clock_offset=seconds)
    url = f"{site.both.plex.url}/library/metadata/{KEY}/posters"
    requests.post(url, data=picture(DRAWN), headers={"X-Plex-Token": TOKEN}, timeout=10)
    label = [*site.item(KEY)["label"], "Overlay"]
    site.hand_edit(KEY, label=label, lock=False)


def new_cover(site: Site, cover: str, minute: int = 1) -> None:
    site.both.stash.configure(now=f"2030-01-01T00:{minute:02d}:00Z")
    site.behind("cover", scene_id=1, cover=cover)


def poster(site: Site) -> str | None:
    digest: str | None = shown(site.item(KEY), "thumb")
    return digest


@pytest.mark.parametrize("preserve", [False, True])
def test_a_drawn_poster_is_no_drift_and_a_new_cover_makes_it_drawn_anew(
    site: Site, preserve: bool
) -> None:
    rules = {"preserve_plex_edits": preserve}
    assert poster(site) == sha1("one")
    draw(site)
    site.use(sync_poster=True, sync_background=True, **rules)
    site.reset_counters()

    assert site.reconcile()["total_gaps"] == 0
    assert (poster(site), site.writes()) == (sha1(DRAWN), 0)
    # Nor is it touched when something else of the scene changes.
    site.edit_scene(1, title="Another title")
    sync(site, **rules)
    assert (poster(site), site.item(KEY)["label"]) == (sha1(DRAWN), ["Overlay"])
    assert site.reconcile()["total_gaps"] == 0

    new_cover(site, "two")
    drained = sync(site, **rules)

    assert (drained["failed"], drained["retried"]) == (0, 0)
    assert (poster(site), site.item(KEY)["label"]) == (sha1("two"), [])
    draw(site, 10)
    assert site.reconcile()["total_gaps"] == 0
    assert poster(site) == sha1(DRAWN)


def test_without_the_label_a_foreign_poster_is_drift(site: Site) -> None:
    draw(site)
    site.both.plex.configure(clock_offset=10)
    site.hand_edit(KEY, label=[], lock=False)

    sync(site)

    assert poster(site) == sha1("one")


def test_who_does_not_respect_them_overwrites_them(site: Site) -> None:
    draw(site)
    site.use(sync_poster=True, sync_background=True, respect_overlays=False)

    assert site.reconcile()["total_gaps"] == 1
    site.drain()
    assert (poster(site), site.item(KEY)["label"]) == (sha1("one"), ["Overlay"])


@pytest.mark.parametrize("rules", ["", TWO_LABELS])
def test_an_undo_brings_the_drawn_poster_and_its_label_back(site: Site, rules: str) -> None:
    draw(site)
    new_cover(site, "two")
    sync(site, tag_rules=rules)
    ours = ["Tag 1"] if rules else []
    assert (poster(site), site.item(KEY)["label"]) == (sha1("two"), ours)
    assert site.reconcile()["total_gaps"] == 0

    site.do(undo_last_run)

    assert (poster(site), site.item(KEY)["label"]) == (sha1(DRAWN), ["Overlay"])


def test_a_label_that_stays_is_told_and_tried_again(site: Site) -> None:
    draw(site)
    new_cover(site, "two")
    site.both.plex.configure(refuse_fields=["label"])

    drained = sync(site)

    assert drained["retried"] == 1
    with site.queue() as queue:
        (job,) = queue.due(FAR)
    assert "keeps the label Overlay beside a new poster" in job.error
    site.both.plex.configure(refuse_fields=[])
    site.drain(lambda: FAR)
    assert (poster(site), site.item(KEY)["label"]) == (sha1("two"), [])
