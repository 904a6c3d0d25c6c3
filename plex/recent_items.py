"""What a section has gained since a moment: its newest items, in one short listing.

The listing is sorted and not filtered: a filter that a server does not understand is silently
ignored (facts of Plex, 2.15), whereas an order shows in the answer.
"""

from __future__ import annotations

import logging
from itertools import pairwise

from core.models import ListedItem, Section
from plex.client import PlexClient
from plex.exceptions import PlexRejected, PlexShifted
from plex.library import LISTING_TRIES
from plex.listing import NEWEST_FIRST

log = logging.getLogger(__name__)


def recent_items(client: PlexClient, section: Section, moment: float) -> list[ListedItem] | None:
    """The items added after `moment` (epoch seconds by the server's clock), and some older ones.

    None: the server does not list by age, so what the answer lacks proves nothing.

    Raises:
        PlexError: as the client, but PlexShifted.
    """
    for _ in range(LISTING_TRIES):
        try:
            return _listed(client, section, moment)
        except PlexShifted:
            log.debug("library %r changed while its newest items were listed", section.title)
        except PlexRejected as error:
            log.debug("library %r is not listed by age: %s", section.title, error)
            break
    return None


def _listed(client: PlexClient, section: Section, moment: float) -> list[ListedItem] | None:
    found: list[ListedItem] = []
    last: list[int] = []
    for page in client.list_pages(section, sort=NEWEST_FIRST):
        found += page.items
        ages = [*last, *(item.added_at for item in page.items if item.added_at is not None)]
        if any(one < other for one, other in pairwise(ages)):
            return None
        last = ages[-1:]
        if last and last[0] < moment:
            break
    return found
