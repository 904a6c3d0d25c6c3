"""Covers on their way from a simulated Stash to a simulated Plex, and what is left out of it."""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from core.errors import StashUnreachable
from core.images import ImageKind, digest, digest_in
from core.models import FullItem, ItemRef
from plex.client import PlexClient
from plex.exceptions import PlexServerDown, PlexUnauthorized
from plex.images import PlexImages
from simulators.plex_process import PlexProcess
from simulators.plex_seeds import plex_item, plex_section, plex_seed
from simulators.stash_pixels import picture
from stash.client import StashClient
from stash.connection import StashConnection
from tests.contract.scripted import refused_url
from tests.contract.servers import Simulated, running, scene, seed_of
from worker.images import ImageChange, ImageOutcome, ImageSyncer
from worker.poster_fit import Draw, Fit, PosterFitter

BOTH = frozenset({"poster", "background"})
POSTER = frozenset({"poster"})
REFS = (ItemRef("1", "1"), ItemRef("2", "2"))
COVER, OTHER = picture("cover"), picture("png:other")
SHA1 = digest(COVER)


@pytest.fixture(scope="module")
def stash() -> Iterator[Simulated]:
    with running("stash_server", seed_of(scenes=[scene(1, cover="cover"), scene(2)])) as server:
        yield server


@pytest.fixture(scope="module")
def process() -> Iterator[PlexProcess]:
    with PlexProcess() as server:
        yield server


def draw(data: bytes, fit: Fit) -> bytes:
    """Stands in for Pillow: a whole image that depends on both."""
    return picture(f"{fit.value} {digest(data)}")


class House:
    """A syncer between both servers, and what it remembers from call to call."""

    def __init__(self, stash: Simulated, process: PlexProcess) -> None:
        self.stash, self.process = stash, process
        self.client = StashClient(StashConnection("http", "127.0.0.1", stash.port, cookie="c"))
        self.plex = PlexClient(process.url, process.token, connect_timeout=1, read_timeout=5)
        self.images = PlexImages(self.plex)
        self.known: dict[str, str] = {}
        self.journal: list[ImageChange] = []
        self.writes_before: list[int] = []

    def close(self) -> None:
        self.client.close()
        self.plex.close()

    def note(self, change: ImageChange) -> None:
        self.journal.append(change)
        self.writes_before.append(self.plex.writes_made)

    def items(self, *refs: ItemRef) -> dict[ItemRef, FullItem]:
        full = self.plex.full_items([ref.key for ref in refs or REFS])
        return {item.ref: item for item in full.values()}

    def sync(
        self,
        wanted: frozenset[str] = BOTH,
        *refs: ItemRef,
        number: int = 1,
        fit: Fit = Fit.NONE,
        pillow: Draw | None = None,
        preserve: bool = False,
    ) -> ImageOutcome:
        """One sync as the drain does it: items read, images synced, items read back."""
        items = self.items(*refs)
        self.forget_requests()
        fitter = PosterFitter(fit, lambda: pillow)
        syncer = ImageSyncer(self.client, self.images, fitter, self.note, preserve=preserve)
        outcome = syncer.sync(number, items, self.known, wanted)
        self.asked = (self.stash.counters()["total"], self.process.sim("GET", "counters")["total"])
        self.downloaded = self.stash.counters()["bytes_out"]
        outcome.settle(self.items(*refs))
        self.known = outcome.remembered
        return outcome

    def forget_requests(self) -> None:
        self.stash.reset()
        self.process.sim("POST", "counters/reset")
        self.journal.clear()
        self.writes_before.clear()

    def cover(self, seed: str | None, number: int = 1) -> None:
        edit = {"action": "cover", "scene_id": number, "cover": seed}
        self.stash.control("POST", "edit", edit)

    def upload_cover(self, data: bytes, number: int = 1) -> None:
        url = f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"
        values = {"id": str(number), "cover_image": url}
        mutation = "mutation($input: SceneUpdateInput!) { sceneUpdate(input: $input) { id } }"
        self.client.call_GQL(mutation, {"input": values})

    def shows(self, ref: ItemRef, kind: str) -> str:
        """The SHA-1 of what the item shows, "" for what is no upload."""
        [name] = [one["name"] for one in self.offered(ref, kind) if one["selected"]]
        return digest_in(name)

    def offered(self, ref: ItemRef, kind: str) -> list[dict[str, Any]]:
        plural = {"poster": "posters", "background": "arts"}[kind]
        offered: list[dict[str, Any]] = self.process.item(int(ref.key))[plural]
        return offered

    def locked(self, ref: ItemRef) -> set[str]:
        return set(self.process.item(int(ref.key))["locked"])


@pytest.fixture
def house(stash: Simulated, process: PlexProcess) -> Iterator[House]:
    sections = [plex_section([plex_item(n)], key=n, title=f"Scenes {n}") for n in (1, 2)]
    process.load(plex_seed(*sections))
    made = House(stash, process)
    made.cover("cover")
    made.cover(None, 2)
    stash.faults([])
    yield made
    made.close()


def test_items_of_both_sections_get_the_cover_from_one_download(house: House) -> None:
    outcome = house.sync()
    assert (outcome.uploads, outcome.selects, outcome.failures) == (4, 0, [])
    assert outcome.touched == set(REFS)
    for ref in REFS:
        assert house.shows(ref, "poster") == house.shows(ref, "background") == SHA1
        assert house.locked(ref) == {"thumb", "art"}
    # Stash: the cover. Plex, for each item: two lists, two uploads, one lock for both.
    assert house.asked == (1, 10)
    assert house.downloaded == len(COVER)


