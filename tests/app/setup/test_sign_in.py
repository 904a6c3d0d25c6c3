"""Signing in to Plex, against a simulated plex.tv."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from app.setup import operations
from app.setup.context import SetupContext
from app.setup.sign_in import answers, sign_in, sign_in_check
from app.setup.token import KEPT
from plex import discovery
from plex.account import EXPIRES, PlexAccount
from plex.exceptions import PlexServerDown, PlexUnauthorized
from shell.protocol import PluginInput
from simulators.launch import Simulators
from simulators.library.generate import generate
from simulators.plex_tv import PlexTv, running
from stash.connection import StashConnection
from storage.files.token_file import TokenFile
from tests.acceptance import entry
from tests.pool import TOKEN, Pool

NOW = 1_700_000_000.0
SETTINGS = "{ configuration { plugins } }"


class Elsewhere(HTTPAdapter):
    """Sends what is meant for plex.tv to the simulated one."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        assert request.url is not None
        request.url = request.url.replace("https://plex.tv", self._url)
        return super().send(request, *args, **more)


class Desk:
    """Operations of one installation, each as a process of its own would run it."""

    def __init__(self, both: Simulators, plex_tv: PlexTv, data: Path) -> None:
        self.both, self.plex_tv, self.data = both, plex_tv, data
        self.now = NOW
        self._connection = StashConnection(
            "http", "127.0.0.1", int(both.stash.url.rpartition(":")[2])
        )

    def context(self, **args: object) -> SetupContext:
        def account(client_id: str) -> PlexAccount:
            session = requests.Session()
            session.mount("https://plex.tv", Elsewhere(self.plex_tv.url))
            return PlexAccount(client_id, session)

        return SetupContext(
            "Stash2Plex", self.data, args, self._connection, lambda: self.now, account
        )

    @property
    def settings(self) -> Mapping[str, Any]:
        told = self.both.stash.graphql(SETTINGS, {})["configuration"]["plugins"]
        found: Mapping[str, Any] = told.get("Stash2Plex", {})
        return found


@pytest.fixture(scope="module")
def both(pool: Pool) -> Iterator[Simulators]:
    with pool.both(generate(10, 1)) as found:
        yield found


@pytest.fixture
def desk(both: Simulators, tmp_path: Path) -> Iterator[Desk]:
    dead = "http://127.0.0.1:9"
    servers = [
        ("Home", [dead, both.plex.url], True),
        ("A friend's", [both.plex.url], False),
        ("Attic", [dead], True),
    ]
    with running(PlexTv(TOKEN, servers)) as plex_tv:
        yield Desk(both, plex_tv, tmp_path / "data")


def test_a_code_that_is_entered_gives_the_token_and_the_address_that_works(desk: Desk) -> None:
    told = sign_in(desk.context())
    assert told["expires_at"] == NOW + EXPIRES
    assert sign_in_check(desk.context(id=told["id"]))["state"] == "waiting"
    desk.plex_tv.enter(told["code"])

    found = sign_in_check(desk.context(id=told["id"]))

    assert (found["state"], found["connected_as"]) == ("done", "somebody")
    home, attic = found["servers"]
    assert (home["name"], home["best"]) == ("Home", desk.both.plex.url)
    assert {each["url"]: each["ok"] for each in home["addresses"]}[desk.both.plex.url]
    assert (attic["name"], attic["best"]) == ("Attic", "")
    assert "9" in attic["addresses"][0]["text"]
    assert TokenFile(desk.data).read() == TOKEN
    assert desk.settings["plex_token"] == KEPT
    assert sign_in_check(desk.context(id=told["id"]))["state"] == "expired"
    assert TOKEN not in str(found)


def test_plex_knows_an_installation_again(desk: Desk) -> None:
    sign_in(desk.context())
    sign_in(desk.context())
    assert len(desk.plex_tv.clients) == 1


