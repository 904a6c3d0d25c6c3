"""The listing of one section, page by page, whatever one of its items does to the answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeGuard

from core.id_set import KeySet
from core.models import ListedItem, Section
from core.text import excerpt
from plex import mapping, url_encoding
from plex.exceptions import PlexRejected, PlexServerDown, PlexShifted
from plex.field_names import SCALAR_NAMES
from plex.http import PlexHttp
from plex.narrowing import narrow

PAGE_SIZE = 600  # facts of Plex, 2: 500 is in wide use, 1000 the most
MAX_PAGE_SIZE = 1000  # more is refused by servers since 2025
OLDEST_FIRST, NEWEST_FIRST = "addedAt:asc", "addedAt:desc"
# A wish, not an order: servers that know it send less. Genre, Role, Media and Part are read.
_WITHOUT = (
    "Country,Guid,Rating,Collection,Director,Writer,Producer,Similar,Style,Mood,Format,Image"
    ",UltraBlurColors"
)
WITHOUT_FIELDS = ",".join({"tagline"} - set(SCALAR_NAMES.values()))
# Of a server that tells no total though its pages are full. No real one is known to.
_MOST_UNCOUNTED = 250  # pages
_FAR_APART = 8  # items of a window that are searched without a look at it
_MOST_ITEMS = 5_000_000  # a total above that is no total
_NO_LIBRARY = frozenset({404, 410})


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of a listing.

    Attributes:
        section: the key of the section listed.
        total: how many the server says there are; where it does not say, those received so far.
        received: how many the server sent, for progress.
        passed_over: what could not be read, for people: where in the listing it is.
        untold: how many of these are among the items, and do not say which files they have.
        items: those present that no earlier page had.
    """

    section: str
    total: int
    received: int
    passed_over: tuple[str, ...]
    untold: int
    items: tuple[ListedItem, ...] = field(repr=False)


class _Window(NamedTuple):
    start: int
    size: int


@dataclass(slots=True)
class _Answered:
    """What a window has.

    Attributes:
        keys: of the items, in their order; "" where one has none.
        bad: the places that cannot be read, by their start.
        lost: how many entries are no items.
        short: how many more the answer counts than it holds; where these are is not known.
        repeated: how many of the items one answer holds twice: no page has slid over another.
    """

    items: list[dict[str, Any]]
    keys: list[str]
    total: int | None
    bad: Sequence[int] = ()
    lost: int = 0
    short: int = 0
    repeated: int = 0

    @property
    def covered(self) -> int:
        return len(self.items) + len(self.bad) + self.lost


