"""Plex servers in the local network, by Plex's own discovery (GDM) as python-plexapi speaks it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from plexapi.gdm import GDM

_PORT = 32400
Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FoundServer:
    """A server that has answered; `url` is where it was heard from."""

    name: str
    url: str


def _heard() -> Iterable[Entry]:
    make: Callable[[], Any] = GDM  # plexapi has no types
    entries: list[Entry] = make().all()
    return entries


def discover(heard: Callable[[], Iterable[Entry]] = _heard) -> list[FoundServer]:
    """The servers that answer within a second; none where the network lets no such question out.

    Args:
        heard: the answers, as plexapi's `GDM.all` gives them.
    """
    try:
        entries = list(heard())
    except (OSError, ValueError, IndexError):  # no network, or an answer that is none of Plex's
        return []
    found = {}
    for entry in entries:
        told, (host, _port) = entry["data"], entry["from"]
        if told.get("Content-Type") != "plex/media-server":
            continue
        port = told.get("Port", "")
        url = f"http://{host}:{port if port.isdecimal() else _PORT}"
        found[url] = FoundServer(told.get("Name", ""), url)
    return sorted(found.values(), key=lambda server: (server.name.casefold(), server.url))
