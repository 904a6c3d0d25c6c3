"""Where Stash is: from its own plugin input, with overrides, and without telling secrets."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import ConfigError, ProtocolError
from stash.connection import StashConnection

COOKIE = {"Name": "session", "Value": "secret-cookie-value", "Path": "", "MaxAge": 0}


def given(**changes: Any) -> dict[str, Any]:
    """What Stash sends (facts of Stash, 1.2), with changes."""
    return {"Scheme": "http", "Host": "0.0.0.0", "Port": 9999, "SessionCookie": COOKIE, **changes}


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("0.0.0.0", "http://127.0.0.1:9999"),
        ("", "http://127.0.0.1:9999"),
        ("::", "http://127.0.0.1:9999"),
        ("[::]", "http://127.0.0.1:9999"),
        ("192.168.1.7", "http://192.168.1.7:9999"),
        ("::1", "http://[::1]:9999"),
        ("[fe80::1]", "http://[fe80::1]:9999"),
        ("stash.lan", "http://stash.lan:9999"),
    ],
)
def test_a_bind_address_becomes_one_that_can_be_reached(host: str, url: str) -> None:
    assert StashConnection.from_plugin_input(given(Host=host), {}).base_url == url


def test_the_cookie_is_taken_over_and_may_be_null() -> None:
    assert StashConnection.from_plugin_input(given(), {}).cookie == "secret-cookie-value"
    bare = StashConnection.from_plugin_input(given(SessionCookie=None), {})
    assert bare.cookie is None
    odd = StashConnection.from_plugin_input(given(SessionCookie={"Name": "a\n", "Value": "b"}), {})
    assert odd.cookie_name == "session"
    assert bare.api_key is None


def test_an_empty_input_means_stash_on_this_machine() -> None:
    assert StashConnection.from_plugin_input({}, {}).base_url == "http://127.0.0.1:9999"


@pytest.mark.parametrize(
    "bad",
    [
        {"Scheme": "ftp"},
        {"Port": 0},
        {"Port": "x"},
        {"Port": True},
        *({"Host": host} for host in ("a\u202e", "a b", "0.0.0.0:1")),
    ],
)
def test_an_input_that_makes_no_sense_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError):
        StashConnection.from_plugin_input(given(**bad), {})


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("http://stash.lan:1234", "http://stash.lan:1234"),
        ("https://media.example.org/stash/", "https://media.example.org:443/stash"),
        ("http://media.example.org/stash/graphql", "http://media.example.org:80/stash"),
        ("stash.lan", "http://stash.lan:9999"),
        ("http://[::1]:9999", "http://[::1]:9999"),
    ],
)
def test_the_environment_overrides_the_address(value: str, url: str) -> None:
    assert StashConnection.from_plugin_input(given(), {"STASH_URL": value}).base_url == url


@pytest.mark.parametrize(
    "value",
    ["ftp://x", "http://", "http://x:port", "http://user:hunter2@x", "http://x/?apikey=hunter2"],
)
def test_an_unusable_override_is_named_without_quoting_it(value: str) -> None:
    with pytest.raises(ConfigError, match="STASH_URL") as caught:
        StashConnection.from_plugin_input(given(), {"STASH_URL": value})
    assert "hunter2" not in str(caught.value)


def test_the_environment_gives_the_api_key() -> None:
    made = StashConnection.from_plugin_input(given(), {"STASH_API_KEY": " key-123 "})
    assert made.api_key == "key-123"
    with pytest.raises(ConfigError, match="STASH_API_KEY") as caught:
        StashConnection.from_plugin_input(given(), {"STASH_API_KEY": "key\n123"})
    assert "123" not in str(caught.value)


def test_certificates_are_verified_only_on_other_machines() -> None:
    own = StashConnection.from_plugin_input(given(Scheme="https", Host="192.168.1.7"), {})
    assert not own.verify_tls
    for url, verified in [("https://stash.example.org", True), ("https://localhost:9999", False)]:
        made = StashConnection.from_plugin_input(given(), {"STASH_URL": url})
        assert made.verify_tls is verified


def test_repr_tells_no_secret() -> None:
    shown = repr(StashConnection.from_plugin_input(given(), {"STASH_API_KEY": "key-123"}))
    assert "secret-cookie-value" not in shown
    assert "key-123" not in shown
