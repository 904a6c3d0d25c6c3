"""The settings on the page: true values, saved ones, and a connection that is tried."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.directories import PLUGIN_ID
from app.setup.connection_trial import try_connection
from app.setup.context import SetupContext
from app.setup.settings_page import page_settings, remember_account, save_settings
from app.setup.token import KEPT
from core.errors import ConfigError
from core.settings import DEFAULTS
from simulators.library.generate import generate
from stash.connection import StashConnection
from storage.files.token_file import TokenFile
from tests.acceptance.site import TOKEN, Site
from tests.pool import Pool

URL = "http://plex:32400"


@pytest.fixture(scope="module")
def library(pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with pool.both(generate(12, 3)) as both:
        yield Site(both, tmp_path_factory.mktemp("plugin") / "data")


@pytest.fixture
def site(library: Site, tmp_path: Path) -> Iterator[Site]:
    library.data = tmp_path / "data"
    library.save({})
    yield library
    library.both.plex.configure(non_admin=False)
    library.both.plex.faults([])


def context(site: Site, env: dict[str, str] | None = None, **args: Any) -> SetupContext:
    connection = StashConnection("http", "127.0.0.1", int(site.both.stash.url.rpartition(":")[2]))
    return SetupContext(PLUGIN_ID, site.data, args, connection, env=env or {})


def shown(site: Site, **env: str) -> dict[str, dict[str, Any]]:
    groups = page_settings(context(site, env))["groups"]
    return {row["key"]: row for group in groups for row in group["settings"]}


def stored(site: Site) -> dict[str, Any]:
    found = site.both.stash.graphql("{ configuration { plugins } }")["configuration"]["plugins"]
    values: dict[str, Any] = found[PLUGIN_ID]
    return values


def save(site: Site, **values: Any) -> dict[str, Any]:
    return save_settings(context(site, values=values))


# What is shown ---------------------------------------------------------------------------------


def test_every_setting_is_shown_once_with_its_words(site: Site) -> None:
    rows = shown(site)
    assert set(rows) == set(DEFAULTS)
    for key, row in rows.items():
        assert row["label"], key
        assert row["help"].endswith("."), key
        assert row["is_default"] is True
        assert row["source"] == "default"
    assert [row["key"] for row in rows.values() if row.get("required")] == [
        "plex_url",
        "plex_token",
    ]
    assert (rows["max_tags"]["min"], rows["max_tags"]["max"]) == (1, 1000)
    assert rows["first_sync"]["choices"] == ["merge", "mirror"]
    kinds = {row["kind"] for row in rows.values()}
    assert kinds >= {"text", "secret", "number", "switch", "choice", "list", "path_map"}
    told = {problem["key"] for problem in page_settings(context(site))["problems"]}
    assert told == {"plex_url", "plex_token"}


@pytest.mark.parametrize(
    ("key", "typed", "value"),
    [
        ("sync_title", "false", False),
        ("max_tags", "7", 7),
        ("outage_wait", 0, 0),
        ("first_sync", "Mirror", "mirror"),
        ("plex_library", " A, B ", "A, B"),
        ("plex_library", ["A", "B, C"], 'A, "B, C"'),
        ("path_map", "/a=>/b; /c=>/d", "/a=>/b; /c=>/d"),
        ("verify_tls", "/ca.pem", "/ca.pem"),
        ("max_tags", "many", "many"),
    ],
)
def test_a_value_is_shown_as_it_would_be_typed(
    site: Site, key: str, typed: object, value: object
) -> None:
    site.save({key: typed})
    row = shown(site)[key]
    assert (row["value"], row["source"], row["is_default"]) == (value, "settings", False)
    problems = [each for each in page_settings(context(site))["problems"] if each["key"] == key]
    assert bool(problems) is (value == "many")
    if problems:
        assert "'Most tags of a scene' is 'many'; allowed: a whole number" in problems[0]["text"]


def test_a_default_that_was_written_is_one(site: Site) -> None:
    site.save({"sync_title": True, "max_tags": 100, "verify_tls": "true", "sync_date": False})
    rows = shown(site)
    for key in ("sync_title", "max_tags", "verify_tls"):
        assert (rows[key]["is_default"], rows[key]["source"]) == (True, "settings")
    assert not rows["sync_date"]["is_default"]


def test_the_old_path_map_is_shown_the_new_way_round(site: Site) -> None:
    site.save({"plex_unmatched_path_map": "/plex=>/stash"})
    assert shown(site)["path_map"]["value"] == "/stash=>/plex"
    save(site, path_map=None)
    assert stored(site) == {}


def test_a_secret_is_never_sent(site: Site) -> None:
    row = shown(site)["plex_token"]
    assert (row["value"], row["is_set"], row["source"]) == ("", False, "default")
    site.save({"plex_token": TOKEN})
    assert TOKEN not in str(page_settings(context(site)))
    assert shown(site)["plex_token"]["source"] == "settings"
    TokenFile(site.data).write(TOKEN)
    site.save({"plex_token": KEPT})
    row = shown(site)["plex_token"]
    assert (row["value"], row["is_set"], row["source"]) == ("", True, "token_file")
    TokenFile(site.data).forget()
    row = shown(site, PLEX_TOKEN=TOKEN, PLEX_URL=URL)["plex_token"]
    assert (row["is_set"], row["source"]) == (True, "environment")
    assert TOKEN not in str(page_settings(context(site, {"PLEX_TOKEN": TOKEN})))


def test_the_environment_stands_in(site: Site) -> None:
    row = shown(site, PLEX_URL=URL)["plex_url"]
    assert (row["value"], row["source"], row["is_default"]) == (URL, "environment", False)


def test_whose_token_it_is_is_told_while_it_is_that_one(site: Site) -> None:
    TokenFile(site.data).write(TOKEN)
    remember_account(context(site), "Ana", TOKEN)
    assert page_settings(context(site))["connected_as"] == "Ana"
    save(site, plex_token="another-token")
    assert page_settings(context(site))["connected_as"] is None


# What is saved ---------------------------------------------------------------------------------


def test_what_is_saved_leaves_all_else_as_it_is(site: Site) -> None:
    site.save({"max_tags": 5, "of_others": "x", "plex_url": URL})
    told = save(site, sync_title=False, path_map="/a=>/b", max_tags=None)
    assert told["saved"] == ["max_tags", "path_map", "sync_title"]
    assert told["text"] == "3 settings were saved."
    assert told["problems"] == []
    left = {"of_others": "x", "plex_url": URL, "sync_title": False, "path_map": "/a=>/b"}
    assert stored(site) == left


def test_what_makes_no_sense_is_told_and_the_rest_is_saved(site: Site) -> None:
    told = save(site, max_tags=-1, sync_titel=True, sync_date=False, verify_tls="/no/such.pem")
    assert told["saved"] == ["sync_date"]
    texts = {each["key"]: each["text"] for each in told["problems"]}
    assert "'Check certificates': /no/such.pem is no file" in texts["verify_tls"]
    assert "'Most tags of a scene' is -1; allowed" in texts["max_tags"]
    assert texts["sync_titel"] == "There is no setting 'sync_titel'."
    assert told["text"] == "1 saved; 3 settings need correction."
    assert stored(site) == {"sync_date": False}
    assert save(site, plex_url=None)["text"] == "Nothing was saved: 1 setting needs correction."
    with pytest.raises(ConfigError):
        save_settings(context(site, values=[]))


def test_a_token_goes_to_its_file(site: Site) -> None:
    told = save(site, plex_token=f" {TOKEN} ", plex_url=URL)
    assert told["saved"] == ["plex_token", "plex_url"]
    assert stored(site) == {"plex_token": KEPT, "plex_url": URL}
    assert TokenFile(site.data).read() == TOKEN
    assert save(site, plex_token="", sync_date=True)["saved"] == ["sync_date"]
    assert TokenFile(site.data).read() == TOKEN
    wrong = save(site, plex_token="two words")
    assert "two words" not in str(wrong)
    assert TokenFile(site.data).read() == TOKEN
    assert save(site, plex_token=None)["saved"] == ["plex_token"]
    assert TokenFile(site.data).read() == ""
    assert "plex_token" not in stored(site)


# What is tried ---------------------------------------------------------------------------------


def test_a_connection_that_works(site: Site) -> None:
    told = try_connection(context(site, plex_url=site.both.plex.url, plex_token=TOKEN))
    assert told["ok"], told
    assert told["owner"]
    assert told["server_name"]
    assert told["version"].startswith("1.43")
    assert told["libraries"][0].keys() == {"key", "title", "type", "agent", "items"}
    assert sum(each["items"] for each in told["libraries"]) > 0
    assert f"{len(told['libraries'])} video libraries" in told["text"]


def test_what_is_not_given_comes_from_the_settings(site: Site) -> None:
    site.save({"plex_url": site.both.plex.url, "plex_token": KEPT})
    TokenFile(site.data).write(TOKEN)
    assert try_connection(context(site))["ok"]
    assert try_connection(context(site, plex_token=""))["ok"]


def test_the_token_of_somebody_else_is_told(site: Site) -> None:
    site.both.plex.configure(non_admin=True)
    told = try_connection(context(site, plex_url=site.both.plex.url, plex_token=TOKEN))
    assert (told["ok"], told["owner"]) == (True, False)
    assert "not that of the account that owns the server" in told["text"]


@pytest.mark.parametrize(
    ("args", "text"),
    [
        ({"plex_url": "plex"}, "'Plex URL' is 'plex'; allowed: the address of Plex"),
        ({"plex_url": "http://127.0.0.1:9"}, "Plex at http://127.0.0.1:9 refused the connection"),
        ({"plex_url": "http://127.0.0.1:9"}, "is the setting 'Plex URL' right?"),
        ({"plex_token": "another"}, "The Plex token was refused"),
        ({}, "'Plex token' is not set"),
    ],
)
def test_a_connection_that_does_not_work(site: Site, args: dict[str, str], text: str) -> None:
    tried: dict[str, Any] = {"plex_url": site.both.plex.url, **args}
    if "plex_token" not in args and args:
        tried["plex_token"] = TOKEN
    told = try_connection(context(site, **tried))
    assert (told["ok"], told["owner"], told["libraries"]) == (False, False, [])
    assert text in told["text"]


def test_another_server_in_its_place(site: Site) -> None:
    told = try_connection(context(site, plex_url=site.both.stash.url, plex_token=TOKEN))
    assert not told["ok"]
    assert "Plex" in told["text"]
