"""Whether Plex takes pictures at all, seen by one that changes nothing.

An item is given the bytes that it shows and has from us: Plex keeps them once, under the same name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice

from core.errors import PicturesUnavailable
from core.images import ImageFailed, ImageKind, digest, digest_in, selected
from core.records import CoverRecord, PictureRecords
from plex.exceptions import PlexRejected
from plex.images import NotShown, PlexImages
from worker.pictures.cover import Cover, find_cover
from worker.pictures.sync import PictureSync

ASKED = 3  # pictures that are given again before it is said that Plex takes none


def takes_pictures(sync: PictureSync, known: Iterable[tuple[int, PictureRecords]]) -> bool | None:
    """Whether Plex takes a picture of any of these scenes; None: none of them can be tried.

    Args:
        known: scenes, with what is known of their pictures.

    Raises:
        PlexServerDown, PlexUnauthorized, StashError: a server does not answer at all, or not us.
    """
    answer: bool | None = None
    for kind, key, sha1, scene_id, cover in islice(_shown(known), ASKED):
        try:
            if _is_taken(sync.plex, kind, key, sha1, partial(_bytes, sync, scene_id, cover)):
                return True
        except (NotShown, PlexRejected):
            answer = False
        except (ImageFailed, PicturesUnavailable):
            continue  # Stash does not have it any more
    return answer


def _shown(
    known: Iterable[tuple[int, PictureRecords]],
) -> Iterator[tuple[ImageKind, str, str, int, CoverRecord]]:
    for scene_id, records in known:
        for (name, ref), picture in records.pictures.items():
            if picture.sha1:
                yield ImageKind(name), ref.key, picture.sha1, scene_id, records.cover


def _bytes(sync: PictureSync, scene_id: int, known: CoverRecord, kind: ImageKind) -> bytes:
    cover = find_cover(partial(sync.fetch, scene_id), sync.fitter, known)
    return cover.data(kind) if isinstance(cover, Cover) else b""


def _is_taken(
    plex: PlexImages, kind: ImageKind, key: str, sha1: str, data_of: partial[bytes]
) -> bool:
    """Give an item once more what it shows; False: it shows something else by now."""
    name = selected(plex.entries(key, kind))
    if name is None or digest_in(name) != sha1:
        return False
    data: bytes = data_of(kind)
    if digest(data) != sha1:
        return False
    plex.upload_again(key, kind, data)
    plex.select(key, kind, name)
    return True
