"""Servers to choose from, before there is an address."""

from __future__ import annotations

from typing import Any

from app.setup.context import SetupContext


def discover(_context: SetupContext) -> dict[str, Any]:
    """The Plex servers in the network that Stash's machine is in."""
    from plex import discovery

    found = discovery.discover()
    return {"servers": [{"name": server.name, "url": server.url} for server in found]}
