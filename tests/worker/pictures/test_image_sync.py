"""What a sync of covers asks for, uploads, selects and remembers."""

from __future__ import annotations

import logging
from functools import partial

import pytest

from core.images import Fit, ImageKind, digest, digest_in
from core.records import NO_PICTURES
from stash.images import fetch_screenshot
from tests.worker.pictures.picture_site import BOTH, COVER, OTHER, POSTER, REFS, SHA1, PictureSite
from worker.pictures.poster_fit import PosterFitter
from worker.pictures.sync import PictureSync


def test_items_of_both_sections_get_the_cover_from_one_download(site: PictureSite) -> None:
    outcome = site.sync()
    assert (outcome.uploads, outcome.selects, outcome.failures) == (4, 0, [])
    assert outcome.touched == set(REFS)
    for ref in REFS:
        assert site.shows(ref, "poster") == site.shows(ref, "background") == SHA1
        assert site.locked(ref) == {"thumb", "art"}
    # Stash: the cover. Plex, for each item: two lists, two uploads, each proven by another list,
    # and one lock for both.
    assert site.asked == (1, 14)
    assert site.downloaded == len(COVER)


def test_a_second_sync_asks_stash_once_and_plex_nothing(site: PictureSite) -> None:
    site.sync()
    outcome = site.sync()
    assert site.asked == (1, 0)
    assert site.downloaded == 0
    assert outcome.known == site.known
    assert (outcome.uploads, outcome.selects, outcome.touched) == (0, 0, set())
    assert not outcome.changes


def test_a_cover_that_goes_back_and_forth_is_uploaded_once_each(site: PictureSite) -> None:
    uploads = selects = 0
    for change in range(10):
        site.cover("cover" if change % 2 else "png:other")
        outcome = site.sync()
        uploads += outcome.uploads
        selects += outcome.selects
        wanted = SHA1 if change % 2 else digest(OTHER)
        assert {site.shows(ref, kind) for ref in REFS for kind in BOTH} == {wanted}
    assert (uploads, selects) == (2 * 4, 8 * 4)
    assert all(len(site.offered(ref, kind)) == 3 for ref in REFS for kind in BOTH)


def test_previous_values_are_told_before_each_change(site: PictureSite) -> None:
    first = site.sync(POSTER, REFS[0])
    [told] = site.journal
    assert first.changes == [told]
    assert (told.ref, told.field) == (REFS[0], "poster")
    assert told.before is not None
    assert told.before.startswith("media://")
    assert digest_in(told.after) == SHA1
    assert not told.locked_before
    site.cover("png:other")
    site.sync(POSTER, REFS[0])
    site.cover("cover")
    site.sync(POSTER, REFS[0])
    [told] = site.journal
    assert digest_in(told.before or "") == digest(OTHER)
    assert told.locked_before
    assert site.writes_before == [0]


def test_what_was_told_brings_the_old_picture_back(site: PictureSite) -> None:
    shown = site.offered(REFS[0], "poster")
    site.sync(POSTER, REFS[0])
    [told] = site.journal
    assert told.before is not None
    site.images.select(told.ref.key, ImageKind(told.field), told.before)
    site.unlock_poster(told.ref)
    assert site.offered(REFS[0], "poster")[: len(shown)] == shown
    assert site.locked(REFS[0]) == set()


def test_what_is_not_wanted_is_not_touched(site: PictureSite) -> None:
    assert site.sync(frozenset()).known == NO_PICTURES
    assert site.asked == (0, 0)
    site.sync(frozenset({"background"}), REFS[0])
    assert site.shows(REFS[0], "background") == SHA1
    assert site.shows(REFS[0], "poster") == ""
    assert site.locked(REFS[0]) == {"art"}
    site.sync(BOTH, REFS[0])
    assert site.shows(REFS[0], "poster") == SHA1
    # Stash: is it new? no, then its bytes. Plex, of the poster only: a list, an upload, its proof,
    # a lock.
    assert site.asked == (2, 4)
    assert site.downloaded == len(COVER)


def test_edits_of_other_fields_cost_no_request_for_images(site: PictureSite) -> None:
    site.sync()
    items = site.items()
    for ref in REFS:
        site.plex.edit(ref.section, 1, ref.key, [("title.value", "New")])
        site.process.configure(clock_offset=5)
    site.forget_requests()
    syncer = PictureSync(
        partial(fetch_screenshot, site.client), site.images, PosterFitter(Fit.NONE), site.writer
    )
    outcome = syncer.sync(1, items, site.known, BOTH)
    site.known = outcome.after(site.items())
    site.sync()
    assert site.asked == (1, 0)


def test_an_item_that_moved_is_looked_at_and_set_right(site: PictureSite) -> None:
    site.sync()
    own = site.offered(REFS[0], "poster")[0]["name"]
    site.process.configure(clock_offset=5)
    site.images.select("1", ImageKind.POSTER, own)
    site.unlock_poster(REFS[0])
    outcome = site.sync()
    assert (outcome.uploads, outcome.selects) == (0, 1)
    assert [(told.field, told.before) for told in site.journal] == [("poster", own)]
    assert site.shows(REFS[0], "poster") == SHA1
    assert site.locked(REFS[0]) == {"thumb", "art"}
    # Two lists, one selection, its proof and one lock for the item that moved, nothing for the
    # other.
    assert site.asked == (1, 5)
    assert site.downloaded == 0


def test_a_lost_memory_uploads_nothing(site: PictureSite) -> None:
    site.sync()
    site.known = NO_PICTURES
    outcome = site.sync()
    assert (outcome.uploads, outcome.selects, outcome.touched) == (0, 0, set())
    assert not site.journal
    site.sync()
    assert site.asked == (1, 0)


def test_a_lock_that_was_missed_is_made_up_for(site: PictureSite) -> None:
    """As after a kill between the upload and the lock, where an upload does not lock by itself."""
    site.process.configure(pictures_lock=False)
    site.images.upload("1", ImageKind.POSTER, COVER)
    outcome = site.sync(POSTER, REFS[0])
    assert (outcome.uploads, outcome.selects) == (0, 0)
    [told] = site.journal
    assert digest_in(told.before or "") == digest_in(told.after) == SHA1
    assert site.locked(REFS[0]) == {"thumb"}
    assert outcome.known.of("poster", REFS[0]).locked


def test_a_new_item_of_a_known_cover_gets_the_bytes(site: PictureSite) -> None:
    site.sync(BOTH, REFS[0])
    outcome = site.sync(BOTH, *REFS)
    assert outcome.uploads == 2
    assert site.downloaded == len(COVER)
    assert site.shows(REFS[1], "poster") == SHA1


# Scenes without a cover -----------------------------------------------------------------------


def test_a_scene_without_a_cover_changes_nothing(site: PictureSite) -> None:
    outcome = site.sync(number=2)
    assert outcome.failures == []
    assert site.asked == (2, 0)  # for its cover, and whether it has one
    site.sync(number=2)
    assert site.asked == (2, 0)  # the stand-in has the same ETag for a cover that cannot be read
    site.cover("cover", 2)
    assert site.sync(number=2).uploads == 4


def test_a_cover_that_went_stays_in_plex_and_is_said_once(
    site: PictureSite, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    site.sync()
    site.cover(None)
    outcome = site.sync()
    assert outcome.failures == []
    assert site.asked == (2, 0)
    site.sync()
    assert [record.message for record in caplog.records].count(
        "scene 1 has no cover any more; what Plex shows stays"
    ) == 1
    assert site.shows(REFS[0], "poster") == SHA1
    site.cover("png:other")
    assert site.sync().uploads == 4
