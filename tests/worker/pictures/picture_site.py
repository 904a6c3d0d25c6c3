"""Covers on their way from a simulated Stash to a simulated Plex, and a syncer between them."""

from __future__ import annotations

import base64
from functools import partial
from typing import Any

from core.images import Fit, digest, digest_in
from core.models import FullItem, ItemRef
from core.records import NO_PICTURES, PictureRecords
from plex.client import PlexClient
from plex.editing import lock_params
from plex.images import PlexImages
from simulators.launch import PlexHandle
from simulators.stash.sample_pictures import picture
from stash.client import StashClient
from stash.connection import StashConnection
from stash.images import fetch_screenshot
from tests.contract.servers import Simulated
from transport.retrying import Retrying
from worker.pictures.poster_fit import Draw, PosterFitter
from worker.pictures.sync import PictureOutcome, PictureSync
from worker.pictures.writer import PictureChange, PictureWriter

BOTH = frozenset({"poster", "background"})
POSTER = frozenset({"poster"})
REFS = (ItemRef("1", "1"), ItemRef("2", "2"))
COVER, OTHER = picture("cover"), picture("png:other")
SHA1 = digest(COVER)


def draw(data: bytes, fit: Fit) -> bytes:
    """Stands in for Pillow: a whole image that depends on both."""
    return picture(f"{fit.value} {digest(data)}")


class PictureSite:
    """A syncer between both servers, and what it remembers from call to call."""

    def __init__(self, stash: Simulated, process: PlexHandle) -> None:
        self.stash, self.process = stash, process
        retrying = Retrying(lambda _seconds: None)
        connection = StashConnection("http", "127.0.0.1", stash.port, cookie="c")
        self.client = StashClient(connection, retrying=retrying)
        self.plex = PlexClient(
            process.url, process.token, connect_timeout=1, read_timeout=5, retrying=retrying
        )
        self.images = PlexImages(self.plex)
        self.writer = PictureWriter(self.images, self.note)
        self.known: PictureRecords = NO_PICTURES
        self.journal: list[PictureChange] = []
        self.writes_before: list[int] = []

    def close(self) -> None:
        self.client.close()
        self.plex.close()

    def note(self, change: PictureChange) -> None:
        self.journal.append(change)
        self.writes_before.append(self.process.counters()["writes"])

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
    ) -> PictureOutcome:
        """One sync as the executor does it: items read, images synced, items read back."""
        items = self.items(*refs)
        self.forget_requests()
        fitter = PosterFitter(fit, lambda: pillow)
        syncer = PictureSync(
            partial(fetch_screenshot, self.client),
            self.images,
            fitter,
            self.writer,
            preserve=preserve,
        )
        outcome = syncer.sync(number, items, self.known, wanted)
        self.asked = (
            self.stash.counters()["total"],
            self.process.control("GET", "counters")["total"],
        )
        self.downloaded = self.stash.counters()["bytes_out"]
        self.known = outcome.after(self.items(*refs))
        return outcome

    def unlock_poster(self, ref: ItemRef) -> None:
        self.plex.edit(ref.section, 1, ref.key, lock_params({"poster": False}))

    def forget_requests(self) -> None:
        self.stash.reset()
        self.process.control("POST", "counters/reset")
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
