"""Covers that fail, posters that are fitted, and pictures that the user chose."""

from __future__ import annotations

import hashlib

import pytest

from core.errors import StashUnreachable
from core.images import ImageKind, digest
from core.picture_records import NO_PICTURES, PictureRecords
from plex.exceptions import PlexServerDown, PlexUnauthorized
from simulators.stash.sample_pictures import picture
from stash.client import StashClient
from stash.connection import StashConnection
from tests.contract.scripted import refused_url
from tests.contract.servers import Simulated
from tests.worker.pictures.house import BOTH, COVER, OTHER, POSTER, REFS, SHA1, House, draw
from worker.pictures.poster_fit import Fit, PosterFitter
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
    house: House, fault: dict[str, object], reason: str
) -> None:
    with house.stash.failing({"match": "/scene/1/screenshot", **fault}):
        outcome = house.sync()
    assert reason in outcome.unavailable
    assert "scene 1" in outcome.unavailable
    assert outcome.failures == []
    assert house.asked == (6 if "times" in fault else 1, 0)
    assert outcome.known == PictureRecords(failed=True)
    again = house.sync()
    assert (again.uploads, again.unavailable) == (4, "")
    assert not again.known.failed


def test_a_bad_cover_uploads_nothing_says_why_and_is_made_good(house: House) -> None:
    bad = {"action": "status", "status": 200, "body": "x", "content_type": "image/png"}
    with house.stash.failing({"match": "/scene/1/screenshot", **bad}):
        outcome = house.sync()
    [said] = outcome.failures
    assert "no image" in said
    assert "scene 1" in said
    assert outcome.unavailable == ""
    assert house.asked == (1, 0)
    assert outcome.known == PictureRecords(failed=True)
    again = house.sync()
    assert again.uploads == 4
    assert not again.known.failed


def test_what_was_done_before_stash_gives_no_more_pictures_is_locked_and_known(
    house: House,
) -> None:
    """The poster is on offer, the background is not, and its bytes cannot be had."""
    house.sync(POSTER)
    own = house.offered(REFS[0], "poster")[0]["name"]
    house.process.switch(clock_offset=5)
    house.images.select("1", ImageKind.POSTER, own)
    house.images.lock(house.items(REFS[0])[REFS[0]], [ImageKind.POSTER], locked=False)
    gone = {"action": "status", "status": 500, "times": -1, "after": 1}
    with house.stash.failing({"match": "/scene/1/screenshot", **gone}):
        outcome = house.sync()
    assert "HTTP 500" in outcome.unavailable
    assert (outcome.uploads, outcome.selects, outcome.failures) == (0, 1, [])
    assert house.shows(REFS[0], "poster") == SHA1
    assert house.locked(REFS[0]) == {"thumb"}
    # Stash is asked no more once it does not answer: not for the other item either.
    assert house.asked == (7, 5)
    again = house.sync()
    assert (again.uploads, again.selects) == (2, 0)
    assert house.locked(REFS[0]) == {"thumb", "art"}


def test_a_huge_cover_is_no_poster(house: House) -> None:
    house.cover("huge:cover")
    [said] = house.sync().failures
    assert "larger than 10 MB" in said
    assert house.shows(REFS[0], "poster") == ""


def test_an_avif_goes_up_though_stash_does_not_know_it(house: House) -> None:
    avif = b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf" + b"meta"
    house.upload_cover(avif)
    assert house.sync().uploads == 4
    assert house.shows(REFS[0], "poster") == hashlib.sha1(avif).hexdigest()


@pytest.mark.parametrize(("status", "said"), [(400, "HTTP 400"), (500, "HTTP 500")])
def test_what_one_item_refuses_is_tried_again_alone(house: House, status: int, said: str) -> None:
    refusal = {"match": "POST /library/metadata/1/posters", "action": "status", "status": status}
    house.process.sim("POST", "faults", [{**refusal, "times": -1}])
    outcome = house.sync()
    house.process.sim("POST", "faults", [])
    [failure] = outcome.failures
    assert failure.startswith("poster of item 1:1: ")
    assert said in failure
    assert outcome.uploads == 3
    assert house.locked(REFS[0]) == {"art"}
    outcome = house.sync()
    assert (outcome.uploads, outcome.failures) == (1, [])
    assert house.shows(REFS[0], "poster") == SHA1
    assert house.asked == (2, 4)


def test_a_refused_lock_is_tried_again_alone(house: House) -> None:
    house.process.switch(pictures_lock=False)
    refusal = {"match": "PUT .*locked", "action": "status", "status": 400}
    house.process.sim("POST", "faults", [refusal])
    outcome = house.sync(BOTH, REFS[0])
    assert [failure.partition(":")[0] for failure in outcome.failures] == [
        "poster of item 1",
        "background of item 1",
    ]
    assert house.sync(BOTH, REFS[0]).failures == []
    assert house.asked == (1, 3)
    assert house.locked(REFS[0]) == {"thumb", "art"}


