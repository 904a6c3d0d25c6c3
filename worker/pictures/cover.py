"""One scene's cover while its items are synced: what is known of it, and its bytes when needed."""

from __future__ import annotations

from collections.abc import Callable

from core.images import Fit, ImageFailed, ImageKind, digest
from core.records import CoverRecord
from stash.images import NoCover, NotModified, Screenshot
from worker.pictures.poster_fit import PosterFitter

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
        known: CoverRecord,
        found: Screenshot | NotModified,
    ) -> None:
        self._fetch = fetch
        self._fitter = fitter
        self._known = known
        self._etag, self._sha1 = known.etag, known.sha1
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

    @property
    def record(self) -> CoverRecord:
        """What is known now."""
        fit, fitted = "", ""
        if self._poster_sha1:
            fit, fitted = self._fit.value, self._poster_sha1
        elif self._sha1 == self._known.sha1:
            fit, fitted = self._known.fit, self._known.fitted
        return CoverRecord(self._etag, self._sha1, fit, fitted)

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
        known = self._known
        if self._sha1 == known.sha1 and known.fitted and known.fit in usable:
            self._poster_sha1, self._fit = known.fitted, Fit(known.fit)

    def _draw_poster(self) -> None:
        self._poster_data = self._fitter.fit(self._source())
        self._poster_sha1 = digest(self._poster_data)
        self._fit = self._fitter.applied


def find_cover(fetch: Fetch, fitter: PosterFitter, known: CoverRecord) -> Cover | NoCover:
    """The scene's cover, in one request that downloads nothing if it is the known one.

    Raises:
        ImageFailed, StashUnreachable: as `fetch_screenshot`.
    """
    found = fetch(known.condition)
    return found if isinstance(found, NoCover) else Cover(fetch, fitter, known, found)
