"""What we ask of a Plex Media Server: sections, listings, full items, edits.

A thin JSON client instead of python-plexapi, which costs ten times the processor time per item and
fetches items again behind attribute access (facts of Plex, 9).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests

from core.models import FullItem, ItemRef, ListedItem, Section
from plex import mapping
from plex.editing import split_params, unlock_params
from plex.exceptions import PlexRejected, PlexServerDown, PlexShifted
from plex.http import Address, PlexHttp
from plex.url_encoding import encode, encode_query, key_batches

PAGE_SIZE = 500
MAX_PAGE_SIZE = 1000  # more is refused by servers since 2025
MAX_KEYS = 100
OLDEST_FIRST, NEWEST_FIRST = "addedAt:asc", "addedAt:desc"
# nginx takes 8 KB of request line by default, other proxies no less.
MAX_URL = 7500
# One rating key, never a list of them: Plex edits everything that the id names, and the whole
# section if it names nothing.
ONE_KEY = re.compile(r"[A-Za-z0-9_-]+")
# Wishes, not orders: servers that know them send less. Genre, Role, Media and Part are read.
_LIST_WITHOUT = "Country,Guid,Rating,Collection,Director,Writer,Producer,Similar,Style,Mood,Format"
_FULL_WITHOUT = "Country,Guid,Rating,Writer,Producer,Similar,Style,Mood,Format,Stream"


@dataclass(frozen=True, slots=True)
class Identity:
    """Which server answers, and its version like "1.43.0.10492-abcdef012"."""

    machine_id: str
    version: str


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of a listing.

    Attributes:
        section: the key of the section listed.
        total: how many the server says there are; where it does not say, those received so far.
        gone: items whose files are gone, still listed because the trash was not emptied.
        received: how many the server sent, for progress.
    """

    section: str
    total: int
    gone: tuple[ItemRef, ...]
    received: int
    _present: tuple[dict[str, Any], ...] = field(repr=False)

    @property
    def items(self) -> tuple[ListedItem, ...]:
        """Those present that no earlier page had; mapped when asked for, by whoever asks."""
        return tuple(mapping.listed_item(raw, self.section) for raw in self._present)


@dataclass(slots=True)
class _Listing:
    """What is known of a listing while it is paged."""

    section: str
    seen: set[str] = field(default_factory=set)
    total: int | None = None
    received: int = 0
    nameless: int = 0

    def take(self, container: dict[str, Any]) -> tuple[ListPage, int]:
        """The page, and how many of its items are new."""
        total = container.get("totalSize")
        if type(total) is int and total >= 0:
            self._count(total)
        raw_items = mapping.items_in(container)
        fresh = [raw for raw in raw_items if self._is_new(mapping.rating_key(raw))]
        self.received += len(raw_items)
        gone = [raw for raw in fresh if mapping.is_gone(raw)]
        present = [raw for raw in fresh if not mapping.is_gone(raw)] if gone else fresh
        shown = self.received if self.total is None else self.total
        refs = tuple(ItemRef(self.section, mapping.rating_key(raw)) for raw in gone)
        page = ListPage(self.section, shown, refs, len(raw_items), tuple(present))
        return page, len(fresh)

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
        return self.received >= self.total

    def _is_new(self, key: str) -> bool:
        if not key:
            self.nameless += 1
            return False
        if key in self.seen:
            return False
        self.seen.add(key)
        return True

    def check_complete(self) -> None:
        """As many different items as the server counted, or pages have slid over each other."""
        got = len(self.seen) + self.nameless
        if self.total is not None and got < self.total:
            raise PlexShifted(
                f"section {self.section} listed {got} different items of {self.total}"
            )