@dataclass(slots=True)
class _Progress:
    """What is known of a listing while it is paged."""

    section: str
    seen: KeySet = field(default_factory=KeySet)
    total: int | None = None
    covered: int = 0
    nameless: int = 0
    is_short: bool = False
    pages: int = 0
    most_pages: int = _MOST_UNCOUNTED

    def take(self, answered: _Answered) -> tuple[ListPage, int]:
        """The page, and how many of its items are new, those included that cannot be read."""
        if answered.total is not None and answered.total >= len(answered.items):
            self._count(answered.total)
        both = zip(answered.items, answered.keys, strict=True)
        fresh = [raw for raw, key in both if self._is_new(key)]
        passed = tuple(self._place(answered, at) for at in answered.bad) + _unusable(answered)
        self.covered += answered.covered
        self.nameless += len(answered.bad) + answered.lost + answered.repeated
        self.is_short |= answered.short > 0
        self.pages += 1
        if self.total is not None and self.pages == 1:
            # Servers send fewer than asked, but not fewer and fewer.
            self.most_pages = 10 + 2 * self.total // max(1, answered.covered)
        items, untold = self._present(fresh)
        shown = self.covered if self.total is None else self.total
        bad = (*passed, *untold)
        page = ListPage(self.section, shown, answered.covered, bad, len(untold), tuple(items))
        return page, len(fresh) + len(answered.bad)

    def _present(self, fresh: Iterable[dict[str, Any]]) -> tuple[list[ListedItem], list[str]]:
        """The items, and those of them that do not say which files they have, for people."""
        items: list[ListedItem] = []
        untold: list[str] = []
        for raw in fresh:
            item = mapping.listed_item(raw, self.section)
            # One with a file that is there has neither lost all of them nor is silent about them.
            if not item.files or "deletedAt" in raw:
                if mapping.is_gone(raw):
                    continue  # still listed, because the trash was not emptied
                if not mapping.tells_files(raw):
                    untold.append(_untold(raw))
            items.append(item)
        return items, untold

    def _count(self, total: int) -> None:
        """Servers leave the total out of some pages, so only two that differ mean a change."""
        if self.total is not None and total != self.total:
            raise PlexShifted(
                f"section {self.section} changed from {self.total} to {total} items while listed"
            )
        self.total = total

    def has_ended(self, page: ListPage, new: int, size: int) -> bool:
        """Whether no page follows one that was asked for with `size` items, `new` of them new.

        A server leaves the total out where a window covers the whole section (facts of Plex, 13),
        so a page that is not full is the last one; a longer one shows that paging is ignored.
        """
        if new == 0:
            return True
        if self.total is None:
            return page.received != size
        return self.covered >= self.total

    def check_going_on(self) -> None:
        """The listing of a server that is in its senses comes to an end."""
        if self.pages >= self.most_pages:
            raise PlexServerDown(
                f"Plex lists section {self.section} without end ({len(self.seen)} items so far)"
            )

    def hole(self, *, takes_holes: bool) -> list[ListPage]:
        """A last page that tells in how far the server's count differs from what it listed.

        Raises:
            PlexShifted: it does; pages may have slid over each other.
        """
        got = len(self.seen) + self.nameless
        # What an answer admits not to have sent is a hole that has been told.
        if self.total is None or self.is_short or len(self.seen) <= self.total <= got:
            return []
        if not takes_holes:
            raise PlexShifted(
                f"section {self.section} listed {got} different items of {self.total}"
            )
        lacking = _unsent(self.total - got) if got < self.total else "more than it counts"
        return [ListPage(self.section, self.total, 0, (lacking,), 0, ())]

    def _is_new(self, key: str) -> bool:
        if not key:
            self.nameless += 1
            return False
        return self.seen.put(key)

    def _place(self, answered: _Answered, at: int) -> str:
        """Where an item is that cannot be read, by the one before it."""
        before = sum(1 for other in answered.bad if other < at)
        number = at - self.covered - before - 1
        place = f"item {at + 1} of its listing by date added"
        if 0 <= number < len(answered.items):
            title = excerpt(str(answered.items[number].get("title", "")), 80)
            return f"{place}, after {title!r}"
        return place


def _unusable(answered: _Answered) -> tuple[str, ...]:
    """What an answer counts or holds that could not be asked for again, for people."""
    both = zip(answered.items, answered.keys, strict=True)
    keyless = [raw for raw, key in both if not key]
    found = [f"{excerpt(str(raw.get('title', '')), 80)!r}, without a number" for raw in keyless]
    if answered.lost or answered.short:
        found.append(_unsent(answered.lost + answered.short))
    return tuple(found)


def _unsent(count: int) -> str:
    return f"{count} that it counts, but does not send"


def _untold(raw: dict[str, Any]) -> str:
    title = excerpt(str(raw.get("title", "")), 80)
    return f"{title!r}, number {mapping.rating_key(raw)}, which does not say what files it has"


