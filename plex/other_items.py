"""Other items than those in question: they tell what is bad from a server that fails."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Protocol

from core.models import Section
from plex.exceptions import PlexError, PlexServerDown
from plex.full_items import FullReader
from plex.http import PlexHttp
from plex.listing import ListPage

VIDEO_TYPES = ("movie", "show")
OTHERS = 3  # items of a section that are tried before it is said that none can be read

NONE_THERE = "Plex lists items and has none of them when they are asked for"


class _ListPages(Protocol):
    def __call__(self, section: Section, *, page_size: int) -> Iterator[ListPage]:
        """The pages of a section."""


class Others:
    """Asks one server for others.

    Args:
        control_read: the sections; raises where Plex is not there, or does not answer us.
        list_pages: of a section.
    """

    def __init__(
        self, http: PlexHttp, control_read: Callable[[], list[Section]], list_pages: _ListPages
    ) -> None:
        self._http = http
        self._control_read = control_read
        self._list_pages = list_pages

    def make_sure(self, but: Collection[str] = (), *, are_absent: bool = False) -> bool:
        """Whether items can be read whole: any others than these will do. False: there are none.

        Args:
            are_absent: Plex says of these that it does not have them.

        Raises:
            PlexServerDown: they cannot, or are listed and not there.
            PlexUnauthorized: they must not.
        """
        failures: list[PlexError] = []
        for section in self._control_read():
            if section.type not in VIDEO_TYPES:
                continue
            try:
                if self._reads_in(section, but, are_absent=are_absent):
                    return True
            except PlexError as error:
                failures.append(error)
                if _is_of_all(error):
                    break
        if failures:
            raise failures[-1]
        return False

    def of(self, section: Section, but: Collection[str]) -> tuple[list[str], bool]:
        """A few items of a section that are none of these, and whether it lists one of these."""
        page = next(iter(self._list_pages(section, page_size=len(but) + OTHERS)))
        keys = [item.ref.key for item in page.items]
        others = [key for key in keys if key not in but]
        return others[:OTHERS], len(others) < len(keys)

    def _reads_in(self, section: Section, but: Collection[str], *, are_absent: bool) -> bool:
        reader = FullReader(self._http, self.make_sure)
        others, lists_these = self.of(section, but)
        failure: PlexServerDown | None = None
        for key in others:
            try:
                if reader.is_there(key):
                    return True
                failure = PlexServerDown(NONE_THERE, may_be_one=True)
            except PlexServerDown as error:
                failure = error
                if _is_of_all(error):
                    break
        if failure is None and are_absent and lists_these:
            failure = PlexServerDown(NONE_THERE, may_be_one=True)
        if failure is not None:
            raise failure
        return False


def _is_of_all(error: PlexError) -> bool:
    """Whether asking for more would tell nothing new, or cost minutes."""
    return isinstance(error, PlexServerDown) and (error.is_costly or not error.may_be_one)
