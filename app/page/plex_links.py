"""What is known of Plex without asking it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from storage.page.page_facts import LAST, MACHINE
from storage.page.page_file import PageFile

# Plex's own app, which everybody who may use a server can open; the address by which Stash reaches
# the server need not be one that a browser knows.
WEB_URL = "https://app.plex.tv/desktop/"


def links(page: PageFile) -> dict[str, str]:
    """What a link to a page of Plex needs."""
    return {"machine_identifier": page.get_value(MACHINE), "web_url": WEB_URL}


def libraries(page: PageFile) -> Mapping[str, str]:
    """The titles of the libraries by the keys of their sections."""
    titles: Any = page.get_value(LAST).get("libraries")
    return titles or {}
