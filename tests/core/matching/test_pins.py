"""Pins: which item they mean, what they override, and when they are ignored."""

from __future__ import annotations

import pytest

from core.matching.match import match_scene
from core.matching.match_outcome import Claim, Evidence, SceneMatch
from core.matching.ownership import Claims
from core.matching.pins import Pin, pinned_item
from core.models import ItemRef, MediaFile
from core.paths import PathMap
from core.records import Record
from tests.core.builders import file, index, item_record, record, ref, scene

HERE = file("/d/x/scene.mp4", 5, 60)
NOW = index(
    {
        "7": [file("/d/x/scene.mp4", 5, 60)],
        "8": [file("/m/odd name.mkv", 9, 90)],
        "9": [file("/m/part1.mp4", 1, 10), file("/m/part2.mp4", 2, 20)],
    }
)


def pin(key: str, *files: MediaFile, section: str = "1", released: bool = False) -> Pin:
    return Pin(1, ref(key, section), files, released)


ODD = pin("8", file("/m/odd name.mkv", 9, 90))


@pytest.mark.parametrize(
    ("user_owned", "found"),
    [
        (ODD, "8"),
        (pin("9", file("/m/part2.mp4")), "9"),  # any of its files
        (pin("8", file("/m/old name.mkv", 9, 90.5)), "8"),  # renamed in Plex
        (pin("8", file("/m/old name.mkv", 9)), None),  # no length: too little to know it again
        (pin("8", file("/m/other film.mkv", 3, 33)), None),  # the key names another film by now
        (pin("8"), None),
        # Scanned anew: the same file, another key.
        (pin("5", file("/m/odd name.mkv", 9, 90)), "8"),
        (pin("7", file("/m/odd name.mkv", 9, 90)), "8"),
        (pin("5", file("/m/odd name.mkv")), "8"),
        (pin("5", file("/m/odd name.mkv", 4)), None),  # replaced meanwhile
        (pin("5", file("/m/ODD name.mkv", 9, 90)), None),
        (pin("5", file("/m/odd name.mkv"), file("/m/part1.mp4")), None),  # two items have it now
        (pin("5", file("/m/gone.mkv", 9, 90)), None),
    ],
)
def test_which_item_a_pin_means(user_owned: Pin, found: str | None) -> None:
    assert pinned_item(user_owned, NOW) == (None if found is None else ref(found))


def matched(*pins: Pin, known: Record | None = None, guess: bool = False) -> SceneMatch:
    sections = {"1": NOW, "2": index({"7": [HERE]}, section="2")}
    return match_scene(scene(HERE), sections, PathMap(), known, pins=pins, guess=guess)


def refs(match: SceneMatch) -> dict[ItemRef, Evidence]:
    return {claim.ref: claim.evidence for claim in match.claims}


OTHER = {ref("7", "2"): Evidence.PATH}


def test_a_pin_that_was_taken_back_hides_no_other() -> None:
    released = pin("9", file("/m/part1.mp4"), released=True)
    assert refs(matched(released, ODD)) == {ref("8"): Evidence.PINNED, **OTHER}


def test_a_pin_is_all_that_a_scene_owns_in_that_section() -> None:
    assert refs(matched()) == {ref("7"): Evidence.PATH, **OTHER}
    assert refs(matched(ODD)) == {ref("8"): Evidence.PINNED, **OTHER}


def test_a_pin_is_stronger_than_a_verified_match() -> None:
    known = record(item_record(HERE.path), files=[HERE])
    assert refs(matched(known=known))[ref("7")] is Evidence.VERIFIED
    assert refs(matched(ODD, known=known)) == {ref("8"): Evidence.PINNED, **OTHER}
    assert max(Evidence) is Evidence.PINNED


def test_several_pins_in_one_section_all_count() -> None:
    both = matched(ODD, pin("7", HERE))
    assert refs(both) == {ref("7"): Evidence.PINNED, ref("8"): Evidence.PINNED, **OTHER}


def test_a_pin_whose_item_is_gone_is_ignored_and_told() -> None:
    gone = pin("5", file("/m/gone.mkv", 3, 3))
    match = matched(gone)
    assert refs(match) == {ref("7"): Evidence.PATH, **OTHER}
    assert match.lost_pins == (gone,)
    assert matched(ODD).lost_pins == ()


def test_nothing_is_said_of_a_pin_in_a_section_that_was_not_searched() -> None:
    match = matched(pin("8", file("/m/odd name.mkv"), section="3"))
    assert refs(match) == {ref("7"): Evidence.PATH, **OTHER}
    assert match.lost_pins == ()


def test_a_scene_without_files_can_be_pinned() -> None:
    match = match_scene(scene(), {"1": NOW}, PathMap(), pins=[ODD])
    assert match.claims == (Claim(ref("8"), Evidence.PINNED, 0),)


def test_a_pin_taken_back_leaves_no_verified_match_behind() -> None:
    """What was matched by the pin alone is matched by nothing; other evidence still counts."""
    encoded = file("/m/odd name.mkv", 9, 61)  # the same film, smaller
    now = {"1": index({"7": [file("/m/z/scene.mp4", 5, 60)], "8": [encoded]})}
    known = record(item_record(encoded.path, key="8"), files=[HERE])

    def evidence(*pins: Pin, known: Record) -> dict[ItemRef, Evidence]:
        return refs(match_scene(scene(HERE), now, PathMap(), known, pins=pins))

    assert evidence(known=known) == {ref("8"): Evidence.VERIFIED}
    by_pin = pin("8", encoded, released=True)
    assert evidence(by_pin, known=known) == {ref("7"): Evidence.SIZE}

    right = record(item_record("/m/z/scene.mp4"), files=[HERE])
    by_pin = pin("7", file("/m/z/scene.mp4"), released=True)
    assert evidence(by_pin, known=right) == {ref("7"): Evidence.SIZE}


def test_the_choice_among_candidates_ends_the_doubt() -> None:
    twins = index({"1": [file("/m/a/scene.mp4", 5)], "2": [file("/m/b/scene.mp4", 5)]})
    doubtful = match_scene(scene(HERE), {"1": twins}, PathMap())
    assert doubtful.is_ambiguous
    (low,) = doubtful.undecided
    chosen = low.candidates[1]

    settled = match_scene(
        scene(HERE), {"1": twins}, PathMap(), pins=[Pin(1, chosen.ref, (chosen.file,))]
    )

    assert settled == SceneMatch(1, (Claim(ref("2"), Evidence.PINNED, 0),), ())


def test_the_pinned_scene_owns_the_item_whoever_claims_it() -> None:
    claims = Claims()
    claims.offer(1, [Claim(ref("7"), Evidence.VERIFIED, 0, native=Evidence.PATH)])
    claims.offer(9, [Claim(ref("7"), Evidence.PINNED, 0)])
    assert claims.holders() == {ref("7"): 9}