class PlexClient:
    """One Plex Media Server.

    Args:
        url: like "http://192.168.1.5:32400".
        connect_timeout, read_timeout: seconds; the second bounds each silence, not the whole.
        session: an own `requests.Session`, which `close` closes too.

    Every method raises what `plex.exceptions` says of the server's answer.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        connect_timeout: float = 5,
        read_timeout: float = 30,
        session: requests.Session | None = None,
    ) -> None:
        self.http = PlexHttp(Address(url, token, connect_timeout, read_timeout), session)

    @property
    def requests_made(self) -> int:
        return self.http.requests_made

    @property
    def writes_made(self) -> int:
        return self.http.writes_made

    def close(self) -> None:
        """Closes the connection."""
        self.http.close()

    def identity(self) -> Identity:
        """Which server this is; Plex answers this early, and without asking for the token."""
        container = self.http.read("/identity")
        return Identity(
            str(container.get("machineIdentifier", "")), str(container.get("version", ""))
        )

    def sections(self) -> list[Section]:
        """All library sections, whatever their type."""
        return mapping.sections_from_json(self.http.read_list("/library/sections"))

    def list_pages(
        self,
        section: Section,
        *,
        page_size: int = PAGE_SIZE,
        query: Sequence[tuple[str, str]] = (),
        sort: str = OLDEST_FIRST,
    ) -> Iterator[ListPage]:
        """Every item of a section that has files, page by page, oldest first.

        Args:
            sort: Plex's word for another order.
            query: filters, with Plex's operators as part of the name: ("updatedAt>>", "17...").

        Raises:
            PlexShifted: the section changed meanwhile. Pages may have slid over each other, so
                what was listed is real but what was not proves nothing: list again.
        """
        listing = _Listing(section.key)
        size = max(1, min(page_size, MAX_PAGE_SIZE))
        while True:
            start = listing.received
            page, new = listing.take(self._page(section, start, size, query, sort))
            yield page
            if listing.has_ended(page, new, size):
                listing.check_complete()
                return

    def find_by_file(self, section: Section, substring: str) -> list[ListedItem]:
        """The items with a file whose path contains the text, ignoring case."""
        pages = self.list_pages(section, query=(("file", substring),))
        return [item for page in pages for item in page.items]

    def full_items(self, keys: Iterable[str]) -> dict[str, FullItem]:
        """Items read whole, by rating key, 100 a request; what Plex does not have is absent.

        An answer with fewer items than asked for may be a cut one, so the rest is asked for once
        more before it counts as absent. Items whose files are gone are absent too.
        """
        wanted = [key for key in dict.fromkeys(keys) if ONE_KEY.fullmatch(key)]
        found: dict[str, FullItem] = {}
        for start in range(0, len(wanted), MAX_KEYS):
            batch = wanted[start : start + MAX_KEYS]
            answered = self._read_full(batch, found)
            rest = [key for key in batch if key not in answered]
            if answered and rest:
                self._read_full(rest, found)
        return found

    def edit(
        self, section_key: str, item_type: int, key: str, params: Sequence[tuple[str, str]]
    ) -> int:
        """Edits one item, in one request unless its address would grow too long.

        Args:
            item_type: Plex's number, as in `FullItem.item_type`.
            params: as `plex.editing` makes them.

        Returns:
            how many requests it took.

        Raises:
            ValueError: before any request, where the key does not name exactly one item or the
                parameters name items themselves: Plex would edit others, or the whole section.
        """
        if not ONE_KEY.fullmatch(key) or not ONE_KEY.fullmatch(section_key):
            raise ValueError(f"an edit needs the rating key of one item, not {key!r}")
        if not params or any("." not in name for name, _ in params):
            raise ValueError("an edit needs parameters of the form field.value")
        path = f"/library/sections/{section_key}/all"
        target = [("type", str(item_type)), ("id", key)]
        taken = self.http.base_length + len(path) + len(encode_query(target)) + 2
        edits = split_params(params, MAX_URL - taken)
        for part in edits:
            self.http.write("PUT", path, target + part)
        return len(edits)

    def unlock(
        self, section_key: str, item_type: int, keys: Sequence[str], fields: Collection[str]
    ) -> int:
        """Unlocks the same fields of many items, and leaves what they show alone.

        Unlocking is the same for all of them, and cannot put a wrong value anywhere.

        Args:
            item_type: Plex's number, as in `FullItem.item_type`.
            fields: our names of fields and pictures.

        Returns:
            how many requests it took.

        Raises:
            ValueError: as `edit_alike`.
        """
        return self.edit_alike(section_key, item_type, keys, unlock_params(sorted(fields)))

    def edit_alike(
        self,
        section_key: str,
        item_type: int,
        keys: Sequence[str],
        params: Sequence[tuple[str, str]],
    ) -> int:
        """Makes the very same edit in several items of one section, 100 of them in one request.

        Right only where each of them is to get exactly this. What is named of a list is all of it
        on a server that replaces lists: who calls has to know that this server adds.

        Args:
            item_type: Plex's number, as in `FullItem.item_type`.
            params: as `plex.editing` makes them.

        Returns:
            how many requests it took.

        Raises:
            ValueError: before any request, where there is nothing to edit or a key does not name
                exactly one item (Plex would edit others, or the whole section), or where the edit
                leaves no room for keys in an address.
        """
        if not keys or not params or any("." not in name for name, _ in params):
            raise ValueError("an edit needs the rating keys of items, and parameters")
        for key in (section_key, *keys):
            if not ONE_KEY.fullmatch(key):
                raise ValueError(f"an edit needs rating keys, and {key!r} is none")
        path = f"/library/sections/{section_key}/all"
        fixed = [("type", str(item_type)), ("id", ""), *params]
        room = MAX_URL - self.http.base_length - len(path) - len(encode_query(fixed)) - 1
        if room < max(map(len, map(encode, keys))):
            raise ValueError("an edit of several items is too long for an address")
        batches = list(key_batches(keys, MAX_KEYS, room))
        for batch in batches:
            target = [("type", str(item_type)), ("id", ",".join(batch))]
            self.http.write("PUT", path, [*target, *params])
        return len(batches)

    def _page(
        self, section: Section, start: int, size: int, query: Sequence[tuple[str, str]], sort: str
    ) -> dict[str, Any]:
        # Some endpoints honour only the query form of paging, some proxies only the headers.
        window = [
            ("X-Plex-Container-Start", str(start)),
            ("X-Plex-Container-Size", str(size)),
        ]
        params = [
            ("type", str(section.item_type)),
            ("sort", sort),
            ("excludeElements", _LIST_WITHOUT),
            ("excludeFields", "tagline"),
            *query,
            *window,
        ]
        return self.http.read_list(f"/library/sections/{section.key}/all", params, dict(window))

    def _make_sure_it_is_plex(self) -> None:
        """A 404 means 'unknown' only from Plex; a proxy that lost its server says it as well."""
        try:
            self.identity()
        except PlexRejected as error:
            raise PlexServerDown("no Plex answers at plex_url, only something else") from error

    def _read_full(self, keys: Sequence[str], found: dict[str, FullItem]) -> set[str]:
        """Adds to `found`; returns the keys that Plex knows, gone ones included."""
        window = [("X-Plex-Container-Start", "0"), ("X-Plex-Container-Size", str(len(keys)))]
        params = [
            ("skipRefresh", "1"),
            ("checkFiles", "0"),
            ("excludeElements", _FULL_WITHOUT),
            *window,
        ]
        try:
            path = f"/library/metadata/{','.join(keys)}"
            container = self.http.read_list(path, params, dict(window))
        except PlexRejected as error:
            if error.status != 404:
                raise
            self._make_sure_it_is_plex()
            return set()
        answered = set()
        for raw in mapping.items_in(container):
            key = mapping.rating_key(raw)
            answered.add(key)
            if key in keys and not mapping.is_gone(raw):
                found[key] = mapping.full_item(raw, container)
        return answered
