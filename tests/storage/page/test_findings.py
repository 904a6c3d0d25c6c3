"""Findings: lists like those of a plain filter and sort, and what becomes of them between runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.finding_types import AMBIGUOUS, CONTESTED, GAPS, IGNORED, OUTSIDE
from storage.page.finding_query import FindingQuery
from storage.page.findings import Finding, Item
from storage.page.orphans import Orphan
from storage.page.page_file import PageFile

WORDS = st.text(alphabet="aA bBéß%_'", max_size=6)
NAMES = st.sampled_from(["", "Ann", "ann", "Böb"])
FINDINGS = st.lists(
    st.builds(
        Finding,
        st.integers(1, 40),
        st.sampled_from([*GAPS, OUTSIDE, CONTESTED]),
        WORDS,
        WORDS,
        st.just("why"),
        NAMES,
        NAMES,
        st.sampled_from([0.0, 1.0, 2.0]),
        *(st.just(rest) for rest in ((), (), "")),
    ),
    max_size=25,
    unique_by=lambda each: each.scene_id,
)
WANTED = st.builds(
    FindingQuery,
    st.sampled_from(["", *GAPS, OUTSIDE]),
    NAMES,
    NAMES,
    st.sampled_from(["", "a", "É", "%", "ss", "b b", "'"]),
    st.sampled_from(
        [
            f"{down}{name}"
            for name in ("title", "type", "studio", "library", "updated")
            for down in ("", "-")
        ]
    ),
)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageFile]:
    with PageFile(tmp_path_factory.mktemp("page"), pytest.fail) as opened:
        yield opened


def listed(found: list[Finding], wanted: FindingQuery) -> list[Finding]:
    """What a list of `found` ought to show."""
    text = wanted.text.casefold()
    chosen = [
        each
        for each in found
        if (each.type == wanted.type if wanted.type else each.type in GAPS)
        and (not wanted.studio or each.studio == wanted.studio)
        and (not wanted.library or each.library == wanted.library)
        and text in f"{each.title}\n{each.path}\n{each.studio}".casefold()
    ]
    name = wanted.sort.removeprefix("-")

    def key(each: Finding) -> tuple[object, ...]:
        title = each.title[:40].casefold().encode()
        if name == "title":
            return title, each.scene_id
        if name == "updated":
            return each.updated_at, each.scene_id
        return str(getattr(each, name)).encode(), title, each.scene_id

    return sorted(chosen, key=key, reverse=wanted.sort.startswith("-"))


@given(FINDINGS, WANTED, st.integers(0, 10), st.integers(1, 5))
def test_a_page_is_a_part_of_the_filtered_and_sorted_list(
    page: PageFile, found: list[Finding], wanted: FindingQuery, offset: int, limit: int
) -> None:
    page.findings.replace_all(found, [])

    total, rows = page.findings.page(wanted, offset, limit)

    expected = listed(found, wanted)
    assert total == len(expected)
    assert rows == expected[offset : offset + limit]


@given(FINDINGS, FINDINGS, st.sets(st.integers(1, 40)), st.sets(st.integers(1, 40)))
def test_counts_stay_right_whatever_happens(
    page: PageFile, first: list[Finding], later: list[Finding], done: set[int], ignored: set[int]
) -> None:
    store = page.findings
    store.replace_all(first, [])
    store.replace([each.scene_id for each in first[:3]], later)
    store.note_done({scene_id: f"Scene {scene_id}" for scene_id in done})
    store.note_ignored({scene_id: f"Scene {scene_id}" for scene_id in ignored})

    there = store.of_scenes(range(1, 41)).values()
    types = [each.type for each in there]
    gaps = [each for each in there if each.type in GAPS]
    assert store.count_by_type() == {kind: types.count(kind) for kind in set(types)}
    assert dict(store.facets()["studios"]) == {
        name: sum(each.studio == name for each in gaps)
        for name in {each.studio for each in gaps if each.studio}
    }
    assert {each.scene_id for each in there if each.type == IGNORED} == ignored


def test_a_scene_that_was_ignored_is_what_it_was_once_it_is_not(page: PageFile) -> None:
    gap = Finding(1, "drift", "One", items=(Item("1", "7", "Uno"),))
    page.findings.replace_all([gap], [])

    page.findings.note_ignored({1: "One", 2: "Two"})
    assert {i: each.title for i, each in page.findings.of_scenes([1, 2]).items()} == {
        1: "One",
        2: "Two",
    }
    page.findings.note_unignored([1, 2, 3])

    assert page.findings.of_scenes([1, 2]) == {1: gap}


def test_what_is_done_goes_and_what_is_left_alone_stays(page: PageFile) -> None:
    kinds = ["missing", AMBIGUOUS, OUTSIDE, CONTESTED, IGNORED]
    page.findings.replace_all([Finding(n, kind, "x") for n, kind in enumerate(kinds, 1)], [])

    page.findings.note_done(dict.fromkeys(range(1, 6), "Name"))

    assert page.findings.count_by_type() == {CONTESTED: 1, IGNORED: 1}
    assert page.findings.titles([1, 99]) == {1: "Name"}


def test_texts_that_no_file_could_hold_are_kept_as_far_as_they_can_be(page: PageFile) -> None:
    odd = "a\udcffb"
    page.findings.replace_all(
        [Finding(1, "drift", odd, odd, odd, odd, odd)], [Orphan("1", "2", "L", odd, odd, None)]
    )
    assert page.findings.of_scenes([1])[1].title == "a?b"
    assert page.orphans.page("", "A?B", 0, 9)[0] == 1


def test_orphans_are_listed_by_library_and_title(page: PageFile) -> None:
    orphans = [
        Orphan("1", "3", "Films", "b", "/m/b.mp4", 5),
        Orphan("1", "4", "Films", "A", "/m/a.mp4", None),
        Orphan("2", "5", "Clips", "c", "/c/c.mp4", 6),
    ]
    page.findings.replace_all([], orphans[:2])
    page.findings.replace_all([], orphans)

    assert page.orphans.page("", "", 0, 9) == (3, [orphans[2], orphans[1], orphans[0]])
    assert page.orphans.page("Films", "", 1, 1) == (2, [orphans[0]])
    assert page.orphans.page("", "/C/", 0, 9) == (1, [orphans[2]])
    assert page.orphans.count() == {"Clips": 1, "Films": 2}
    page.findings.replace_all([], orphans[2:])
    assert page.orphans.count() == {"Clips": 1}


def test_a_file_that_is_looked_at_is_not_written(tmp_path: Path) -> None:
    with PageFile(tmp_path, pytest.fail) as made:
        made.findings.replace_all([Finding(1, "drift", "One")], [])
    with PageFile(tmp_path, pytest.fail, looks_only=True) as looked:
        assert looked.findings.count_by_type() == {"drift": 1}
        with pytest.raises(Exception, match="readonly"):
            looked.findings.note_done({1: "One"})
