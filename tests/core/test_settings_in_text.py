"""Settings that are several values in one text: names, folders, whom to trust."""

from __future__ import annotations

import pytest

from core.settings import OLD_PATH_MAP
from tests.core.test_settings import complaint, parsed


@pytest.mark.parametrize(
    ("typed", "trust"),
    [
        (True, True),
        ("", True),
        (" TRUE ", True),
        ("false", False),
        (False, False),
        (" /config/ca.pem ", "/config/ca.pem"),
        ("C:\\ca.pem", "C:\\ca.pem"),
    ],
)
def test_whom_to_trust(typed: object, trust: object) -> None:
    assert parsed(verify_tls=typed).verify_tls == trust
    assert "verify_tls" in complaint(verify_tls="ca.pem")


@pytest.mark.parametrize("name", ["plex_library", "tag_blocklist"])
@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("Adult", ("Adult",)),
        (" Adult , Filme & mehr,,adult,", ("Adult", "Filme & mehr")),
        (2024, ("2024",)),
        (2024.0, ("2024",)),
        (",", ()),
        ('"One, two", three', ("One, two", "three")),
        (' " Clips" ,"say ""hi"", Ana"', (" Clips", 'say "hi", Ana')),
        ('12" Vinyl, "a" b', ('12" Vinyl', '"a" b')),
        ('"open, end', ('"open', "end")),
        (["Adult", 2024, "One, two"], ("Adult", "2024", "One, two")),
        ('["Adult", "One, two", "adult"]', ("Adult", "One, two")),
        ("[Adult], two", ("[Adult]", "two")),
    ],
)
def test_names_between_commas(name: str, typed: object, names: tuple[str, ...]) -> None:
    assert parsed(**{name: typed}).value(name) == names


def test_a_tag_is_blocked_as_stash_spells_it() -> None:
    rules = parsed(tag_blocklist="To  do,Mo\u200bre").sync_policy().tags
    assert rules.chosen(("To do", "More", "Less")) == ("Less",)


@pytest.mark.parametrize(
    ("typed", "pairs"),
    [
        ("/data=>/plex", (("/data", "/plex"),)),
        (" /data/ => /plex/a b/ ; /x=>/y; ", (("/data", "/plex/a b"), ("/x", "/y"))),
        ("/data=>/plex\n/x=>/y", (("/data", "/plex"), ("/x", "/y"))),
        ("C:\\Videos\\=>/data", (("C:\\Videos", "/data"),)),
        ("C:\\=>\\\\nas\\share\\", (("C:\\", "\\\\nas\\share"),)),
        ("D:/=>/", (("D:/", "/"),)),
        ("/data=>/plex;/data/=>/plex", (("/data", "/plex"),)),
        ('"/a;b" => "/c=>d/"; /x=>/y', (("/a;b", "/c=>d"), ("/x", "/y"))),
        ('/my "best"=>/b;"/the ""other"""=>/o', (('/my "best"', "/b"), ('/the "other"', "/o"))),
    ],
)
def test_a_path_map(typed: str, pairs: tuple[tuple[str, str], ...]) -> None:
    assert parsed(path_map=typed).path_map == pairs


@pytest.mark.parametrize(
    "typed",
    ["/data", "/data=>", "=>/plex", "data=>/plex", "/data=>plex", "/a=>/b=>/c", "/a:/b", "/a->/b"],
)
def test_a_path_map_that_is_none_names_the_entry(typed: str) -> None:
    text = complaint(path_map=f"/ok=>/fine; {typed}")

    assert "path_map is " in text
    assert f"this is none: {typed!r}" in text


def test_one_stash_folder_cannot_be_two_in_plex() -> None:
    assert "'/a' has two" in complaint(path_map="/a=>/b; /a/=>/c")


def test_the_old_path_map_is_the_other_way_round_and_gives_way_to_the_new() -> None:
    old = {OLD_PATH_MAP: "/plex=>/data; /y=>/x"}

    assert parsed(**old).path_map == (("/data", "/plex"), ("/x", "/y"))
    assert parsed(**old, path_map="/a=>/b").path_map == (("/a", "/b"),)
    assert parsed(**old, path_map="").path_map == (("/data", "/plex"), ("/x", "/y"))
    assert f"{OLD_PATH_MAP} is 'x'; allowed: pairs" in complaint(**{OLD_PATH_MAP: "x"})
