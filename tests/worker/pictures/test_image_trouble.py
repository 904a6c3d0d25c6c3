"""Covers that fail, posters that are fitted, and pictures that the user chose."""

from __future__ import annotations

import hashlib
from functools import partial

import pytest

from core.errors import StashUnreachable
from core.images import Fit, ImageKind, digest
from core.records import NO_PICTURES, PictureRecords
from plex.exceptions import PlexServerDown
from simulators.stash.sample_pictures import picture
from stash.client import StashClient
from stash.connection import StashConnection
from stash.images import fetch_screenshot
from tests.contract.scripted import refused_url
from tests.contract.servers import Simulated
from tests.worker.pictures.picture_site import (
    BOTH,
    COVER,
    OTHER,
    POSTER,
    REFS,
    SHA1,
    PictureSite,
    draw,
)
from worker.pictures.poster_fit import PosterFitter
from worker.pictures.sync import PictureSync

# Failures -------------------------------------------------------------------------------------

UNAVAILABLE: list[tuple[dict[str, object], str]] = [
    ({"action": "status", "status": 302}, "redirect"),
    ({"action": "status", "status": 200, "body": "<html>Log in</html>"}, "web page"),
    ({"action": "truncate", "times": -1}, "broke off"),
    ({"action": "status", "status": 500, "times": -1}, "HTTP 500"),
]


@pytest.mark.parametrize(("fault", "reason"), UNAVAILABLE, ids=str)
def test_where_stash_gives_no_pictures_nobodys_fails_and_it_is_made_good(
    site: PictureSite, fault: dict[str, object], reason: str
) -> None:
    with site.stash.failing({"match": "/scene/1/screenshot", **fault}):
        outcome = site.sync()
    assert reason in outcome.unavailable
    assert "scene 1" in outcome.unavailable
    assert outcome.failures == []
    assert site.asked == (6 if "times" in fault else 1, 0)
    assert outcome.known == PictureRecords(failed=True)
    again = site.sync()
    assert (again.uploads, again.unavailable) == (4, "")
    assert not again.known.failed


def test_a_bad_cover_uploads_nothing_says_why_and_is_made_good(site: PictureSite) -> None:
    bad = {"action": "status", "status": 200, "body": "x", "content_type": "image/png"}
    with site.stash.failing({"match": "/scene/1/screenshot", **bad}):
        outcome = site.sync()
    [said] = outcome.failures
    assert "no image" in said
    assert "scene 1" in said
    assert outcome.unavailable == ""
    assert site.asked == (1, 0)
    assert outcome.known == PictureRecords(failed=True)
    again = site.sync()
    assert again.uploads == 4
    assert not again.known.failed


def test_what_was_done_before_stash_gives_no_more_pictures_is_locked_and_known(
    site: PictureSite,
) -> None:
    """The poster is on offer, the background is not, and its bytes cannot be had."""
    site.sync(POSTER)
    own = site.offered(REFS[0], "poster")[0]["name"]
    site.process.configure(clock_offset=5)
    site.images.select("1", ImageKind.POSTER, own)
    site.unlock_poster(REFS[0])
    gone = {"action": "status", "status": 500, "times": -1, "after": 1}
    with site.stash.failing({"match": "/scene/1/screenshot", **gone}):
        outcome = site.sync()
    assert "HTTP 500" in outcome.unavailable
    assert (outcome.uploads, outcome.selects, outcome.failures) == (0, 1, [])
    assert site.shows(REFS[0], "poster") == SHA1
    assert site.locked(REFS[0]) == {"thumb"}
    # Stash is asked no more once it does not answer: not for the other item either.
    assert site.asked == (7, 5)
    again = site.sync()
    assert (again.uploads, again.selects) == (2, 0)
    assert site.locked(REFS[0]) == {"thumb", "art"}


