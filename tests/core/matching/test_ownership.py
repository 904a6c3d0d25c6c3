"""An item has one owner, whoever claims it first."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.matching.match import match_scene
from core.matching.match_outcome import Claim, Evidence
from core.matching.ownership import Claims, Contest, is_copy
from core.models import ItemRef
from core.paths import PathMap
from tests.core.builders import file, index, losers, ref, scene

ITEM = ref("7")
Offer = tuple[int, list[Claim]]


def collected(offers: Sequence[Offer]) -> Claims:
    claims = Claims()
    for scene_id, offered in offers:
        claims.offer(scene_id, offered)
    return claims


def claim(evidence: Evidence, rank: int = 0, shared: int = 0, item: ItemRef = ITEM) -> Claim:
    return Claim(item, evidence, rank, shared)


def user_owned(native: Evidence) -> Claim:
    return Claim(ITEM, Evidence.VERIFIED, 0, 0, native)


@pytest.mark.parametrize(
    ("evidence", "are_taken"),
    [(Evidence.PATH, True), (Evidence.SIZE, True), (Evidence.LEARNED, False)],
)
def test_copies_are_taken_if_each_is_that_of_another_scene(
    evidence: Evidence, are_taken: bool
) -> None:
    copies = [ref("7"), ref("8")]
    offers = [(1, [claim(Evidence.PATH)]), (2, [claim(evidence, item=copies[1])])]
    claims = collected(offers)

    assert [each.owner for each in claims.of_copies(9, copies)] == [1, 2] * are_taken
    assert claims.of_copies(2, copies) == []
    assert collected(offers[:1]).of_copies(9, copies) == []


@pytest.mark.parametrize(
    ("rivals", "owner"),
    [
        ({1: claim(Evidence.PATH), 2: user_owned(Evidence.PATH)}, 2),
        # A record made from weak evidence does not outweigh better evidence for ever.
        ({1: claim(Evidence.PATH), 2: user_owned(Evidence.SIZE)}, 1),
        ({1: claim(Evidence.SIZE), 2: claim(Evidence.PATH)}, 2),
        ({1: claim(Evidence.SUFFIX, shared=9), 2: claim(Evidence.SIZE, shared=1)}, 2),
        ({1: claim(Evidence.NONE), 2: claim(Evidence.SUFFIX, shared=2)}, 2),
        # Strength comes before rank: the second file's path beats the primary file's size.
        ({1: claim(Evidence.SIZE), 2: claim(Evidence.PATH, rank=3)}, 2),
        # Copies of name and size: the folder tells.
        ({1: claim(Evidence.SIZE, shared=1), 2: claim(Evidence.SIZE, rank=1, shared=2)}, 2),
        # Then the primary file, and all others alike.
        ({1: claim(Evidence.PATH, rank=1), 2: claim(Evidence.PATH)}, 2),
        ({1: claim(Evidence.PATH, rank=2), 2: claim(Evidence.PATH, rank=1)}, 1),
        # Then the lowest id.
        ({9: claim(Evidence.PATH), 5: claim(Evidence.PATH), 7: claim(Evidence.PATH)}, 5),
        ({10: claim(Evidence.NONE), 9: claim(Evidence.NONE)}, 9),
    ],
)
def test_who_owns_a_contested_item(rivals: dict[int, Claim], owner: int) -> None:
    for order in itertools.permutations(rivals.items()):
        claims = collected([(scene_id, [made]) for scene_id, made in order])
        assert claims.holders() == {ITEM: owner}
        assert losers(claims) == {
            scene_id: frozenset({ITEM}) for scene_id in rivals if scene_id != owner
        }


def test_an_item_that_one_scene_claims_is_not_contested() -> None:
    claims = collected([(1, [claim(Evidence.NONE)]), (2, [])])
    assert claims.holders() == {ITEM: 1}
    assert claims.contests() == {}
    claims.offer(1, [claim(Evidence.NONE)])  # asked twice
    assert claims.contests() == {}


def test_copies_in_stash_leave_the_item_to_the_one_in_its_folder() -> None:
    """Two scenes with equal files, one item: the paths differ above, so only folders tell."""
    library = {"1": index({"7": [file("/m/b/walk.mp4", 5)]})}
    claims = Claims()
    for scene_id, folder in enumerate("abc"):
        copy = scene(file(f"/d/{folder}/walk.mp4", 5), scene_id=scene_id)
        claims.offer(scene_id, match_scene(copy, library, PathMap()).claims)
    assert claims.holders() == {ITEM: 1}


def test_recorded_owners_that_have_not_spoken_yet() -> None:
    other, third, free = ref("8"), ref("9"), ref("10")
    claims = collected(
        [
            (1, [claim(Evidence.PATH), claim(Evidence.PATH, item=other)]),
            (2, [claim(Evidence.PATH), claim(Evidence.PATH, item=third)]),
        ]
    )
    assert claims.rivals_unseen({}) == {}
    assert claims.rivals_unseen({ITEM: 2, other: 1, third: 2, free: 3}) == {}
    assert claims.rivals_unseen({ITEM: 3, other: 3, third: 4}) == {3: [ITEM, other], 4: [third]}
    assert claims.rivals_unseen({ITEM: 1, free: 3}, {ITEM, free, ref("11")}) == {3: [free]}


refs = st.sampled_from([ref("7"), ref("8"), ref("7", "2")])
made_claims = st.builds(
    Claim, refs, st.sampled_from(Evidence), st.integers(0, 2), st.integers(0, 2)
)
offers = st.dictionaries(
    st.integers(1, 6), st.lists(made_claims, max_size=3, unique_by=lambda made: made.ref)
).map(lambda by_scene: list(by_scene.items()))


@given(offers, st.randoms(use_true_random=False))
def test_the_order_of_offers_never_matters(made: list[Offer], rng: random.Random) -> None:
    shuffled = made[:]
    rng.shuffle(shuffled)
    one, other = collected(made), collected(shuffled)
    assert one.holders() == other.holders()
    assert losers(one) == losers(other)


@given(offers)
def test_every_claimed_item_has_exactly_one_owner(made: list[Offer]) -> None:
    claims = collected(made)
    lost = losers(claims)
    for item in {each.ref for _, offered in made for each in offered}:
        claimants = [scene_id for scene_id, offered in made if item in {c.ref for c in offered}]
        holders = [one for one in claimants if item not in lost.get(one, frozenset())]
        assert holders == [claims.holders()[item]]


@given(offers)
def test_a_contest_says_who_won_and_why(made: list[Offer]) -> None:
    claims = collected(made)
    owners, contests = claims.holders(), claims.contests()
    for lost in contests.values():
        for each in lost:
            assert each.owner == owners[each.ref]
            assert each.winning.precedence >= each.losing.precedence


@pytest.mark.parametrize(
    ("losing", "place", "copy"),
    [
        (Evidence.SIZE, "/m/x/a.mp4", False),  # it is where the scene's own file lies
        (Evidence.SIZE, "/m/other/a.mp4", True),
        (Evidence.PINNED, "/m/other/a.mp4", False),  # the user says so
    ],
)
def test_a_copy_is_an_item_at_no_place_of_the_scenes_own_files(
    losing: Evidence, place: str, copy: bool
) -> None:
    contest = Contest(ITEM, 2, claim(Evidence.PATH), claim(losing))
    of = scene(file("/d/y/b.mp4"), file("/d/x/a.mp4"))
    maps = [PathMap(), PathMap((("/d", "/m"),))]
    assert is_copy(contest, of, [file("/m/part1.mp4"), file(place)], maps) is copy
