"""A client of a scripted server: nothing sleeps, and what is sent is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from core.models import Section
from plex.client import PlexClient
from tests.contract.scripted import Asked, Reply, Scripted, as_json, patience, scripted
from transport.retrying import Retrying

TOKEN = "token-that-must-not-leak"
SECTION = Section("3", "Scenes", "movie", "com.plexapp.agents.none", ("/data",), False)
IDENTITY = as_json({"MediaContainer": {"machineIdentifier": "abc", "version": "1.43.0"}})
SECTIONS = as_json(
    {"MediaContainer": {"size": 1, "Directory": [{"key": "3", "type": "movie", "title": "Scenes"}]}}
)
TRIES = 6  # in a row, of what may pass


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.naps: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds

    @property
    def retrying(self) -> Retrying:
        return Retrying(self.sleep, lambda: self.now, lambda: 0.5)


@contextmanager
def client_at(
    url: str, token: str = TOKEN, *, clock: Clock | None = None, pause: float = 2
) -> Iterator[PlexClient]:
    """A client of this address."""
    retrying = (clock or Clock()).retrying
    client = PlexClient(url, token, connect_timeout=1, read_timeout=pause, retrying=retrying)
    yield client
    client.close()


@contextmanager
def client_of(
    *replies: Reply, by: Callable[[Asked], Reply] | None = None, clock: Clock | None = None
) -> Iterator[tuple[PlexClient, Scripted]]:
    """A client and the server that gives it these replies in turn, or what `by` says."""
    with (
        scripted(*replies, by=by) as server,
        client_at(server.url + "/", clock=clock, pause=patience(replies, 0.3)) as client,
    ):
        yield client, server


def page(*keys: object, total: int | None = None) -> Reply:
    """A listing's answer with items of these keys."""
    container: dict[str, object] = {"size": len(keys)}
    if total is not None:
        container["totalSize"] = total
    if keys:
        media = [{"Part": [{"file": "/data/some.mp4"}]}]
        container["Metadata"] = [{"ratingKey": key, "Media": media} for key in keys]
    return as_json({"MediaContainer": container})
