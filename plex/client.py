"""What we ask of a Plex Media Server: sections, listings, full items, edits.

A thin JSON client instead of python-plexapi, which costs ten times the processor time per item and
fetches items again behind attribute access (facts of Plex, 9).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.models import ListedItem, Section
from core.settings import Settings
from plex import mapping
from plex.address import Address
from plex.editing import split_params
from plex.exceptions import (
    PlexItemFailed,
    PlexRejected,
    PlexServerDown,
    PlexShifted,
    PlexUnauthorized,
)
from plex.full_items import MAX_KEYS as MAX_KEYS
from plex.full_items import FullItems, FullReader
from plex.http import PlexHttp
from plex.listing import OLDEST_FIRST, PAGE_SIZE, ListPage, SectionLister
from plex.mapping import ONE_KEY
from plex.other_items import VIDEO_TYPES as VIDEO_TYPES
from plex.other_items import Others
from plex.url_encoding import Params, encode, encode_query, key_batches, window
from transport.retrying import Retrying

# nginx takes 8 KB of request line by default, other proxies no less.
MAX_URL = 7500


@dataclass(frozen=True, slots=True)
class Identity:
    """Which server answers, and its version like "1.43.0.10492-abcdef012"."""

    machine_id: str
    version: str


class PlexClient:
    """One Plex Media Server.

    Args:
        url: like "http://192.168.1.5:32400".
        connect_timeout, read_timeout: seconds; the second bounds each silence. An answer as a whole
            may take a second more for each 50 KB of it.
        verify_tls: whether its certificate is checked, or the file of the authorities that count.
        retrying: tries again what may pass by itself.

    Every method raises what `plex.exceptions` says of the server's answer.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        connect_timeout: float = 5,
        read_timeout: float = 30,
        verify_tls: bool | str = True,
        retrying: Retrying | None = None,
    ) -> None:
        self.url = url
        address = Address(url, token, connect_timeout, read_timeout, verify_tls)
        self.http = PlexHttp(address, retrying)
        self._others = Others(self.http, self.control_read, self.list_pages)
        self._reader = FullReader(self.http, self._others.make_sure)

    @classmethod
    def by(cls, settings: Settings, retrying: Retrying | None = None) -> PlexClient:
        """The server that the settings name; whoever opens it closes it."""
        return cls(
            settings.plex_url,
            settings.plex_token,
            connect_timeout=settings.connect_timeout,
            read_timeout=settings.read_timeout,
            verify_tls=settings.verify_tls,
            retrying=retrying,
        )

    @property
    def requests_made(self) -> int:
        return self.http.requests_made

    def close(self) -> None:
        """Closes the connection."""
        self.http.close()

    def identity(self) -> Identity:
        """Which server this is; Plex answers this early, and without asking for the token."""
        container = self.http.read("/identity")
        return Identity(
            str(container.get("machineIdentifier", "")), str(container.get("version", ""))
        )

    def name(self) -> str:
        """What its owner calls the server; "" where it does not say."""
        return str(self.http.read("/").get("friendlyName", ""))

    def is_owners_token(self) -> bool | None:
        """Whether the token is that of the account that owns the server; None: cannot be told.

        The list of accounts is for the owner alone; a token that it was shared with, or of a
        managed user, reads libraries and is refused here. To be asked once the token has counted.
        """
        try:
            self.http.read("/accounts", thorough=False)
        except PlexUnauthorized:
            return False
        except PlexRejected:
            return None
        return True

    def count_items(self, section: Section, query: Sequence[tuple[str, str]] = ()) -> int:
        """How many movies, or episodes, a section has; of those that a filter lets through."""
        params = [("type", str(section.item_type)), *query]
        return _total(self._first(section, params, 0))

    def edited_last(self, section: Section, most: int) -> tuple[list[ListedItem], int]:
        """The items of a section that were edited last, the last one first, of those that have not
        lost their files; and how many items the section has in all. Nothing is passed over where
        Plex fails for one of them."""
        params = [("type", str(section.item_type)), ("sort", "updatedAt:desc")]
        found = self._first(section, params, most, thorough=False)
        items = [
            mapping.listed_item(raw, section.key)
            for raw in mapping.items_in(found)
            if mapping.rating_key(raw) and not mapping.is_gone(raw)
        ]
        return items, _total(found)

    def _first(
        self, section: Section, params: Params, most: int, *, thorough: bool = True
    ) -> dict[str, Any]:
        """The first items of a listing of a section."""
        path, part = f"/library/sections/{section.key}/all", window(0, most)
        return self.http.read_list(path, [*params, *part], dict(part), thorough=thorough)

    def sections(self) -> list[Section]:
        """All library sections, whatever their type."""
        return mapping.sections_from_json(self.http.read_list("/library/sections"))

    def control_read(self) -> list[Section]:
        """All sections, after making sure that Plex is there and answers us, whatever else fails.

        Raises:
            PlexServerDown: it is not, or something else answers in its place.
            PlexUnauthorized: it refuses the token.
        """
        try:
            self.identity()
            return self.sections()
        except PlexRejected as error:
            raise PlexServerDown(
                "no Plex answers at the 'Plex URL' of the settings, only something else"
            ) from error

    def list_pages(
        self,
        section: Section,
        *,
        page_size: int = PAGE_SIZE,
        query: Sequence[tuple[str, str]] = (),
        sort: str = OLDEST_FIRST,
        takes_holes: bool = False,
    ) -> Iterator[ListPage]:
        """Every item of a section that has files, page by page, oldest first.

        What Plex fails for is passed over, and named in its page.

        Args:
            sort: Plex's word for another order.
            query: filters, with Plex's operators as part of the name: ("updatedAt>>", "17...").
            takes_holes: fewer items than Plex counts are no sign of a change: it has done so again
                and again. How many are lacking is passed over, like what it fails for.

        Raises:
            PlexShifted: the section changed meanwhile. Pages may have slid over each other, so
                what was listed is real but what was not proves nothing: list again.
        """
        lister = SectionLister(self.http, self.control_read, section, query, sort)
        return lister.pages(page_size, takes_holes=takes_holes)

    def find_by_file(self, section: Section, substring: str) -> list[ListedItem]:
        """The items with a file whose path contains the text, ignoring case.

        Raises:
            PlexItemFailed: Plex fails for some of them, and nothing is known of those.
            PlexServerDown: or it counts others than it lists.
        """
        try:
            pages = list(self.list_pages(section, query=(("file", substring),)))
        except PlexShifted as error:
            raise PlexServerDown(f"Plex contradicts itself: {error}", may_be_one=True) from error
        bad = sum(len(page.passed_over) - page.untold for page in pages)
        if bad:
            raise PlexItemFailed(
                f"Plex fails for {bad} of the items of library {section.title!r} that have"
                " this file name; 'Refresh Metadata' or 'Analyze' in Plex may mend them"
            )
        found = [item for page in pages for item in page.items]
        if found and not any(item.files for item in found):
            raise PlexItemFailed(
                f"Plex does not say which files items of library {section.title!r} have"
            )
        return found

    def full_items(self, keys: Iterable[str]) -> FullItems:
        """Items read whole, by rating key, many a request; what Plex does not have is absent.

        An answer with fewer items than asked for may be a cut one, so the rest is asked for once
        more before it counts as absent. Items whose files are gone are absent too. What Plex fails
        for, while it answers for others, is in `unreadable`.
        """
        wanted = [key for key in dict.fromkeys(keys) if ONE_KEY.fullmatch(key)]
        found, rest = self._reader.at_once(wanted)
        for start in range(0, len(rest), MAX_KEYS):
            some = self._reader.read(rest[start : start + MAX_KEYS])
            found.update(some)
            found.unreadable.update(some.unreadable)
        return found

    def make_sure_it_reads(self) -> bool:
        """As `Others.make_sure`, of any item."""
        return self._others.make_sure()

    def others_in(self, section: Section, but: Collection[str]) -> list[str]:
        """A few items of a section that are none of these."""
        return self._others.of(section, but)[0]

    def edit(
        self,
        section_key: str,
        item_type: int,
        key: str,
        params: Sequence[tuple[str, str]],
        *,
        thorough: bool = True,
    ) -> int:
        """Edits one item, in one request unless its address would grow too long.

        Args:
            item_type: Plex's number, as in `FullItem.item_type`.
            params: as `plex.editing` makes them.
            thorough: False tries it once more only: a failure would be no surprise.

        Raises:
            ValueError: before any request, where the key does not name exactly one item or the
                parameters name items themselves: Plex would edit others, or the whole section.
        """
        if not ONE_KEY.fullmatch(key) or not ONE_KEY.fullmatch(section_key):
            raise ValueError(f"an edit needs the rating key of one item, not {key!r}")
        if not params or any("." not in name for name, _ in params):
            raise ValueError("an edit needs parameters of the form field.value")
        path = f"/library/sections/{section_key}/all"
        target = encode_query([("type", str(item_type)), ("id", key)])
        room = MAX_URL - self.http.base_length - len(path) - len(target) - 2
        edits = [encode_query(params)]
        if len(edits[0]) > room:
            edits = [encode_query(part) for part in split_params(params, room)]
        for edit in edits:
            self._put(path, f"{target}&{edit}", thorough=thorough)
        return len(edits)

    def edit_alike(
        self,
        section_key: str,
        item_type: int,
        keys: Sequence[str],
        params: Sequence[tuple[str, str]],
    ) -> None:
        """Makes the very same edit in several items of one section, 100 of them in one request.

        Right only where each of them is to get exactly this. What is named of a list is all of it
        on a server that replaces lists: who calls has to know that this server adds.

        Args:
            item_type: Plex's number, as in `FullItem.item_type`.
            params: as `plex.editing` makes them.

        Raises:
            ValueError: before any request, where there is nothing to edit or a key does not name
                exactly one item (Plex would edit others, or the whole section), or where the edit
                leaves no room for keys in an address.
            PlexItemFailed: Plex fails for one of them, or refuses it; some may be edited.
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
        for batch in key_batches(keys, MAX_KEYS, room):
            self._put(path, [("type", str(item_type)), ("id", ",".join(batch)), *params])

    def of_one_item(self, act: Callable[[], None]) -> None:
        """Carry out what concerns one item, or several alike.

        Raises:
            PlexItemFailed: Plex fails for it, or refuses it, and answers otherwise.
        """
        try:
            act()
        except PlexServerDown as error:
            if not error.may_be_one:
                raise
            self.control_read()
            raise PlexItemFailed(
                f"Plex fails for it, while it answers otherwise: {error}"
            ) from error
        except PlexUnauthorized:
            self.control_read()
            try:
                act()  # a busy server refuses a token now and then
            except PlexUnauthorized as error:
                text = f"Plex answers otherwise, and refuses this: {error}"
                raise PlexItemFailed(text) from error

    def _put(self, path: str, query: Params | str, *, thorough: bool = True) -> None:
        self.of_one_item(lambda: self.http.write("PUT", path, query, thorough=thorough))


def _total(listed: Mapping[str, Any]) -> int:
    """How many there are; a window that covers all of them need not say so otherwise."""
    total = listed.get("totalSize", listed.get("size"))
    return total if isinstance(total, int) and total > 0 else 0