def test_a_second_sync_asks_stash_once_and_plex_nothing(house: House) -> None:
    house.sync()
    outcome = house.sync()
    assert house.asked == (1, 0)
    assert house.downloaded == 0
    assert outcome.remembered == house.known
    assert (outcome.uploads, outcome.selects, outcome.touched) == (0, 0, set())
    assert not outcome.journal


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
    assert first.journal == [told]
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
    assert house.sync(frozenset()).remembered == {}
    assert house.asked == (0, 0)
    house.sync(frozenset({"background"}), REFS[0])
    assert house.shows(REFS[0], "background") == SHA1
    assert house.shows(REFS[0], "poster") == ""
    assert house.locked(REFS[0]) == {"art"}
    house.sync(BOTH, REFS[0])
    assert house.shows(REFS[0], "poster") == SHA1
    # Stash: is it new? no, then its bytes. Plex, of the poster only: a list, an upload, a lock.
    assert house.asked == (2, 3)
    assert house.downloaded == len(COVER)


def test_edits_of_other_fields_cost_no_request_for_images(house: House) -> None:
    house.sync()
    items = house.items()
    for ref in REFS:
        house.plex.edit(ref.section, 1, ref.key, [("title.value", "New")])
        house.process.switch(clock_offset=5)
    house.forget_requests()
    syncer = ImageSyncer(house.client, house.images, PosterFitter(Fit.NONE), house.note)
    outcome = syncer.sync(1, items, house.known, BOTH)
    outcome.settle(house.items())
    house.known = outcome.remembered
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
    # Two lists, one selection and one lock for the item that moved, nothing for the other.
    assert house.asked == (1, 4)
    assert house.downloaded == 0


def test_a_lost_memory_uploads_nothing(house: House) -> None:
    house.sync()
    house.known = {}
    outcome = house.sync()
    assert (outcome.uploads, outcome.selects, outcome.touched) == (0, 0, set())
    assert not house.journal
    house.sync()
    assert house.asked == (1, 0)


def test_a_lock_that_was_missed_is_made_up_for(house: House) -> None:
    """As after a kill between the upload and the lock."""
    house.images.upload("1", ImageKind.POSTER, COVER)
    outcome = house.sync(POSTER, REFS[0])
    assert (outcome.uploads, outcome.selects) == (0, 0)
    [told] = house.journal
    assert digest_in(told.before or "") == digest_in(told.after) == SHA1
    assert house.locked(REFS[0]) == {"thumb"}
    assert outcome.remembered["poster_locked:1:1"]


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


# Failures -------------------------------------------------------------------------------------

BROKEN: list[tuple[dict[str, object], str]] = [
    ({"action": "status", "status": 302}, "redirect"),
    ({"action": "status", "status": 200, "body": "<html>Log in</html>"}, "web page"),
    ({"action": "truncate"}, "broke off"),
    ({"action": "status", "status": 200, "body": "x", "content_type": "image/png"}, "no image"),
    ({"action": "status", "status": 500}, "HTTP 500"),
]


@pytest.mark.parametrize(("fault", "reason"), BROKEN, ids=str)
def test_a_bad_answer_uploads_nothing_says_why_and_is_made_good(
    house: House, fault: dict[str, object], reason: str
) -> None:
    with house.stash.failing({"match": "/scene/1/screenshot", **fault}):
        outcome = house.sync()
    [said] = outcome.failures
    assert reason in said
    assert "scene 1" in said
    assert house.asked == (1, 0)
    assert outcome.remembered == {}
    assert house.sync().uploads == 4


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
    house.process.sim("POST", "faults", [refusal])
    outcome = house.sync()
    [failure] = outcome.failures
    assert failure.startswith("poster of item 1:1: ")
    assert said in failure
    assert outcome.uploads == 3
    assert house.locked(REFS[0]) == {"art"}
    outcome = house.sync()
    assert (outcome.uploads, outcome.failures) == (1, [])
    assert house.shows(REFS[0], "poster") == SHA1
    assert house.asked == (2, 3)


def test_a_refused_lock_is_tried_again_alone(house: House) -> None:
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
        ImageSyncer(away, house.images, fitter, house.note).sync(1, items, {}, BOTH)
    away.close()
    syncer = ImageSyncer(house.client, house.images, fitter, house.note)
    house.process.switch(maintenance=True)
    with pytest.raises(PlexServerDown):
        syncer.sync(1, items, {}, BOTH)
    house.process.switch(maintenance=False, non_admin=True)
    with pytest.raises(PlexUnauthorized):
        syncer.sync(1, items, {}, BOTH)


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
    assert (outcome.conflicts, outcome.journal) == ([], [])
    assert house.shows(REFS[0], "poster") == digest(chosen)
    house.cover("png:other")
    outcome = house.sync(preserve=True)
    [conflict] = outcome.conflicts
    assert conflict.startswith("poster of item 1:1: ")
    assert house.shows(REFS[0], "poster") == digest(chosen)
    assert house.shows(REFS[0], "background") == digest(OTHER)
    assert house.shows(REFS[1], "poster") == digest(OTHER)


def test_with_preserve_a_lock_of_the_user_is_respected(house: House) -> None:
    chosen = picture("chosen by hand")
    choose(house, chosen)
    house.images.lock(house.items(REFS[0])[REFS[0]], [ImageKind.POSTER])
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
