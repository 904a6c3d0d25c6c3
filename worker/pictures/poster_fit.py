"""Fits landscape covers onto Plex's 2:3 posters, if Pillow happens to be installed.

Stash's covers are frames of videos, Plex shows posters upright. Without Pillow, which is compiled
and so no part of the release, covers stay as they are.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from core.images import Fit

log = logging.getLogger(__name__)


NOT_INSTALLED = (
    "the setting 'Fit posters' is %r, but Pillow is not installed for this Python: covers become"
    " posters as they are (pip install pillow, or set it to 'none')"
)

# Bytes of an image and how to fit them -> bytes of the poster; None: it stays as it is.
Draw = Callable[[bytes, Fit], bytes | None]


def load_pillow() -> Draw | None:
    """The drawing on Pillow; None where Pillow is not installed."""
    try:
        from worker.pictures.poster_crop_and_pad import draw
    except ImportError:
        return None
    return draw


class PosterFitter:
    """Fits posters for one run. May be used by several threads at once.

    Args:
        wanted: the setting.
        load: asked once, when the first poster is to be fitted.
    """

    def __init__(self, wanted: Fit, load: Callable[[], Draw | None] = load_pillow) -> None:
        self.wanted = wanted
        self._load = load
        self._draw: Draw | None = None
        self._asked = False
        self._turn = threading.RLock()

    @property
    def applied(self) -> Fit:
        """What is done to posters in this run: what is wanted, or nothing without Pillow."""
        with self._turn:
            if self.wanted is not Fit.NONE and not self._asked:
                self._draw = self._load()
                self._asked = True
                if self._draw is None:
                    log.warning(NOT_INSTALLED, self.wanted.value)
            return self.wanted if self._draw is not None else Fit.NONE

    def fit(self, data: bytes) -> bytes:
        """The poster of a cover. The same bytes give the same poster, with the same Pillow.

        Covers that are upright already, and those that Pillow cannot read, stay as they are.
        """
        if self.applied is Fit.NONE or self._draw is None:
            return data
        with self._turn:  # Pillow's warnings are caught for the whole process
            return self._draw(data, self.applied) or data
