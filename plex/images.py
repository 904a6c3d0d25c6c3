"""Pictures of Plex items: what is on offer, uploads, selections and their locks.

Images go up as bytes. The other way, an address that Plex fetches itself, would put Stash's API key
into Plex's log, and needs Plex to reach Stash (facts of Plex, 5.11).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

from core.images import Entry, ImageFailed, ImageKind, digest, on_offer
from core.models import FullItem
from plex import mapping
from plex.client import PlexClient
from plex.editing import lock_params
from plex.exceptions import PlexItemFailed
from plex.listing import MAX_PAGE_SIZE
from plex.mapping import ONE_KEY
from plex.url_encoding import Params, window
from transport.retrying import Transient


class NotShown(ImageFailed):
    """Plex did not tell, take or show a picture of an item, and answers otherwise."""


@dataclass(frozen=True, slots=True)
class _Names:
    """What Plex calls a kind of picture: in lists and uploads, in selections, and as a field."""

    plural: str
    singular: str
    field: str


_NAMES: Mapping[ImageKind, _Names] = MappingProxyType(
    {
        ImageKind.POSTER: _Names("posters", "poster", "thumb"),
        ImageKind.ART: _Names("arts", "art", "art"),
    }
)


class PlexImages:
    """The pictures of one server's items. `key` is always the rating key of one item.

    Every method raises what `plex.exceptions` says of the server's answer, and NotShown instead
    of PlexServerDown and PlexUnauthorized where the server still answers otherwise: then it is this
    picture that Plex chokes on, and not Plex that is down. A change may have been made either way.
    """

    def __init__(self, client: PlexClient) -> None:
        self._client = client

    def entries(self, key: str, kind: ImageKind) -> list[Entry]:
        """What is on offer for an item, in Plex's order."""
        part = dict(window(0, MAX_PAGE_SIZE))
        path = f"{_item(key)}/{_NAMES[kind].plural}"
        listed: list[dict[str, Any]] = []

        def read() -> None:
            listed.extend(mapping.items_in(self._client.http.read_list(path, headers=part)))

        self._of_one(read, "tell its pictures")
        return [
            Entry(
                mapping.text(raw.get("ratingKey")),
                str(raw.get("selected")).lower() in ("true", "1"),
            )
            for raw in listed
        ]

    def upload(self, key: str, kind: ImageKind, data: bytes) -> None:
        """Give an item these bytes, which Plex then shows. It keeps them for ever.

        What fails may have arrived all the same, so Plex is asked before the bytes are sent again.
        Bytes that it has already are kept once, so this may be called again.
        """
        path = f"{_item(key)}/{_NAMES[kind].plural}"

        def attempt() -> None:
            try:
                self._client.http.try_write("POST", path, body=data)
            except Transient:
                if not self._has_arrived(key, kind, digest(data)):
                    raise

        self._of_one(lambda: self._client.http.retrying.call(attempt, repeatable=True), "take it")

    def upload_again(self, key: str, kind: ImageKind, data: bytes) -> None:
        """Give an item bytes that it has, to see whether Plex takes any."""
        path = f"{_item(key)}/{_NAMES[kind].plural}"
        http = self._client.http
        post = partial(http.try_write, "POST", path, body=data)
        self._of_one(lambda: http.retrying.call(post, repeatable=True), "take it")

    def _has_arrived(self, key: str, kind: ImageKind, sha1: str) -> bool:
        there = on_offer(self.entries(key, kind), sha1)
        if there is not None and not there.selected:
            self.select(key, kind, there.rating_key)
        return there is not None

    def select(self, key: str, kind: ImageKind, rating_key: str) -> None:
        """Make an item show what is on offer under that name."""
        self._write("PUT", key, _NAMES[kind].singular, [("url", rating_key)])

    def unset(self, key: str, kind: ImageKind) -> None:
        """Make an item show none of the pictures on offer."""
        self._write("DELETE", key, _NAMES[kind].field)

    def lock(self, item: FullItem, kinds: Iterable[ImageKind]) -> None:
        """Keep Plex from choosing other pictures at a refresh."""
        params = lock_params({kind.value: True for kind in kinds})
        self._client.edit(item.ref.section, item.item_type, item.ref.key, params)

    def _write(self, method: str, key: str, name: str, params: Params = ()) -> None:
        path = f"{_item(key)}/{name}"
        self._of_one(lambda: self._client.http.write(method, path, params), "take it")

    def _of_one(self, act: Callable[[], None], what: str) -> None:
        """A server fails on a picture, and a proxy breaks off a large body."""
        try:
            self._client.of_one_item(act)
        except PlexItemFailed as error:
            raise NotShown(f"Plex could not {what}: {error}") from error


def upload_name(kind: ImageKind, sha1: str) -> str:
    """What Plex should call an upload; the digest at the end is certain, the folder is not."""
    return f"upload://{_NAMES[kind].plural}/{sha1}"


def _item(key: str) -> str:
    """The path of exactly one item.

    Raises:
        ValueError: the key does not name one: Plex would change the pictures of several.
    """
    if not ONE_KEY.fullmatch(key):
        raise ValueError(f"pictures belong to one item, not to {key!r}")
    return f"/library/metadata/{key}"
