"""Settings: whatever Stash hands over becomes one typed value, or one message that says it all."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import settings
from core.errors import ConfigError
from core.fields import FIELDS
from core.setting_values import BadValueError, SomeOf
from core.settings import OLD_PATH_MAP, WITHOUT_EFFECT, Settings, same_key, stored_value
from tests.settings import parse_settings

URL = "http://plex:32400"
TOKEN = "xyzzy-Token-123"
NAMES = list(settings.DEFAULTS)
DEFAULTS = Settings(plex_url=URL, plex_token=TOKEN)


def names_of(kind: type) -> list[str]:
    return [name for name in NAMES if type(DEFAULTS.value(name)) is kind]


def parsed(**raw: Any) -> Settings:
    return parse_settings({"plex_url": URL, "plex_token": TOKEN} | raw, {})


def complaint(**raw: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        parsed(**raw)
    return str(caught.value)


def test_nothing_but_the_two_required_ones_gives_the_defaults() -> None:
    assert parsed() == DEFAULTS


@pytest.mark.parametrize("unset", [None, "", "  "])
def test_an_unset_value_means_the_default(unset: object) -> None:
    for name in NAMES:
        assert name.startswith("plex_") or parsed(**{name: unset}) == DEFAULTS, name


@pytest.mark.parametrize("zero", [0, 0.0, "0", " 0 ", False])
def test_the_number_0_means_the_default(zero: object) -> None:
    for name in {*names_of(int), *names_of(float)} - {"outage_wait"}:
        assert parsed(**{name: zero}) == DEFAULTS, name
    if zero is not False:
        assert parsed(outage_wait=zero).outage_wait == 0  # not at all
    else:
        assert parsed(outage_wait=zero) == DEFAULTS


@pytest.mark.parametrize("value", [True, "true", "True", "on", "yes", "1", 1, 1.0, " TRUE "])
@pytest.mark.parametrize("name", ["enabled", "sync_collection"])
def test_a_switch_that_is_on(name: str, value: object) -> None:
    assert parsed(**{name: value}).value(name) is True


@pytest.mark.parametrize("value", [False, "false", "FALSE", "off", "no", "0", 0, 0.0])
@pytest.mark.parametrize("name", ["enabled", "sync_collection"])
def test_a_switch_that_is_off(name: str, value: object) -> None:
    assert parsed(**{name: value}).value(name) is False


@pytest.mark.parametrize(("value", "number"), [(7, 7), (7.0, 7), ("7", 7), (" 7.0 ", 7)])
def test_a_whole_number_in_any_dress(value: object, number: int) -> None:
    for name in names_of(int):
        found = parsed(**{name: value}).value(name)
        assert (found, type(found)) == (number, int), name


@pytest.mark.parametrize("value", [0.5, "0.5", "5e-1"])
@pytest.mark.parametrize("name", names_of(float))
def test_timeouts_may_be_parts_of_a_second(name: str, value: object) -> None:
    assert parsed(**{name: value}).value(name) == 0.5


@pytest.mark.parametrize("value", [-3, "-3", 1e9, "1e9", True, "abc", "nan", "inf", [5], 10**400])
def test_an_absurd_number_is_refused_with_what_is_allowed(value: object) -> None:
    for name in names_of(int) + names_of(float):
        text = complaint(**{name: value})
        assert f"\n- {name} is {value!r}"[:40] in text
        assert "number from" in text


@pytest.mark.parametrize("name", names_of(int))
def test_a_broken_number_is_refused_where_a_whole_one_is_needed(name: str) -> None:
    assert f"{name} is 2.5; allowed: a whole number from 1" in complaint(**{name: 2.5})


@pytest.mark.parametrize("value", ["maybe", 2, -1, [True], {"on": True}])
def test_a_switch_is_on_or_off(value: object) -> None:
    for name in sorted({*names_of(bool)} - {"verify_tls"}):
        assert f"{name} is {value!r}; allowed: on or off" in complaint(**{name: value})


@pytest.mark.parametrize(
    ("name", "choices"),
    [
        ("first_sync", "merge, mirror"),
        ("poster_fit", "none, crop, pad"),
        ("reconcile_interval", "never, hourly, daily, weekly"),
        ("reconcile_scope", "all, 24h, 7days"),
    ],
)
def test_choices(name: str, choices: str) -> None:
    for choice in choices.split(", "):
        assert getattr(parsed(**{name: f" {choice.upper()} "}), name) == choice
    for wrong in ("sometimes", 5, True):
        assert f"{name} is {wrong!r}; allowed: " in complaint(**{name: wrong})
    assert f"allowed: one of {choices}" in complaint(**{name: "sometimes"})


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("http://plex:32400", "http://plex:32400"),
        (" http://plex:32400/ ", "http://plex:32400"),
        ("HTTPS://Plex.Example.org//", "https://Plex.Example.org"),
        ("http://[::1]:32400", "http://[::1]:32400"),
        ("http://[fe80::1%eth0]:32400", "http://[fe80::1%eth0]:32400"),
        ("http://192.168.1.10", "http://192.168.1.10"),
        ("https://nas.example.org/media/plex/", "https://nas.example.org/media/plex"),
        ("https://nas.example.org/webhook", "https://nas.example.org/webhook"),
    ],
)
def test_a_plex_url_is_an_address_without_closing_slash(typed: str, url: str) -> None:
    assert parsed(plex_url=typed).plex_url == url


@pytest.mark.parametrize(
    "typed",
    [
        "plex:32400",
        "plex",
        "ftp://plex",
        "http://",
        "http://:32400",
        "http://plex:0",
        "http://\u202eplex",
        "http://a..b",
        "http://" + "a" * 64,
        "http://plex:99999",
        "http://plex:port",
        "http://[::1",
        "http://[v1.a:b]",
        "http://plex 1:32400",
        "http://plex:32400/web/index.html",
        "http://plex:32400/web",
        "http://plex:32400//a",
        "http://plex:32400#!/media",
        "http://plex:32400/?a=1",
        "http://plex\\x:32400",
        "http://me:word@plex:32400",
        5,
        True,
    ],
)
def test_anything_else_is_no_plex_url(typed: object) -> None:
    text = complaint(plex_url=typed)

    assert "plex_url is " in text
    assert "http://192.168.1.10:32400" in text
    assert "word@" not in text


@pytest.mark.parametrize("token", ["a b", "tök", "a\nb", "a\x00", True, ["a"]])
def test_a_token_that_cannot_travel_in_a_header_is_refused_unseen(token: object) -> None:
    text = complaint(plex_token=token)

    assert "plex_token is ***; allowed: a Plex token" in text
    assert str(token) not in text


def test_required_settings_say_what_to_enter() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_settings({"plex_url": "", "plex_token": None}, {})

    lines = str(caught.value).splitlines()
    assert "Settings > Plugins" in lines[0]
    assert lines[1].startswith("- plex_url is not set; enter the address of Plex, like http://")
    assert lines[2].startswith("- plex_token is not set; enter the token")


def test_the_environment_stands_in_for_what_stash_has_not() -> None:
    env = {"PLEX_URL": "http://other:1/", "PLEX_TOKEN": "other"}

    assert parse_settings({"plex_url": " "}, env).plex_url == "http://other:1"
    assert parse_settings({}, env).plex_token == "other"
    assert parse_settings({"plex_url": URL, "plex_token": TOKEN}, env) == DEFAULTS


def test_one_message_lists_everything_that_is_wrong() -> None:
    text = complaint(plex_url="x", max_retries=-1, enabled="?", first_sync="x", path_map="x")

    assert [line.split(" is ")[0] for line in text.splitlines()[1:]] == [
        "- plex_url",
        "- enabled",
        "- max_retries",
        "- first_sync",
        "- path_map",
    ]


def test_a_token_in_the_wrong_box_is_not_repeated() -> None:
    text = complaint(first_sync=TOKEN, plex_url=f"http://plex/?X-Plex-Token={TOKEN}&b=other")

    assert TOKEN not in text
    assert "other" not in text
    hooks = ["https://a.example/path-of-one", "https://b.example/path-of-other"]
    for told in (hooks, ", ".join(hooks), json.dumps(hooks)):
        assert "path-of" not in complaint(notify_url=told, first_sync=hooks[1])


def test_a_long_bad_value_is_cut() -> None:
    for name in ("first_sync", "path_map"):
        assert max(map(len, complaint(**{name: "x" * 5000}).splitlines())) < 300


def test_keys_as_older_versions_of_stash_spell_them() -> None:
    raw = {"plexUrl": URL, "plexToken": TOKEN, "maxRetries": 7, "pollInterval": 1}

    assert parse_settings(raw, {}) == dataclasses.replace(DEFAULTS, max_retries=7)
    assert parse_settings(raw | {"max_retries": 8}, {}).max_retries == 8


def test_unknown_keys_are_reported_and_known_ones_without_effect_are_not() -> None:
    raw = dict.fromkeys(WITHOUT_EFFECT, "x") | {"zzz": 1, "max_retry": 2}

    assert parsed(**raw).unknown_keys == ("max_retry", "zzz")
    assert parsed(**raw) == DEFAULTS


def test_secrets_are_neither_public_nor_in_the_repr() -> None:
    public = DEFAULTS.public()

    assert public["plex_token"] == "***"
    assert public["plex_url"] == URL
    assert set(NAMES) <= set(public)
    assert TOKEN not in repr(DEFAULTS)
    assert Settings().public()["plex_token"] == ""


def test_the_fields_to_sync_follow_their_switches_and_the_main_one() -> None:
    everything = DEFAULTS.synced_fields()

    assert {"title", "studio", "summary", "date", "performers", "tags", "rating"} <= everything
    assert everything.isdisjoint({"master", "collection"})
    assert parsed(sync_title=False).synced_fields() == everything - {"title"}
    assert parsed(sync_master=False).synced_fields() == frozenset()


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        DEFAULTS.max_retries = 3  # type: ignore[misc]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=3,
)


@given(st.dictionaries(st.sampled_from([*NAMES, OLD_PATH_MAP]), anything, max_size=6))
def test_any_json_is_either_understood_or_refused_by_name(raw: dict[str, Any]) -> None:
    env = {"PLEX_URL": URL, "PLEX_TOKEN": TOKEN}
    try:
        settings = parse_settings(raw, env)
    except ConfigError as error:
        assert any(f"- {name} " in str(error) for name in raw)  # noqa: PT017
    else:
        assert json.dumps(settings.public())


@given(st.integers(1, 100), st.booleans(), st.floats(0.1, 300))
def test_texts_numbers_and_booleans_mean_the_same(whole: int, on: bool, seconds: float) -> None:
    typed: dict[str, Any] = {"max_retries": whole, "enabled": on, "connect_timeout": seconds}

    assert parsed(**typed) == parsed(**{name: str(value) for name, value in typed.items()})


def test_every_field_that_is_synced_has_its_switch() -> None:
    everything_on = parsed(sync_collection=True)  # the one that is off by default
    switched = {one.name for one in FIELDS if one.has_switch}
    assert switched <= everything_on.synced_fields()


def test_a_content_rating_is_synced_where_there_is_one() -> None:
    assert "content_rating" not in parsed(content_rating="").synced_fields()
    assert "content_rating" not in parsed(content_rating="XXX", sync_master=False).synced_fields()
    given = parsed(content_rating="  Not \t Rated ")
    assert "content_rating" in given.synced_fields()
    assert given.sync_policy().content_rating == "Not Rated"
    assert parsed(content_rating=18).content_rating == "18"
    with pytest.raises(ConfigError, match=r"content_rating is 'R.n18'; allowed: a text"):
        parsed(content_rating="R\n18")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("plex_url", "plexUrl", True),
        ("path_map", OLD_PATH_MAP, True),
        ("plexUnmatchedPathMap", "pathMap", True),
        ("plex_url", "path_map", False),
        ("plex_url", OLD_PATH_MAP, False),
        ("verify_tls", OLD_PATH_MAP, False),
    ],
)
def test_spellings_of_one_setting(one: str, other: str, *, same: bool) -> None:
    assert same_key(one, other) is same_key(other, one) is same


def test_some_of_several_words() -> None:
    kind = SomeOf(("scene", "image"))
    assert kind(" Image, scene") == ("scene", "image")
    assert kind("image") == ("image",)
    for wrong in ("gallery", "scene, gallery"):
        with pytest.raises(BadValueError, match="some of scene, image"):
            kind(wrong)


def test_what_is_on_of_pictures_and_how_posters_are_fitted() -> None:
    both = parsed(sync_poster=True, sync_background=True, poster_fit="pad").sync_policy()
    assert [str(each) for each in both.images] == ["background", "poster:pad"]
    neither = parsed(sync_poster=False, sync_background=False).sync_policy()
    assert neither.images == ()


def test_rules_about_tags_are_asleep_while_tags_are_not_synced() -> None:
    rules = {"tag_rules": "tag solo => label; studio => collection"}
    on, off = (parsed(sync_tags=is_on, **rules) for is_on in (True, False))
    assert "label" in on.synced_fields()
    assert "label" not in off.synced_fields()
    assert on.placing_rules().taxonomy.of_tags != ()
    assert off.placing_rules().taxonomy.of_tags == ()
    assert "collection" in off.synced_fields()


def test_what_stash_has_stored_however_it_spells_it() -> None:
    stored = {"plexUrl": " ", "max_retries": 0, "enabled": "false"}
    assert stored_value(stored, "plex_url") is None
    assert stored_value(stored, "plex_url", absent=True) == " "
    assert stored_value(stored, "max_retries") is None
    assert stored_value(stored, "enabled") == "false"
    assert stored_value(stored, "plex_token", absent=True) is None
