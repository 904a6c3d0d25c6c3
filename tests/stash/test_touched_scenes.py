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