def test_a_code_has_its_time(desk: Desk) -> None:
    told = sign_in(desk.context())
    desk.plex_tv.gone.add(told["code"])
    assert sign_in_check(desk.context())["state"] == "expired"
    told = sign_in(desk.context())
    desk.now += EXPIRES + 1
    desk.plex_tv.enter(told["code"])
    assert sign_in_check(desk.context(id=told["id"]))["state"] == "expired"
    assert sign_in_check(desk.context(id="none of ours"))["state"] == "expired"


def test_a_plex_tv_that_fails_is_waited_for(desk: Desk) -> None:
    told = sign_in(desk.context())
    desk.plex_tv.fails = 503
    with pytest.raises(PlexServerDown, match=r"plex\.tv does not answer"):
        sign_in_check(desk.context(id=told["id"]))
    with pytest.raises(PlexServerDown, match=r"plex\.tv does not answer"):
        sign_in(desk.context())
    desk.plex_tv.fails = 0
    assert sign_in_check(desk.context(id=told["id"]))["state"] == "waiting"


def test_a_token_that_is_refused_at_once_is_said(desk: Desk) -> None:
    account = desk.context().account("id")
    with pytest.raises(PlexUnauthorized):
        account.servers("another")


def test_nothing_secret_is_logged(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        desk.plex_tv.enter(sign_in(desk.context())["code"])
        sign_in_check(desk.context())
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://[", "ftp://host"])
def test_what_is_no_plex_is_told_in_words(url: str) -> None:
    assert answers(url, "token")


def test_servers_in_the_network_are_told_once_each() -> None:
    def entry(host: str, **more: str) -> dict[str, Any]:
        told = {"Content-Type": "plex/media-server", "Name": "Home", "Port": "32400", **more}
        return {"data": told, "from": (host, 32414)}

    heard = [
        entry("10.0.0.2"),
        entry("10.0.0.2"),
        entry("10.0.0.1", Port="no number"),
        entry("10.0.0.3", **{"Content-Type": "plex/media-player"}),
    ]
    urls = [server.url for server in discovery.discover(lambda: heard)]
    assert urls == ["http://10.0.0.1:32400", "http://10.0.0.2:32400"]


def test_a_network_that_lets_nothing_out_has_no_servers() -> None:
    def refused() -> list[dict[str, Any]]:
        raise OSError("Network is unreachable")

    assert discovery.discover(refused) == []


def test_the_command_waits_for_the_code(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(plugin: PluginInput, _env: Mapping[str, str]) -> dict[str, Any]:
        if plugin.mode == "sign_in_check":
            desk.plex_tv.entered.update(desk.plex_tv.codes.values())
        return {"output": operations.OPERATIONS[plugin.mode](desk.context(**plugin.args))}

    monkeypatch.setattr(operations, "connect", connect)
    ended = entry.command_here(["login"], {"STASH_URL": desk.both.stash.url})
    assert ended.status == 0, ended.stderr
    assert b"plex.tv/link" in ended.stderr
    assert desk.both.plex.url.encode() in ended.stdout
    assert TOKEN.encode() not in ended.stdout + ended.stderr


def test_the_command_gives_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(plugin: PluginInput, _env: Mapping[str, str]) -> dict[str, Any]:
        return {"output": operations.OPERATIONS[plugin.mode](desk.context(**plugin.args))}

    monkeypatch.setattr(operations, "connect", connect)
    ended = entry.command_here(["login", "--wait", "0"], {"STASH_URL": desk.both.stash.url})
    assert ended.status == 1
    assert b"Not signed in" in ended.stdout


def test_operations_run_through_the_entry_script(desk: Desk) -> None:
    env = {"STASH_URL": desk.both.stash.url, "STASH_PLUGIN_DATA": str(desk.data)}
    stdin = json.dumps({"args": {"mode": "sign_in_check", "id": "none"}}).encode()
    assert entry.run_here(stdin, env).output["state"] == "expired"