def test_a_huge_cover_is_no_poster(site: PictureSite) -> None:
    site.cover("huge:cover")
    [said] = site.sync().failures
    assert "larger than 10 MB" in said
    assert site.shows(REFS[0], "poster") == ""


def test_an_avif_goes_up_though_stash_does_not_know_it(site: PictureSite) -> None:
    avif = b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf" + b"meta"
    site.upload_cover(avif)
    assert site.sync().uploads == 4
    assert site.shows(REFS[0], "poster") == hashlib.sha1(avif).hexdigest()


@pytest.mark.parametrize(("status", "said"), [(400, "HTTP 400"), (500, "HTTP 500")])
def test_what_one_item_refuses_is_tried_again_alone(
    site: PictureSite, status: int, said: str
) -> None:
    refusal = {"match": "POST /library/metadata/1/posters", "action": "status", "status": status}
    site.process.control("POST", "faults", [{**refusal, "times": -1}])
    outcome = site.sync()
    site.process.control("POST", "faults", [])
    [failure] = outcome.failures
    assert failure.startswith("poster of item 1:1: ")
    assert said in failure
    assert outcome.uploads == 3
    assert site.locked(REFS[0]) == {"art"}
    outcome = site.sync()
    assert (outcome.uploads, outcome.failures) == (1, [])
    assert site.shows(REFS[0], "poster") == SHA1
    assert site.asked == (2, 4)


def test_a_refused_lock_is_tried_again_alone(site: PictureSite) -> None:
    site.process.configure(pictures_lock=False)
    refusal = {"match": "PUT .*locked", "action": "status", "status": 400}
    site.process.control("POST", "faults", [refusal])
    outcome = site.sync(BOTH, REFS[0])
    assert [failure.partition(":")[0] for failure in outcome.failures] == [
        "poster of item 1",
        "background of item 1",
    ]
    assert site.sync(BOTH, REFS[0]).failures == []
    assert site.asked == (1, 3)
    assert site.locked(REFS[0]) == {"thumb", "art"}


def test_servers_that_are_away_end_it(site: PictureSite, stash: Simulated) -> None:
    items = site.items()
    fitter = PosterFitter(Fit.NONE)
    away = StashClient(StashConnection("http", "127.0.0.1", int(refused_url().rpartition(":")[2])))
    with pytest.raises(StashUnreachable):
        PictureSync(partial(fetch_screenshot, away), site.images, fitter, site.writer).sync(
            1, items, NO_PICTURES, BOTH
        )
    away.close()
    syncer = PictureSync(partial(fetch_screenshot, site.client), site.images, fitter, site.writer)
    site.process.configure(maintenance=True)
    with pytest.raises(PlexServerDown):
        syncer.sync(1, items, NO_PICTURES, BOTH)
    site.process.configure(maintenance=False, non_admin=True)
    outcome = syncer.sync(1, items, NO_PICTURES, BOTH)
    assert "the Plex token was refused" in str(outcome.refused)  # others may not be


# Fitted posters -------------------------------------------------------------------------------


def test_only_the_poster_is_fitted(site: PictureSite) -> None:
    outcome = site.sync(BOTH, REFS[0], fit=Fit.CROP, pillow=draw)
    assert outcome.uploads == 2
    assert site.shows(REFS[0], "poster") == digest(draw(COVER, Fit.CROP))
    assert site.shows(REFS[0], "background") == SHA1
    site.sync(BOTH, REFS[0], fit=Fit.CROP, pillow=draw)
    assert (site.asked, site.downloaded) == ((1, 0), 0)


def test_another_fit_is_another_poster_and_an_old_one_is_selected(site: PictureSite) -> None:
    site.sync(BOTH, REFS[0], fit=Fit.CROP, pillow=draw)
    assert site.sync(BOTH, REFS[0], fit=Fit.PAD, pillow=draw).uploads == 1
    outcome = site.sync(BOTH, REFS[0], fit=Fit.CROP, pillow=draw)
    assert (outcome.uploads, outcome.selects) == (0, 1)
    assert site.shows(REFS[0], "poster") == digest(draw(COVER, Fit.CROP))
    outcome = site.sync(BOTH, REFS[0], fit=Fit.NONE)
    assert outcome.uploads == 1
    assert site.shows(REFS[0], "poster") == SHA1


