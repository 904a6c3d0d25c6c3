"""What a sync of covers asks for, uploads, selects and remembers."""

from __future__ import annotations

import logging

import pytest

from core.images import ImageKind, digest, digest_in
from core.picture_records import NO_PICTURES
from tests.worker.pictures.house import BOTH, COVER, OTHER, POSTER, REFS, SHA1, House
from worker.pictures.poster_fit import Fit, PosterFitter
from worker.pictures.sync import PictureSync


def test_items_of_both_sections_get_the_cover_from_one_download(house: House) -> None:
    outcome = house.sync()
    assert (outcome.uploads, outcome.selects, outcome.failures) == (4, 0, [])
    assert outcome.touched == set(REFS)
    for ref in REFS:
        assert house.shows(ref, "poster") == house.shows(ref, "background") == SHA1
        assert house.locked(ref) == {"thumb", "art"}
    # Stash: the cover. Plex, for each item: two lists, two uploads, each proven by another list,
    # and one lock for both.
    assert house.asked == (1, 14)
    assert house.downloaded == len(COVER)


def test_a_second_sync_asks_stash_once_and_plex_nothing(house: House) -> None:
    house.sync()
    outcome = house.sync()
    assert house.asked == (1, 0)
    assert house.downloaded == 0
    assert outcome.known == house.known
    assert (outcome.uploads, outcome.selects, outcome.touched) == (0, 0, set())
    assert not outcome.changes


def test_a_cover_that_goes_back_and_forth_is_uploaded_once_each(house: House) -> None:
    uploads = selects = 0
    for change in range(10):
        house.cover("cover" if change % 2 else "png:other")
        outcome = house.sync()
        uploads += outcome.uploads
        selects += outcome.selects
        wanted = SHA1 if change % 2 else digest(OTHER)
        assert {house.shows(ref, kind) for ref in REFS for kind in BOTH} == {wanted}
    assert (uploads, selects) == (2 * 4, 8 * 4)
    assert all(len(house.offered(ref, kind)) == 3 for ref in REFS for kind in BOTH)


def test_previous_values_are_told_before_each_change(house: House) -> None:
    first = house.sync(POSTER, REFS[0])
    [told] = house.journal
    assert first.changes == [told]
    assert (told.scene_id, told.ref, told.field) == (1, REFS[0], "poster")
    assert told.before is not None
    assert told.before.startswith("media://")
    assert digest_in(told.after) == SHA1
    assert not told.locked_before
    writes = house.plex.writes_made
    house.cover("png:other")
    house.sync(POSTER, REFS[0])
    house.cover("cover")
    house.sync(POSTER, REFS[0])
    [told] = house.journal
    assert digest_in(told.before or "") == digest(OTHER)
    assert told.locked_before
    assert house.writes_before == [writes + 1]


def test_what_was_told_brings_the_old_picture_back(house: House) -> None:
    shown = house.offered(REFS[0], "poster")
    house.sync(POSTER, REFS[0])
    [told] = house.journal
    assert told.before is not None
    house.images.select(told.ref.key, ImageKind(told.field), told.before)
    house.images.lock(house.items(told.ref)[told.ref], [ImageKind.POSTER], locked=False)
    assert house.offered(REFS[0], "poster")[: len(shown)] == shown
    assert house.locked(REFS[0]) == set()


def test_what_is_not_wanted_is_not_touched(house: House) -> None:
    assert house.sync(frozenset()).known == NO_PICTURES
    assert house.asked == (0, 0)
    house.sync(frozenset({"background"}), REFS[0])
    assert house.shows(REFS[0], "background") == SHA1
    assert house.shows(REFS[0], "poster") == ""
    assert house.locked(REFS[0]) == {"art"}
    house.sync(BOTH, REFS[0])
    assert house.shows(REFS[0], "poster") == SHA1
    # Stash: is it new? no, then its bytes. Plex, of the poster only: a list, an upload, its proof,
    # a lock.
    assert house.asked == (2, 4)
    assert house.downloaded == len(COVER)


def test_edits_of_other_fields_cost_no_request_for_images(house: House) -> None:
    house.sync()
    items = house.items()
    for ref in REFS:
        house.plex.edit(ref.section, 1, ref.key, [("title.value", "New")])
        house.process.switch(clock_offset=5)
    house.forget_requests()
    syncer = PictureSync(house.client, house.images, PosterFitter(Fit.NONE), house.writer)
    outcome = syncer.sync(1, items, house.known, BOTH)
    house.known = outcome.after(house.items())
    house.sync()
    assert house.asked == (1, 0)


def test_an_item_that_moved_is_looked_at_and_set_right(house: House) -> None:
    house.sync()
    own = house.offered(REFS[0], "poster")[0]["name"]
    house.process.switch(clock_offset=5)
    house.images.select("1", ImageKind.POSTER, own)
    house.images.lock(house.items(REFS[0])[REFS[0]], [ImageKind.POSTER], locked=False)
    outcome = house.sync()
    assert (outcome.uploads, outcome.selects) == (0, 1)
    assert [(told.field, told.before) for told in house.journal] == [("poster", own)]
    assert house.shows(REFS[0], "poster") == SHA1
    assert house.locked(REFS[0]) == {"thumb", "art"}
    # Two lists, one selection, its proof and one lock for the item that moved, nothing for the
    # other.
    assert house.asked == (1, 5)
    assert house.downloaded == 0


def test_a_lost_memory_uploads_nothing(house: House) -> None:
    house.sync()
    house.known = NO_PICTURES
    outcome = house.sync()
    assert (outcome.uploads, outcome.selects, outcome.touched) == (0, 0, set())
    assert not house.journal
    house.sync()
    assert house.asked == (1, 0)


def test_a_lock_that_was_missed_is_made_up_for(house: House) -> None:
    """As after a kill between the upload and the lock, where an upload does not lock by itself."""
    house.process.switch(pictures_lock=False)
    house.images.upload("1", ImageKind.POSTER, COVER)
    outcome = house.sync(POSTER, REFS[0])
    assert (outcome.uploads, outcome.selects) == (0, 0)
    [told] = house.journal
    assert digest_in(told.before or "") == digest_in(told.after) == SHA1
    assert house.locked(REFS[0]) == {"thumb"}
    assert outcome.known.of("poster", REFS[0]).locked


def test_a_new_item_of_a_known_cover_gets_the_bytes(house: House) -> None:
    house.sync(BOTH, REFS[0])
    outcome = house.sync(BOTH, *REFS)
    assert outcome.uploads == 2
    assert house.downloaded == len(COVER)
    assert house.shows(REFS[1], "poster") == SHA1


# Scenes without a cover -----------------------------------------------------------------------


def test_a_scene_without_a_cover_changes_nothing(house: House) -> None:
    outcome = house.sync(number=2)
    assert outcome.failures == []
    assert house.asked == (1, 0)
    house.sync(number=2)
    assert (house.asked, house.downloaded) == ((1, 0), 0)
    house.cover("cover", 2)
    assert house.sync(number=2).uploads == 4


def test_a_cover_that_went_stays_in_plex_and_is_said_once(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    house.sync()
    house.cover(None)
    outcome = house.sync()
    assert outcome.failures == []
    assert house.asked == (1, 0)
    house.sync()
    assert [record.message for record in caplog.records].count(
        "scene 1 has no cover any more; what Plex shows stays"
    ) == 1
    assert house.shows(REFS[0], "poster") == SHA1
    house.cover("png:other")
    assert house.sync().uploads == 4
