"""One scene's cover while its items are synced: what is known of it, and its bytes when needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping

from core.images import ImageFailed, ImageKind, digest
from stash.images import NoCover, NotModified, Screenshot
from worker.pictures.poster_fit import Fit, PosterFitter

# Keys of what is remembered: Stash's ETag, the SHA-1 of the cover, how it was fitted as a poster,
# and the SHA-1 of that poster.
ETAG, SHA1, FIT, FITTED = "etag", "sha1", "fit", "fitted"

# Asks Stash for the cover with an ETag, or for its bytes in any case with "".
Fetch = Callable[[str], Screenshot | NotModified | NoCover]


class Cover:
    """The cover as Stash has it now.

    Args:
        known: what is remembered of the scene's cover.
        found: Stash's answer; NotModified makes `known` true still.

    Every method raises what `fetch_screenshot` raises, since each may have to fetch the bytes.
    """

    def __init__(
        self,
        fetch: Fetch,
        fitter: PosterFitter,
        known: Mapping[str, str],
        found: Screenshot | NotModified,
    ) -> None:
        self._fetch = fetch
        self._fitter = fitter
        self._known = known
        self._etag, self._sha1 = known.get(ETAG, ""), known.get(SHA1, "")
        self._data: bytes | None = None
        self._poster_data: bytes | None = None
        self._poster_sha1 = ""
        self._fit = Fit.NONE
        if isinstance(found, Screenshot):
            self._take(found)

    def sha1(self, kind: ImageKind) -> str:
        """The digest of what items have to show."""
        if kind is ImageKind.ART:
            return self._sha1
        if not self._poster_sha1:
            self._recall_poster()
        if not self._poster_sha1:
            self._draw_poster()
        return self._poster_sha1

    def data(self, kind: ImageKind) -> bytes:
        """The bytes of what items have to show. Ask `sha1` again afterwards: Stash may have a
        newer cover by now, and another Pillow draws the same poster differently."""
        if kind is ImageKind.ART:
            return self._source()
        if self._poster_data is None:
            self._draw_poster()
        assert self._poster_data is not None
        return self._poster_data

    def remember(self, into: MutableMapping[str, str]) -> None:
        """Note what is known now."""
        forget(into, self._etag)
        into[SHA1] = self._sha1
        if not self._poster_sha1 and self._sha1 == self._known.get(SHA1):
            into.update({key: self._known[key] for key in (FIT, FITTED) if key in self._known})
        elif self._poster_sha1:
            into[FIT], into[FITTED] = self._fit.value, self._poster_sha1

    def _source(self) -> bytes:
        if self._data is None:
            found = self._fetch("")
            if not isinstance(found, Screenshot):
                raise ImageFailed("the cover went away from Stash while it was fetched")
            self._take(found)
        assert self._data is not None
        return self._data

    def _take(self, found: Screenshot) -> None:
        sha1 = digest(found.data)
        if sha1 != self._sha1:
            self._poster_data, self._poster_sha1 = None, ""
        self._data, self._etag, self._sha1 = found.data, found.etag, sha1

    def _recall_poster(self) -> None:
        """Take the poster's digest from what is known, where the same would be drawn again.

        What was drawn with a Pillow that is gone counts too: it is what the user wants.
        """
        if self._fitter.wanted is Fit.NONE:
            self._poster_sha1, self._fit = self._sha1, Fit.NONE
            return
        usable = (self._fitter.applied.value, self._fitter.wanted.value)
        known_fit = self._known.get(FIT)
        if self._sha1 == self._known.get(SHA1) and FITTED in self._known and known_fit in usable:
            self._poster_sha1, self._fit = self._known[FITTED], Fit(known_fit)

    def _draw_poster(self) -> None:
        self._poster_data = self._fitter.fit(self._source())
        self._poster_sha1 = digest(self._poster_data)
        self._fit = self._fitter.applied


def find_cover(fetch: Fetch, fitter: PosterFitter, known: Mapping[str, str]) -> Cover | NoCover:
    """The scene's cover, in one request that downloads nothing if it is the known one.

    Raises:
        ImageFailed, StashUnreachable, StashUnauthorized: as `fetch_screenshot`.
    """
    etag = known.get(ETAG, "")
    found = fetch(etag)
    if isinstance(found, NotModified) and SHA1 not in known:
        return NoCover(etag)
    return found if isinstance(found, NoCover) else Cover(fetch, fitter, known, found)


def forget(known: MutableMapping[str, str], etag: str) -> None:
    """Drop what was known of a cover, but the ETag of what Stash has now."""
    for key in (ETAG, SHA1, FIT, FITTED):
        known.pop(key, None)
    if etag:
        known[ETAG] = etag
