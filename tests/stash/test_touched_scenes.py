"""What Stash has touched last, where its answers make no sense."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import StashError
from core.watermark import Watermark
from stash.touched_scenes import PAGE, newest, touched_since


class Stuck:
    """A Stash that gives the same full page whatever it is asked for.

    Args:
        name: of the listing; the other one is empty.
        is_odd: what it gives has no ids.
    """

    def __init__(self, name: str, *, is_odd: bool) -> None:
        at = "2030-03-17T17:46:40Z"
        rows = [{"id": None if is_odd else str(i), "updated_at": at} for i in range(1, PAGE + 1)]
        self._given = {"touched": {"scenes": []}, "added": {"scenes": []}, name: {"scenes": rows}}

    def find_scenes(self, f: Any = None, filter: Any = None, *, fragment: Any = None) -> Any:  # noqa: A002
        raise NotImplementedError

    def call_GQL(self, query: str, variables: Any = None) -> Any:  # noqa: N802
        return self._given


def _tell(error: StashError) -> None:
    pytest.fail(str(error))


@pytest.mark.parametrize("name", ["touched", "added"])
def test_a_listing_that_never_goes_on_ends(name: str) -> None:
    stash = Stuck(name, is_odd=False)
    with pytest.raises(StashError, match="the same scenes again"):
        touched_since(stash, Watermark(1.9e9, 0), 1.9e9, 0.0, _tell)


def test_nor_does_one_without_ids_go_on_for_ever() -> None:
    with pytest.raises(StashError, match="the same scenes again"):
        touched_since(Stuck("added", is_odd=True), Watermark(1.9e9, 0), 1.9e9, 0.0, _tell)


class NewestSpoils:
    """A Stash whose scene with the highest id spoils each answer which holds it."""

    def find_scenes(self, f: Any = None, filter: Any = None, *, fragment: Any = None) -> Any:  # noqa: A002
        raise NotImplementedError

    def call_GQL(self, query: str, variables: Any = None) -> Any:  # noqa: N802
        given = variables or {}
        if "version" in query:
            return {"version": {"version": "v0.30.1"}}
        order = given.get("filter") or given["added"]
        if order["sort"] == "id" and order["direction"] == "DESC":
            raise StashError("it cannot be read")
        return {"found": {"scenes": [{"id": "1", "updated_at": "2026-01-11T18:07:53Z"}]}}


def test_a_newest_scene_that_spoils_each_answer_is_told_and_passed_over() -> None:
    told: list[StashError] = []
    assert {scene for scene, _ in newest(NewestSpoils(), told.append)} == {1}
    assert [str(each) for each in told] == ["it cannot be read"]


class Shrinking:
    """A Stash of many scenes that were just touched, of which some are deleted after each answer.

    Args:
        gone: how many each time, those that were touched last.
        spoilt: an answer with this scene fails.
    """

    def __init__(self, gone: list[int], spoilt: int = 0) -> None:
        self.ids = list(range(1, 12 * PAGE))
        self._gone = [*gone]
        self._spoilt = spoilt

    def find_scenes(self, f: Any = None, filter: Any = None, *, fragment: Any = None) -> Any:  # noqa: A002
        raise NotImplementedError

    def call_GQL(self, query: str, variables: Any = None) -> Any:  # noqa: N802
        given = variables or {}
        if "version" in query:
            return {"version": {"version": "v0.30.1"}}
        window = given.get("touched") or given["filter"]
        start = (window["page"] - 1) * window["per_page"]
        some = self.ids[start : start + window["per_page"]]
        if self._spoilt in some:
            raise StashError("it cannot be read")
        rows = [{"id": str(i), "updated_at": "2030-03-17T17:46:40Z"} for i in some]
        del self.ids[: self._gone.pop(0) if self._gone else 0]
        found = {"scenes": [] if window["sort"] == "id" else rows}
        return {"touched": found, "added": {"scenes": []}, "found": found}


FAR = [0] * 9  # so many pages are read before


@pytest.mark.parametrize(
    "gone",
    [[], [1], [2, 1], [PAGE, 0, PAGE], [0, 3 * PAGE], [*FAR, 50], [*FAR, 5 * PAGE], [40] * 40],
    ids=str,
)
@pytest.mark.parametrize("spoilt", [0, PAGE + 5])
def test_scenes_that_are_deleted_between_pages_hide_no_other(gone: list[int], spoilt: int) -> None:
    stash, told = Shrinking(gone, spoilt), list[StashError]()
    found = touched_since(stash, Watermark(1.9e9, 0), 1.9e9, 0.0, told.append)
    assert {*stash.ids, spoilt} <= {*(scene for scene, _ in found), spoilt}
