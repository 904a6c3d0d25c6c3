"""Changes to edit parameters: the language of Plex's edits, its double decoding, and its limits."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.models import Change, Role, Value
from core.text import name_key
from plex.editing import SAFE_TEXT, edit_params, lock_params, shortened, split_params
from plex.url_encoding import encode_query

PUNCTUATION = "a, b %2C c+d & e;f=g#h?i/j'k\"l\\m%"
names = st.lists(
    st.one_of(
        st.text(min_size=1, max_size=12).filter(str.strip),
        st.sampled_from(["Ana", "ANA", "ana", "é", "e\u0301", "Straße", "STRASSE", PUNCTUATION]),
    ),
    max_size=6,
).map(tuple)


def decode(query: str) -> list[tuple[str, str]]:
    """A query as a server reads it: pieces at "&", name and value decoded once."""
    pairs = (piece.partition("=") for piece in query.split("&") if piece)
    return [(unquote(name), unquote(value)) for name, _, value in pairs]


def additions(params: Sequence[tuple[str, str]], tag: str) -> list[str]:
    return [value for name, value in params if name.startswith(f"{tag}[") and "[]" not in name]


def removals(params: Sequence[tuple[str, str]], tag: str) -> list[str]:
    """Facts of Plex, 4.15: split at commas, then each part is decoded once more."""
    wanted = f"{tag}[].tag.tag-"
    return [unquote(part) for name, value in params if name == wanted for part in value.split(",")]


def key(name: str) -> str:
    return name_key(name)


def test_the_edit_of_the_sample() -> None:
    """The same request as `edit_request_full_tag_state` of the recorded shapes."""
    params = edit_params(
        [
            Change("title", "night train.mp4", "Night Train"),
            Change(
                "tags",
                ("Drama", "Night", "Outdoor", "Train", "Two, maybe three"),
                ("Drama", "Night", "Rain"),
                added=("Rain",),
                removed=("Outdoor", "Train", "Two, maybe three"),
            ),
        ]
    )
    assert encode_query(params) == (
        "title.value=Night%20Train&title.locked=1"
        "&genre%5B0%5D.tag.tag=Drama&genre%5B1%5D.tag.tag=Night&genre%5B2%5D.tag.tag=Rain"
        "&genre%5B%5D.tag.tag-=Outdoor%2CTrain%2CTwo%252C%2520maybe%2520three&genre.locked=1"
    )


@pytest.mark.parametrize(
    ("field", "after", "name", "value"),
    [
        ("title", "T", "title", "T"),
        ("summary", "a\nb", "summary", "a\nb"),
        ("studio", "S", "studio", "S"),
        ("date", "2025-06-14", "originallyAvailableAt", "2025-06-14"),
        ("rating", 8.0, "userRating", "8"),
        ("rating", 7.5, "userRating", "7.5"),
        ("rating", 10.0, "userRating", "10"),
        ("summary", None, "summary", ""),
        ("summary", "", "summary", ""),
        ("rating", None, "userRating", ""),
    ],
)
def test_scalars_are_set_or_cleared_and_locked(
    field: str, after: Value, name: str, value: str
) -> None:
    assert edit_params([Change(field, "old", after)]) == [
        (f"{name}.value", value),
        (f"{name}.locked", "1"),
    ]


@pytest.mark.parametrize(
    ("field", "tag"),
    [
        ("performers", "actor"),
        ("tags", "genre"),
        ("director", "director"),
        ("collection", "collection"),
        ("label", "label"),
    ],
)
def test_lists_are_sent_whole(field: str, tag: str) -> None:
    change = Change(field, ("A",), ("A", "B"), added=("B",))
    assert edit_params([change]) == [
        (f"{tag}[0].tag.tag", "A"),
        (f"{tag}[1].tag.tag", "B"),
        (f"{tag}.locked", "1"),
    ]


def test_an_emptied_list_names_all_that_goes() -> None:
    change = Change("tags", ("A", "B, C"), (), removed=("A", "B, C"))
    params = edit_params([change])
    assert params == [("genre[].tag.tag-", "A,B%2C%20C"), ("genre.locked", "1")]
    assert edit_params([Change("tags", ("A",), None)]) == [
        ("genre[].tag.tag-", "A"),
        ("genre.locked", "1"),
    ]


def test_a_name_in_another_spelling_is_not_removed() -> None:
    change = Change("tags", ("ana", "e\u0301"), ("Ana", "é"), removed=("ANA", "É"))
    assert removals(edit_params([change]), "genre") == []


def test_actors_that_stay_keep_their_part_and_photo() -> None:
    roles = [Role("Ana", "The Traveller", "http://photo/1"), Role("Boris", "Guest", "")]
    actors = Change("performers", ("Ana", "Boris"), ("ANA", "Zoë"), removed=("Boris",))
    tags = Change("tags", (), ("Ana",))
    assert edit_params([actors, tags], roles) == [
        ("actor[0].tag.tag", "ANA"),
        ("actor[0].tagging.text", "The Traveller"),
        ("actor[0].tag.thumb", "http://photo/1"),
        ("actor[1].tag.tag", "Zoë"),
        ("actor[].tag.tag-", "Boris"),
        ("actor.locked", "1"),
        ("genre[0].tag.tag", "Ana"),
        ("genre.locked", "1"),
    ]


def test_unlocking_leaves_the_values() -> None:
    locks = {"title": False, "tags": False, "studio": True}
    assert lock_params(locks) == [
        ("studio.locked", "1"),
        ("genre.locked", "0"),
        ("title.locked", "0"),
    ]


def test_what_plex_does_not_have() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        edit_params([Change("nonsense", None, "x")])
    with pytest.raises(TypeError, match="title"):
        edit_params([Change("title", None, ("x",))])
    with pytest.raises(TypeError, match="tags"):
        edit_params([Change("tags", None, "x")])


@given(before=names, after=names, removed=names)
def test_a_server_reads_exactly_the_names_that_were_meant(
    before: tuple[str, ...], after: tuple[str, ...], removed: tuple[str, ...]
) -> None:
    query = encode_query(edit_params([Change("tags", before, after, removed=removed)]))
    params = decode(query)
    added, gone = additions(params, "genre"), removals(params, "genre")
    assert {key(name) for name in added} == {key(name) for name in after}
    assert set(added) <= set(after)
    assert len({key(name) for name in added}) == len(added)
    surplus = {key(name) for name in (*before, *removed)} - {key(name) for name in after}
    assert {key(name) for name in gone} == surplus
    assert set(gone) <= {*before, *removed}
    assert query.isascii()


@given(st.text(max_size=40))
def test_a_server_reads_exactly_the_text_that_was_meant(text: str) -> None:
    query = encode_query(edit_params([Change("summary", None, text)]))
    assert decode(query)[0] == ("summary.value", text)


@given(
    summary=st.text(max_size=80),
    tags=names,
    performers=names,
    limit=st.integers(0, 400),
)
def test_splitting_loses_nothing_and_cuts_between_fields_only(
    summary: str, tags: tuple[str, ...], performers: tuple[str, ...], limit: int
) -> None:
    params = edit_params(
        [
            Change("summary", None, summary),
            Change("tags", ("Old",), tags),
            Change("performers", None, performers),
            Change("title", None, "T"),
        ]
    )
    edits = split_params(params, limit)
    assert [pair for edit in edits for pair in edit] == params
    fields = [{name.split(".")[0].split("[")[0] for name, _ in edit} for edit in edits]
    assert sum(map(len, fields)) == 4  # no field is in two edits
    for edit, inside in zip(edits, fields, strict=True):
        assert len(encode_query(edit)) <= limit or len(inside) == 1


def test_one_edit_carries_everything_that_fits() -> None:
    params = edit_params([Change("title", None, "T"), Change("summary", None, "s" * 5000)])
    assert split_params(params, 7500) == [params]
    assert split_params([], 7500) == []


def test_of_a_list_that_is_too_long_as_much_comes_as_fits() -> None:
    added = tuple(f"Метка {number}" for number in range(150))
    change = Change("tags", ("Gone", "Stays"), ("Stays", *added), added, ("Gone",))

    cut = shortened(change)

    assert cut is not None
    assert cut.after == ("Stays", *cut.added)
    assert cut.added == added[: len(cut.added)]
    assert cut.removed == ("Gone",)
    one_more = Change("tags", cut.before, (*cut.after, added[len(cut.added)]), (), ("Gone",))
    lengths = [len(encode_query(edit_params([each]))) for each in (cut, one_more)]
    assert lengths[0] <= SAFE_TEXT < lengths[1]
    assert shortened(cut) is None
    # Nothing of one more comes any more.
    there, more = cut.after, added[len(cut.added) :]
    assert shortened(Change("tags", there, (*there, *more), more)) is None
    assert shortened(Change("tags", added, added[1:], (), added[:1])) is None