def test_servers_that_are_away_end_it(house: House, stash: Simulated) -> None:
    items = house.items()
    fitter = PosterFitter(Fit.NONE)
    away = StashClient(StashConnection("http", "127.0.0.1", int(refused_url().rpartition(":")[2])))
    with pytest.raises(StashUnreachable):
        PictureSync(away, house.images, fitter, house.writer).sync(1, items, NO_PICTURES, BOTH)
    away.close()
    syncer = PictureSync(house.client, house.images, fitter, house.writer)
    house.process.switch(maintenance=True)
    with pytest.raises(PlexServerDown):
        syncer.sync(1, items, NO_PICTURES, BOTH)
    house.process.switch(maintenance=False, non_admin=True)
    with pytest.raises(PlexUnauthorized):
        syncer.sync(1, items, NO_PICTURES, BOTH)


# Fitted posters -------------------------------------------------------------------------------


def test_only_the_poster_is_fitted(house: House) -> None:
    outcome = house.sync(BOTH, REFS[0], fit=Fit.CROP, pillow=draw)
    assert outcome.uploads == 2
    assert house.shows(REFS[0], "poster") == digest(draw(COVER, Fit.CROP))
    assert house.shows(REFS[0], "background") == SHA1
    house.sync(BOTH, REFS[0], fit=Fit.CROP, pillow=draw)
    assert (house.asked, house.downloaded) == ((1, 0), 0)


def test_another_fit_is_another_poster_and_an_old_one_is_selected(house: House) -> None:
    house.sync(BOTH, REFS[0], fit=Fit.CROP, pillow=draw)
    assert house.sync(BOTH, REFS[0], fit=Fit.PAD, pillow=draw).uploads == 1
    outcome = house.sync(BOTH, REFS[0], fit=Fit.CROP, pillow=draw)
    assert (outcome.uploads, outcome.selects) == (0, 1)
    assert house.shows(REFS[0], "poster") == digest(draw(COVER, Fit.CROP))
    outcome = house.sync(BOTH, REFS[0], fit=Fit.NONE)
    assert outcome.uploads == 1
    assert house.shows(REFS[0], "poster") == SHA1


def test_pillow_may_come_and_go(house: House) -> None:
    house.sync(BOTH, REFS[0], fit=Fit.PAD)
    assert house.shows(REFS[0], "poster") == SHA1
    assert house.sync(BOTH, REFS[0], fit=Fit.PAD, pillow=draw).uploads == 1
    fitted = house.shows(REFS[0], "poster")
    house.sync(BOTH, REFS[0], fit=Fit.PAD)
    assert house.asked == (1, 0)
    assert house.shows(REFS[0], "poster") == fitted


def test_another_pillow_draws_another_poster_only_where_one_is_due(house: House) -> None:
    house.sync(BOTH, REFS[0], fit=Fit.PAD, pillow=draw)

    def newer(data: bytes, fit: Fit) -> bytes:
        return picture(f"newer {digest(data)}")

    house.sync(BOTH, REFS[0], fit=Fit.PAD, pillow=newer)
    assert house.asked == (1, 0)
    house.sync(BOTH, REFS[1], fit=Fit.PAD, pillow=newer)
    assert house.shows(REFS[1], "poster") == digest(newer(COVER, Fit.PAD))
    house.sync(BOTH, REFS[1], fit=Fit.PAD, pillow=newer)
    assert house.asked == (1, 0)


# What the user chose --------------------------------------------------------------------------


def choose(house: House, data: bytes, key: str = "1") -> None:
    house.process.switch(clock_offset=5)
    house.images.upload(key, ImageKind.POSTER, data)


def test_with_preserve_a_picture_chosen_in_plex_stays(house: House) -> None:
    chosen = picture("chosen by hand")
    house.sync(preserve=True)
    choose(house, chosen)
    outcome = house.sync(preserve=True)
    assert (outcome.conflicts, outcome.changes) == ([], [])
    assert house.shows(REFS[0], "poster") == digest(chosen)
    house.cover("png:other")
    outcome = house.sync(preserve=True)
    [conflict] = outcome.conflicts
    assert conflict.startswith("poster of item 1:1: ")
    assert house.shows(REFS[0], "poster") == digest(chosen)
    assert house.shows(REFS[0], "background") == digest(OTHER)
    assert house.shows(REFS[1], "poster") == digest(OTHER)
    assert house.sync(preserve=True).conflicts == [], "said once"
    house.cover("png:third")
    assert len(house.sync(preserve=True).conflicts) == 1


def test_with_preserve_a_lock_of_the_user_is_respected(house: House) -> None:
    chosen = picture("chosen by hand")
    choose(house, chosen)
    house.images.lock(house.items(REFS[0])[REFS[0]], [ImageKind.POSTER])
    [conflict] = house.sync(preserve=True).conflicts
    assert "Stash has a cover, but what was chosen in Plex stays" in conflict
    assert house.sync(preserve=True).conflicts == []
    assert house.shows(REFS[0], "poster") == digest(chosen)
    assert house.shows(REFS[0], "background") == SHA1
    assert house.sync().uploads == 1
    assert house.shows(REFS[0], "poster") == SHA1


@pytest.mark.parametrize("preserved_before", [False, True])
def test_without_preserve_stash_wins(house: House, preserved_before: bool) -> None:
    house.sync()
    choose(house, picture("chosen by hand"))
    if preserved_before:
        house.sync(preserve=True)
    outcome = house.sync()
    assert (outcome.uploads, outcome.selects) == (0, 1)
    assert house.shows(REFS[0], "poster") == SHA1
