"""Why a scene was left out, in words and as values: enough to decide by, and what to do."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from core.matching.match import match_file
from core.matching.match_outcome import Claim, Evidence
from core.matching.ownership import Contest
from core.matching.reasons import SHOWN, doubt, losses, outside
from core.models import MediaFile
from core.paths import PathMap
from tests.core.builders import file, index, ref

TITLES = {"1": "Clips"}
HERE = file("/d/x/scene.mp4", 5)


@pytest.mark.parametrize(
    ("sought", "library", "why", "remedy"),
    [
        (
            HERE,
            {"1": [file("/m/a/scene.mp4", 5)], "2": [file("/m/b/scene.mp4", 5)]},
            "2 items have a file of this name and size, and their folders say nothing",
            "Path map",
        ),
        (
            HERE,
            {"1": [HERE], "2": [HERE]},
            "2 items have a file at the very path of the scene's",
            "doubles",
        ),
        (
            HERE,
            {"1": [file("/m/x/scene.mp4")], "2": [file("/n/x/scene.mp4")]},
            "2 items fit equally well by name and folders, and a size is unknown",
            "analyse",
        ),
        (
            HERE,
            {"1": [file("/m/y/scene.mp4")]},
            "an item has a file of this name, but a size is unknown and the folders differ",
            "Path map",
        ),
        (
            file("/d/x/scene.mp4"),
            {"1": [file("/m/y/scene.mp4", 5)], "2": [file("/m/z/scene.mp4", 6)]},
            "2 items have a file of this name, but a size is unknown and the folders differ",
            "Path map",
        ),
    ],
)
def test_a_doubt_says_between_what_and_what_is_missing(
    sought: MediaFile, library: dict[str, list[MediaFile]], why: str, remedy: str
) -> None:
    low = match_file(sought, index(library), PathMap())
    assert low is not None
    told = doubt(12, low, TITLES)

    assert told.why.startswith(why)
    assert remedy in told.remedy
    assert "pin" in told.remedy
    assert (told.scene_id, told.path, told.size) == (12, sought.path, sought.size)
    assert {(c.library, c.section, c.rating_key, c.path, c.size) for c in told.candidates} == {
        ("Clips", "1", key, found.path, found.size)
        for key, files in library.items()
        for found in files
    }
    line = str(told)
    for candidate in told.candidates:
        assert f"'Clips' item {candidate.rating_key} ('{candidate.path}'" in line
    assert told.why in line
    assert told.remedy in line
    assert asdict(told)["candidates"][0]["library"] == "Clips"


def test_of_very_many_candidates_some_are_shown() -> None:
    many = {str(n): [file(f"/m/{n}/scene.mp4")] for n in range(100, 400)}
    low = match_file(HERE, index(many), PathMap())
    assert low is not None
    told = doubt(12, low, TITLES)
    assert (len(told.candidates), told.more) == (SHOWN, 300 - SHOWN)
    assert f"and {300 - SHOWN} more" in str(told)


def claim(
    evidence: Evidence, rank: int = 0, shared: int = 0, native: Evidence = Evidence.NONE
) -> Claim:
    return Claim(ref("7"), evidence, rank, shared, native)


@pytest.mark.parametrize(
    ("winning", "losing", "why"),
    [
        (
            claim(Evidence.PATH),
            claim(Evidence.SIZE),
            "it has an equal path, this scene an equal name and size",
        ),
        (claim(Evidence.PINNED), claim(Evidence.VERIFIED), "it has a pin, this scene an earlier"),
        (
            claim(Evidence.PATH),
            claim(Evidence.VERIFIED, native=Evidence.SIZE),
            "it has an equal path, this scene only an earlier match by an equal name and size",
        ),
        (claim(Evidence.SIZE, 0, 3), claim(Evidence.SIZE, 0, 1), "the folders of its file"),
        (claim(Evidence.PATH), claim(Evidence.PATH, 1), "there it is the scene's primary file"),
        (claim(Evidence.PATH), claim(Evidence.PATH), "and it has the lower id"),
    ],
)
def test_a_loss_says_to_whom_and_why(winning: Claim, losing: Claim, why: str) -> None:
    (told,) = losses(12, [Contest(ref("7"), 5, winning, losing)], TITLES)
    assert (told.scene_id, told.owner, told.library, told.rating_key) == (12, 5, "Clips", "7")
    assert why in told.why
    assert str(told).startswith("'Clips' item 7 belongs to scene 5: ")


def test_outside_says_where_plex_was_looked_at() -> None:
    told = outside(12, "/d/a.mp4", ["/m/a.mp4", "/n/a.mp4"])
    assert "'/m/a.mp4' or '/n/a.mp4'" in str(told)
    assert "Path map" in told.remedy
    assert "add the folder to a library" in told.remedy


def test_every_kind_of_evidence_has_words() -> None:
    for evidence in Evidence:
        (told,) = losses(1, [Contest(ref("7"), 5, claim(evidence), claim(evidence))], {})
        assert told.library == "1"  # a section that is not known by name
        assert told.why
