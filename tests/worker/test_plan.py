"""Plans as data: what an edit concerns, and the part of it that concerns some fields."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.builders import ref
from tests.worker.builders import change, edit, plan
from worker.plan import Batch
from worker.preview.plan_source import job_for

TITLE, TAGS = change("title", "Old", "New"), change("tags", (), ("Sea",))
LOCKED = frozenset({"title", "studio"})
FIELDS = ("title", "tags", "summary", "studio")
some_names = st.sets(st.sampled_from(FIELDS))


@given(st.dictionaries(st.sampled_from(FIELDS), st.booleans()), some_names)
def test_the_part_of_an_edit_that_concerns_some_fields(
    locks: dict[str, bool], names: set[str]
) -> None:
    whole = edit(TITLE, TAGS, locked=LOCKED, locks=locks, pictures={"poster": None})

    part = whole.only(names)

    assert whole.only(FIELDS) == whole
    assert set(part.names) == set(whole.names) & names
    assert part.locks == {name: want for name, want in locks.items() if name in names}
    assert [each.field for each in part.changes] == [n for n in ("title", "tags") if n in names]
    assert (part.ref, part.pictures) == (whole.ref, whole.pictures)
    # A field that changes is named once, and a lock only where it is not as it is wanted.
    assert sorted(whole.names) == sorted({*whole.names})
    assert whole.new_locks.keys() == {n for n, want in locks.items() if want != (n in LOCKED)}
    assert set(whole.names) == {"title", "tags", *whole.new_locks}


def test_the_values_before_a_plan() -> None:
    one = edit(TITLE, shown_pictures={"poster": "media://x", "background": None})
    scene = plan(one, edit(TAGS, key="8"))

    names = ("title", "poster", "background", "collection")
    assert [scene.value_before(one, name) for name in names] == ["Old", "media://x", None, ()]
    assert list(scene.changes) == [TITLE, TAGS]
    assert scene.items == {one.ref: one.item, ref("8"): scene.edits[1].item}


@pytest.mark.parametrize(("title", "called"), [("Night", "scene 1 “Night”"), ("", "scene 1")])
def test_a_scene_by_its_name(title: str, called: str) -> None:
    assert plan(title=title).called == called


def test_the_jobs_of_a_batch_that_have_no_plan() -> None:
    done, failed, left, ready = (job_for(number) for number in range(1, 5))
    batch = Batch([plan(job=ready)], done=[(done, "gone")], left_alone=[left])
    batch.failed.append((failed, failed.failure, "why"))

    assert batch.jobs == [done, failed, left]
