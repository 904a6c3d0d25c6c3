"""A few scenes from all over the library, for looks that must not cost a page per 500 scenes."""

from __future__ import annotations

from core.models import Scene
from stash.answers import scenes_in
from stash.mapping import SceneReader
from stash.queries import page_of
from stash.scenes import StashApi, query_data

FILES_ONLY = "id files { path size duration }"
WINDOWS = 4  # requests
_QUERY = (
    "query SampleScenes($filter: FindFilterType) { findScenes(filter: $filter) {"
    f" scenes {{ {FILES_ONLY} }} }} }}"
)


def sample_scenes(stash: StashApi, total: int, most: int) -> list[Scene]:
    """Scenes with nothing but their ids and files: all if there are few, else some of each age.

    Args:
        total: how many scenes Stash has.
        most: how many of them to read.

    Raises:
        StashError: or its kinds.
    """
    if total <= most:
        return _window(stash, 1, most)
    size = most // WINDOWS
    last = total // size  # the last full page
    places = {1 + round(step * (last - 1) / (WINDOWS - 1)) for step in range(WINDOWS)}
    return [scene for page in sorted(places) for scene in _window(stash, page, size)]


def _window(stash: StashApi, page: int, size: int) -> list[Scene]:
    asked = {"filter": page_of(size, page)}
    raw = scenes_in(query_data(stash, _QUERY, asked).get("findScenes"))
    reader = SceneReader()
    return [scene for each in raw if (scene := reader.read(each)) is not None]
