"""Which disambiguations are part of names."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.desired import SyncPolicy, fingerprint
from core.models import Entity
from core.performer_names import Disambiguate, Performer, in_doubt, shown
from core.text import name_key
from tests.core.builders import ALL_FIELDS, FEWER, desired, scene

names = st.sampled_from(["Ana Lind", "ANA LIND", "Jo Vale", "Kim", "Zoë", "Zoe\u0308"])
more = st.sampled_from(["1990", "blonde", "Prague", " ", "a (b)"])
performers = st.lists(st.builds(Performer, st.integers(1, 9), names, more), max_size=6)
ANA, OTHER_ANA, JO = Performer(1, "Ana Lind", "1990"), Performer(2, "ana lind", "b"), (3, "Jo", "x")


def test_by_default_a_name_is_enough_unless_another_has_it() -> None:
    jo = Performer(*JO)
    assert shown([ANA, jo], Disambiguate.NEEDED) == {}
    assert shown([ANA, OTHER_ANA, jo], Disambiguate.NEEDED) == {1: "1990", 2: "b"}
    assert in_doubt([ANA, OTHER_ANA, jo]) == ["Jo"]
    # One without a disambiguation has the name as well.
    assert shown([ANA, jo], Disambiguate.NEEDED, shared=["JO"]) == {3: "x"}


def test_always_and_never_need_no_namesake() -> None:
    assert shown([ANA], Disambiguate.ALWAYS) == {1: "1990"}
    assert shown([ANA, OTHER_ANA], Disambiguate.NEVER) == {}
    assert shown([Performer(1, "Ana", " \u200b ")], Disambiguate.ALWAYS) == {}


def test_a_scene_shows_the_full_name_and_a_rename_follows() -> None:
    of = scene(performers=["Ana Lind", "Jo Vale"])
    plain = SyncPolicy(ALL_FIELDS)
    full = SyncPolicy(ALL_FIELDS, disambiguations={1: "1990", 9: "not in it"})

    assert full.of(of).values["performers"] == ("Ana Lind (1990)", "Jo Vale")
    assert fingerprint(full.of(of)) != fingerprint(plain.of(of))
    renamed = of._replace(performers=(Entity(1, "Ana L."), *of.performers[1:]))
    assert full.of(renamed).values["performers"] == ("Ana L. (1990)", "Jo Vale")
    assert full.name_of(Entity(2, "Jo Vale")) == "Jo Vale"


def test_without_disambiguations_nothing_is_new() -> None:
    of = scene(performers=["Ana Lind", "ana lind"])
    assert fingerprint(SyncPolicy(ALL_FIELDS, disambiguations={}).of(of)) == fingerprint(
        desired(of)
    )


@FEWER
@given(performers, st.sampled_from(Disambiguate), st.data())
def test_neither_order_nor_repetition_matters_and_modes_nest(
    listed: list[Performer], when: Disambiguate, data: st.DataObject
) -> None:
    unique = list({each.id: each for each in listed}.values())
    shuffled = data.draw(st.permutations(unique))
    found = shown(unique, when)

    assert shown(shuffled, when) == found == shown([*shuffled, *shuffled], when)
    needed = shown(unique, Disambiguate.NEEDED)
    assert needed.items() <= shown(unique, Disambiguate.ALWAYS).items()
    # Whoever alone has a name goes by it, if nobody without a disambiguation has it, too.
    alone = set(map(name_key, in_doubt(unique)))
    assert all(name_key(each.name) not in alone for each in unique if each.id in needed)
    assert shown(unique, Disambiguate.NEEDED, in_doubt(unique)) == shown(
        unique, Disambiguate.ALWAYS
    )
