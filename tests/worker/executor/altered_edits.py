"""A Plex that carries out other edits than those that it was sent."""

from __future__ import annotations

from collections.abc import Sequence

from plex.client import PlexClient
from simulators.launch import PlexHandle
from transport.retrying import Retrying

Params = Sequence[tuple[str, str]]


class AlteringPlex(PlexClient):
    """A client of the server of a process; `altered` says what becomes of an edit of one item."""

    def __init__(self, process: PlexHandle) -> None:
        super().__init__(process.url, process.token, retrying=Retrying(lambda _seconds: None))

    def altered(self, key: str, params: Params) -> Params:
        """What is sent in the place of these; PlexRejected as a server that refuses them."""
        raise NotImplementedError

    def edit(
        self, section_key: str, item_type: int, key: str, params: Params, *, thorough: bool = True
    ) -> int:
        sent = self.altered(key, params)
        return super().edit(section_key, item_type, key, sent, thorough=thorough)
