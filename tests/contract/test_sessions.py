"""A Stash with a password, and a task that outlives its session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from core.errors import StashUnauthorized
from stash import scenes
from stash.client import StashClient
from stash.connection import StashConnection
from tests.contract.servers import Simulated, scene, seed_of
from tests.pool import Pool

KEY = "simulated-api-key"


@pytest.fixture(scope="module")
def server(pool: Pool) -> Iterator[Simulated]:
    seed = seed_of(scenes=[scene(1)])
    with pool.stash(seed, password="open sesame", api_key=KEY) as simulated:
        yield simulated


@pytest.fixture
def client(server: Simulated) -> Iterator[StashClient]:
    form = {"username": "admin", "password": "open sesame"}
    answer = requests.post(f"{server.url}/login", data=form, timeout=10)
    connection = StashConnection("http", "127.0.0.1", server.port, cookie=answer.cookies["session"])
    made = StashClient(connection)
    yield made
    made.close()


def test_the_session_opens_stash_and_tells_the_key(client: StashClient) -> None:
    assert scenes.count_scenes(client) == 1
    assert scenes.plugin_settings(client, "Stash2Plex")[1] == KEY


def test_an_expired_session_is_refused_without_a_key_and_goes_on_with_one(
    client: StashClient, server: Simulated
) -> None:
    with server.switched(max_session_age=-1):
        with pytest.raises(StashUnauthorized):
            scenes.count_scenes(client)
        client.remember_api_key(KEY)
        assert scenes.count_scenes(client) == 1
        before = client.requests_made
        assert scenes.count_scenes(client) == 1
        assert client.requests_made == before + 1


def test_a_wrong_key_is_refused(server: Simulated) -> None:
    connection = StashConnection("http", "127.0.0.1", server.port, api_key="wrong")
    client = StashClient(connection)
    with pytest.raises(StashUnauthorized) as caught:
        scenes.count_scenes(client)
    assert "wrong" not in str(caught.value)
    client.close()