@dataclass(frozen=True, slots=True)
class SectionLister:
    """Lists one section.

    Args:
        make_sure: raises PlexServerDown if the server is down.
        query: filters, with Plex's operators as part of the name: ("updatedAt>>", "17...").
        sort: Plex's word for an order.
    """

    http: PlexHttp
    make_sure: Callable[[], object]
    section: Section
    query: Sequence[tuple[str, str]]
    sort: str

    def pages(self, page_size: int, *, takes_holes: bool) -> Iterator[ListPage]:
        """Every item, page by page; see `PlexClient.list_pages`."""
        progress = _Progress(self.section.key)
        size = max(1, min(page_size, MAX_PAGE_SIZE))
        while True:
            answered = self._window(_Window(progress.covered, size), progress.total)
            page, new = progress.take(answered)
            yield page
            if progress.has_ended(page, new, size):
                yield from progress.hole(takes_holes=takes_holes)
                return
            progress.check_going_on()

    def _window(self, window: _Window, total: int | None) -> _Answered:
        """What a window has; where it cannot be had whole, what its parts have."""
        try:
            try:
                return self._ask(window, True)
            except PlexServerDown as failure:
                if not failure.may_be_one:
                    raise
                return self._narrowed(window, total, failure)
        except PlexServerDown as failure:
            if isinstance(failure.__cause__, PlexRejected):
                raise failure.__cause__ from None
            raise

    def _narrowed(self, window: _Window, total: int | None, failure: PlexServerDown) -> _Answered:
        if total is not None:
            window = window._replace(size=max(1, min(window.size, total - window.start)))
        found: dict[int, _Answered] = {}
        totals: list[int] = []

        def ask(part: _Window, thorough: bool) -> Iterable[_Window]:
            answered = self._ask(part, thorough)
            found[part.start] = answered
            if answered.total is not None:
                totals.append(answered.total)
            got = answered.covered
            left = min(part.size, (totals or [0])[-1] - part.start) - got
            return [_Window(part.start + got, left)] if got and left > 0 else []

        if not self._answers_for_some(window):
            raise failure
        bad = narrow(window, _halves, ask, self._is_there, failure)
        return _Answered(
            [raw for start in sorted(found) for raw in found[start].items],
            [key for start in sorted(found) for key in found[start].keys],
            totals[-1] if totals else None,
            sorted(each.start for each, _ in bad),
            sum(each.lost for each in found.values()),
            sum(each.short for each in found.values()),
        )

    def _is_there(self) -> bool:
        """The server is not down; that says nothing of listings."""
        self.make_sure()
        return False

    def _answers_for_some(self, window: _Window) -> bool:
        """Whether one of a few places far apart can be had, or it is too small to be sure.

        Searching a library of which nothing can be had would take a hundred requests.
        """
        if window.size <= _FAR_APART:
            return True
        last = window.start + window.size - 1
        for place in (window.start, window.start + window.size // 2, last):
            try:
                self._ask(_Window(place, 1), False)
            except PlexServerDown as error:
                if not error.may_be_one:
                    raise
            else:
                return True
        return False

    def _ask(self, window: _Window, thorough: bool) -> _Answered:
        paging = url_encoding.window(window.start, window.size)
        params = [
            ("type", str(self.section.item_type)),
            ("sort", self.sort),
            ("excludeElements", _WITHOUT),
            ("excludeFields", WITHOUT_FIELDS),
            *self.query,
            *paging,
        ]
        path = f"/library/sections/{self.section.key}/all"
        try:
            container = self.http.read_list(path, params, dict(paging), thorough=thorough)
        except PlexRejected as error:  # that may be a matter of one item
            if error.status in _NO_LIBRARY:
                raise
            raise PlexServerDown(str(error), may_be_one=True) from error
        total = container.get("totalSize")
        items = mapping.items_in(container)
        keys = list(map(mapping.rating_key, items))
        found = _Answered(items, keys, total if _is_count(total) else None)
        listed = container.get("Metadata")
        found.lost = len(listed) - len(items) if isinstance(listed, list) else 0
        told = container.get("size")
        if _is_count(told) and told > found.covered:
            most = window.size if found.total is None else found.total - window.start
            found.short = max(0, min(told, most, window.size) - found.covered)
        found.repeated = len(keys) - keys.count("") - len({*keys} - {""})
        return found


def _is_count(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 <= value <= _MOST_ITEMS


def _halves(window: _Window) -> Sequence[_Window]:
    if window.size < 2:
        return ()
    half = window.size // 2
    return _Window(window.start, half), _Window(window.start + half, window.size - half)