def test_pillow_may_come_and_go(site: PictureSite) -> None:
    site.sync(BOTH, REFS[0], fit=Fit.PAD)
    assert site.shows(REFS[0], "poster") == SHA1
    assert site.sync(BOTH, REFS[0], fit=Fit.PAD, pillow=draw).uploads == 1
    fitted = site.shows(REFS[0], "poster")
    site.sync(BOTH, REFS[0], fit=Fit.PAD)
    assert site.asked == (1, 0)
    assert site.shows(REFS[0], "poster") == fitted


def test_another_pillow_draws_another_poster_only_where_one_is_due(site: PictureSite) -> None:
    site.sync(BOTH, REFS[0], fit=Fit.PAD, pillow=draw)

    def newer(data: bytes, fit: Fit) -> bytes:
        return picture(f"newer {digest(data)}")

    site.sync(BOTH, REFS[0], fit=Fit.PAD, pillow=newer)
    assert site.asked == (1, 0)
    site.sync(BOTH, REFS[1], fit=Fit.PAD, pillow=newer)
    assert site.shows(REFS[1], "poster") == digest(newer(COVER, Fit.PAD))
    site.sync(BOTH, REFS[1], fit=Fit.PAD, pillow=newer)
    assert site.asked == (1, 0)


# What the user chose --------------------------------------------------------------------------


def choose(site: PictureSite, data: bytes, key: str = "1") -> None:
    site.process.configure(clock_offset=5)
    site.images.upload(key, ImageKind.POSTER, data)


def test_with_preserve_a_picture_chosen_in_plex_stays(site: PictureSite) -> None:
    chosen = picture("chosen by hand")
    site.sync(preserve=True)
    choose(site, chosen)
    outcome = site.sync(preserve=True)
    assert (outcome.conflicts, outcome.changes) == ([], [])
    assert site.shows(REFS[0], "poster") == digest(chosen)
    site.cover("png:other")
    outcome = site.sync(preserve=True)
    [conflict] = outcome.conflicts
    assert conflict.startswith("poster of item 1:1: ")
    assert site.shows(REFS[0], "poster") == digest(chosen)
    assert site.shows(REFS[0], "background") == digest(OTHER)
    assert site.shows(REFS[1], "poster") == digest(OTHER)
    assert site.sync(preserve=True).conflicts == [], "said once"
    site.cover("png:third")
    assert len(site.sync(preserve=True).conflicts) == 1


def test_with_preserve_a_lock_of_the_user_is_respected(site: PictureSite) -> None:
    chosen = picture("chosen by hand")
    choose(site, chosen)
    site.images.lock(site.items(REFS[0])[REFS[0]], [ImageKind.POSTER])
    [conflict] = site.sync(preserve=True).conflicts
    assert "Stash has a cover, but what was chosen in Plex stays" in conflict
    assert site.sync(preserve=True).conflicts == []
    assert site.shows(REFS[0], "poster") == digest(chosen)
    assert site.shows(REFS[0], "background") == SHA1
    assert site.sync().uploads == 1
    assert site.shows(REFS[0], "poster") == SHA1


@pytest.mark.parametrize("preserved_before", [False, True])
def test_without_preserve_stash_wins(site: PictureSite, preserved_before: bool) -> None:
    site.sync()
    choose(site, picture("chosen by hand"))
    if preserved_before:
        site.sync(preserve=True)
    outcome = site.sync()
    assert (outcome.uploads, outcome.selects) == (0, 1)
    assert site.shows(REFS[0], "poster") == SHA1
