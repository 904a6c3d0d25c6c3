"""Plex behind https, with a certificate of a private authority."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import ConfigError
from plex.client import PlexClient
from plex.exceptions import PlexServerDown
from tests.contract.scripted import scripted
from tests.plex.wire import IDENTITY, TOKEN

TLS = Path(__file__).parent / "tls"  # good for 127.0.0.1, until 2126


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "server.pem")
    with scripted(IDENTITY, tls=context) as server:
        yield server.url


def ask(url: str, verify_tls: bool | str) -> str:
    client = PlexClient(url, TOKEN, verify_tls=verify_tls)
    try:
        return client.identity().machine_id
    finally:
        client.close()


@pytest.mark.parametrize("verify_tls", [str(TLS / "authority.pem"), False])
def test_it_is_read_where_its_authority_is_named_or_nothing_is_checked(
    url: str, verify_tls: bool | str
) -> None:
    assert ask(url, verify_tls) == "abc"


def test_it_is_not_trusted_otherwise_and_the_way_out_is_told(url: str) -> None:
    with pytest.raises(PlexServerDown, match="Check certificates"):
        ask(url, True)


@pytest.mark.parametrize("name", ["missing.pem", "test_tls.py", "."])
def test_a_file_that_is_no_authority_names_the_setting(url: str, name: str) -> None:
    file = TLS.parent / name
    with pytest.raises(ConfigError, match="verify_tls") as caught:
        ask(url, str(file))
    assert str(file) in str(caught.value)
