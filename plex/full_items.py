"""Items read whole, many in one request, whatever one of them does to the answers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.models import FullItem
from plex import mapping
from plex.exceptions import PlexRejected, PlexServerDown, PlexUnauthorized
from plex.field_names import LIST_ELEMENTS
from plex.http import PlexHttp
from plex.narrowing import narrow
from plex.url_encoding import window

MAX_KEYS = 100
# The most that are asked for at once, while all goes well; their keys take a third of what proxies
# allow.
READ_KEYS = 250
_FEW = 3
# Elements that nobody reads. A wish, not an order: servers that know it send less.
_SPARED = (
    *("Country", "Guid", "Rating", "Collection", "Director", "Writer", "Producer", "Similar"),
    *("Style", "Mood", "Format", "Stream", "Image", "UltraBlurColors"),
)
WITHOUT = ",".join(name for name in _SPARED if name not in LIST_ELEMENTS.values())


class FullItems(dict[str, FullItem]):
    """Items read whole, by rating key. What Plex does not have is neither here nor unreadable.

    Attributes:
        unreadable: why Plex fails for others, by rating key; nothing is known of those.
        is_lacking: of some of those it tells a part.
    """

    def __init__(self) -> None:
        super().__init__()
        self.unreadable: dict[str, str] = {}
        self.is_lacking = False


class MakeSure(Protocol):
    """As `Others.make_sure`."""

    def __call__(self, but: Collection[str], *, are_absent: bool) -> bool:
        """Whether others can be read."""


@dataclass(slots=True)
class FullReader:
    """Reads items whole.

    Args:
        make_sure: raises PlexServerDown unless other items can be read; asked before Plex is
            believed that none of some items is there, or that it fails for items. It is given
            their keys, and which of both. False: there are no others.
    """

    http: PlexHttp
    make_sure: MakeSure
    _reads_many: bool = True

    def at_once(self, keys: Sequence[str]) -> tuple[FullItems, list[str]]:
        """Many items in few requests, and the keys of those that `read` has to be asked for:
        nothing is said of them. Where Plex fails at so many, or takes long, that is not tried
        again. Raises PlexServerDown: it takes as long for a single other one."""
        found, done = FullItems(), set[str]()
        for start in range(0, len(keys), READ_KEYS):
            some = keys[start : start + READ_KEYS]
            if len(some) <= MAX_KEYS or not self._reads_many:
                break
            try:
                done |= self._ask(some, found, thorough=False)
            except PlexServerDown as error:
                self._reads_many = False
                if error.is_costly:
                    self.make_sure(some, are_absent=False)
        done -= found.unreadable.keys()
        found.unreadable.clear()
        found.is_lacking = False
        return found, [key for key in keys if key not in done]

    def is_there(self, key: str) -> bool:
        """Whether an item can be read whole, without asking for long.

        Raises:
            PlexServerDown: Plex fails for it, or does not tell all of it.
        """
        found = FullItems()
        self._ask([key], found, thorough=False)
        if key in found.unreadable:
            raise PlexServerDown(found.unreadable[key], may_be_one=True)
        return key in found

    def read(self, keys: Sequence[str]) -> FullItems:
        """At most 100 items.

        Raises:
            PlexServerDown: the server fails for all of them and for others, or has lost all.
            PlexUnauthorized: it refuses us all of them, and others.
        """
        try:
            return self._read(keys)
        except PlexServerDown as error:
            if isinstance(error.__cause__, PlexUnauthorized):
                raise error.__cause__ from None
            raise

    def _read(self, keys: Sequence[str]) -> FullItems:
        found = FullItems()
        answered = self._answered(keys, found)
        rest = [key for key in keys if key not in answered]
        if rest and not answered:
            self._ask_apart(rest, found)
        before = len(keys) if answered else len(rest)
        while 0 < len(rest) < before:
            # It may have been a part of the answer only.
            before, answered = len(rest), self._answered(rest, found)
            rest = [key for key in rest if key not in answered]
        is_in_doubt = not found and found.is_lacking
        if is_in_doubt and not self.make_sure(keys, are_absent=False) and len(keys) > 1:
            why = next(iter(found.unreadable.values()))
            raise PlexServerDown(f"{why}, nor of others; is a proxy in between?")
        return found

    def _ask_apart(self, keys: Sequence[str], found: FullItems) -> None:
        """Asks once more for items of which none was there: in halves, then some of them alone.

        Where one half comes, the other has some that spoil it. Where one comes alone, this server
        fails at groups, and each is asked for alone.
        """
        halves = [] if len(keys) <= _FEW else _halves(keys)
        lost = [part for part in halves if not self._answered(part, found)]
        if len(lost) < len(halves):
            for part in lost:
                self._ask_apart(part, found)
            return
        apart = dict.fromkeys((keys[0], keys[len(keys) // 2], keys[-1]))
        there = [key for key in apart if self._answered([key], found)]
        for key in keys if there else ():
            if key not in apart:
                self._answered([key], found)
        if not there:
            self.make_sure(keys, are_absent=True)

    def _answered(self, keys: Sequence[str], found: FullItems) -> set[str]:
        """Adds to `found`; returns the keys that Plex knows, gone and unreadable ones included."""
        answered: set[str] = set()
        others: list[bool] = []

        def ask(part: Sequence[str], thorough: bool) -> Iterable[Sequence[str]]:
            answered.update(self._ask(part, found, thorough=thorough))
            return ()

        def make_sure() -> bool:
            others.append(self.make_sure(keys, are_absent=False))
            return others[-1]

        try:
            ask(keys, True)
        except PlexServerDown as failure:
            if not failure.may_be_one:
                raise
            if failure.is_costly and len(keys) > 1:
                make_sure()  # else all of the parts would be waited for
            bad = narrow(keys, _halves, ask, make_sure, failure)
            if len(bad) > 1 and not answered and not any(others):
                raise  # there are no others, and all of these suffer it
            found.unreadable.update((key, str(why)) for part, why in bad for key in part)
        return answered | found.unreadable.keys()

    def _ask(self, keys: Sequence[str], found: FullItems, *, thorough: bool) -> set[str]:
        part = window(0, len(keys))
        params = [("skipRefresh", "1"), ("checkFiles", "0"), ("excludeElements", WITHOUT), *part]
        path = f"/library/metadata/{','.join(keys)}"
        try:
            container = self.http.read_list(
                path, params, dict(part), thorough=thorough, after_costly=len(keys) == 1
            )
        except PlexRejected as error:
            if error.status != 404:  # that may be a matter of one item, or of so many
                raise PlexServerDown(str(error), may_be_one=True) from error
            return set()
        except PlexUnauthorized as error:  # that may be a matter of one library
            raise PlexServerDown(str(error), may_be_one=True) from error
        wanted = set(keys)
        answered = set()
        for raw in mapping.items_in(container):
            key = mapping.rating_key(raw)
            if key not in wanted:
                continue
            answered.add(key)
            if mapping.is_gone(raw):
                continue
            lacking = mapping.lacks(raw, container)
            if lacking:
                found.unreadable[key] = f"Plex does not say of an item {lacking}"
                found.is_lacking = True
            else:
                found[key] = mapping.full_item(raw, container)
        return answered


def _halves(keys: Sequence[str]) -> Sequence[Sequence[str]]:
    half = len(keys) // 2
    return (keys[:half], keys[half:]) if half else ()
