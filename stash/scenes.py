"""Reading scenes, settings and version from anything that speaks GraphQL to Stash.

Works with our `StashClient` and with stashapp-tools' `StashInterface` alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeVar

import requests

from core.errors import StashError, StashUnauthorized, StashUnreachable
from core.models import Scene
from stash import queries
from stash.mapping import SceneReader, UnreadScene, unread_scenes

# Longer queries are slow to parse on Stash's side, and each scene costs it several SQL queries.
MAX_IDS = 100
T = TypeVar("T")


class StashApi(Protocol):
    """What we ask of a Stash client. The answers are parsed JSON."""

    def find_scenes(self, f: Any = ..., filter: Any = ..., *, fragment: Any = ...) -> Any:
        """The list of scenes that fit the SceneFilterType `f`, paged by the FindFilterType."""

    def call_GQL(self, query: str, variables: Any = ...) -> Any:
        """The `data` of the answer."""


def iter_unread_pages(
    stash: StashApi,
    *,
    page_size: int = 500,
    since: float | None = None,
    criteria: Mapping[str, object] | None = None,
) -> Iterator[list[UnreadScene]]:
    """All scenes in order of their ids, page by page; a page may be empty.

    Pages by the last id seen and not by offset, so scenes that come and go meanwhile make no other
    scene appear twice or not at all.

    Args:
        since: epoch seconds; only scenes created or updated at or after it.
        criteria: only scenes that fit these of a SceneFilterType; see `stash.queries`.

    Raises:
        StashError: or its kinds, from the first page that could not be had.
    """
    reader = SceneReader()
    last_id = 0
    while True:
        raw = _page(stash, queries.scenes_after(last_id, since, criteria), page_size)
        scenes = unread_scenes(raw, reader)
        # A page without news would be asked for for ever.
        if len(raw) >= page_size and not any(scene.id > last_id for scene in scenes):
            raise StashError("Stash sent the same scenes again instead of the next ones")
        yield [scene for scene in scenes if since is None or _touched(scene.read()) >= since]
        if len(raw) < page_size:
            return
        last_id = max(scene.id for scene in scenes)


def iter_scene_pages(
    stash: StashApi,
    *,
    page_size: int = 500,
    since: float | None = None,
    criteria: Mapping[str, object] | None = None,
) -> Iterator[list[Scene]]:
    """`iter_unread_pages`, read."""
    for page in iter_unread_pages(stash, page_size=page_size, since=since, criteria=criteria):
        yield [scene.read() for scene in page]


def fetch_scenes(stash: StashApi, ids: Iterable[int]) -> dict[int, Scene]:
    """The scenes with these ids, one request for each 100; those gone from Stash are absent."""
    reader = SceneReader()
    wanted = list(dict.fromkeys(ids))
    found: dict[int, Scene] = {}
    for start in range(0, len(wanted), MAX_IDS):
        batch = wanted[start : start + MAX_IDS]
        data = _query(stash, queries.scenes_by_id_query(batch))
        for scene_id in batch:
            scene = reader.read(queries.by_alias(data, scene_id))
            if scene is not None:
                found[scene_id] = scene
    return found


def fetch_names(stash: StashApi, kind: str, ids: Iterable[int]) -> dict[int, str]:
    """The names of some performers, studios or tags (`kind` is one of these, in the singular), one
    request for each 100; those gone from Stash are absent."""
    wanted = list(dict.fromkeys(ids))
    found: dict[int, str] = {}
    for start in range(0, len(wanted), MAX_IDS):
        batch = wanted[start : start + MAX_IDS]
        data = _query(stash, queries.entity_names_query(kind, batch))
        for each in batch:
            raw = queries.by_alias(data, each)
            name = raw.get("name") if isinstance(raw, Mapping) else None
            if isinstance(name, str):
                found[each] = name
    return found


def count_scenes(stash: StashApi) -> int:
    """How many scenes Stash has."""
    count = _inside(_query(stash, queries.COUNT_SCENES), "findScenes").get("count")
    if not isinstance(count, int):
        raise StashError("Stash answered without a count of scenes")
    return count


def plugin_settings(stash: StashApi, plugin_id: str) -> tuple[dict[str, object], str]:
    """The plugin's saved settings and Stash's API key ("" where it has none), in one request.

    Only settings that were saved at least once are there. Stash before v0.26 turns `plex_url` into
    `plexUrl`; such keys come back in our spelling.
    """
    query = queries.plugin_settings_query(plugin_id)
    configuration = _inside(_query(stash, query), "configuration")
    settings: dict[str, object] = {}
    for name, values in _inside(configuration, "plugins").items():
        if name.casefold() == plugin_id.casefold() and isinstance(values, Mapping):
            settings = {str(key): value for key, value in values.items()}
    spelled = {_snake_case(key): value for key, value in settings.items()}
    key = _inside(configuration, "general").get("apiKey")
    return {**spelled, **settings}, key if isinstance(key, str) else ""


def stash_version(stash: StashApi) -> str:
    """Stash's version, like "v0.30.1"; "" where the build has none."""
    version = _inside(_query(stash, queries.VERSION), "version").get("version")
    return version if isinstance(version, str) else ""


def _page(stash: StashApi, wanted: Mapping[str, object], size: int) -> list[Any]:
    raw = _ask(
        lambda: stash.find_scenes(
            f=wanted,
            filter=queries.page_of(size),
            fragment=queries.SCENE_FRAGMENT,
        )
    )
    if not isinstance(raw, list):
        raise StashError("Stash answered without a list of scenes")
    return raw


def _touched(scene: Scene) -> float:
    return max(scene.created_at, scene.updated_at)


def _snake_case(key: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", key).lower()


def _inside(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    inner = data.get(name)
    return inner if isinstance(inner, Mapping) else {}


def _query(stash: StashApi, query: str) -> Mapping[str, Any]:
    data = _ask(lambda: stash.call_GQL(query, {}))
    if not isinstance(data, Mapping):
        raise StashError("Stash answered without data")
    return data


def _ask(question: Callable[[], T]) -> T:
    """The answer, with what stashapp-tools raises turned into our errors (ours pass)."""
    try:
        return question()
    except requests.Timeout:
        raise StashUnreachable("Stash did not answer in time") from None
    except requests.RequestException:
        raise StashUnreachable("Stash refused or dropped the connection; is it running?") from None
    except Exception as error:
        # stashapp-tools raises Exception itself, with "401 Unauthorized query failed. v0.30.1".
        if type(error) is not Exception:
            raise
        text = str(error)
        kind = StashUnauthorized if text.startswith("401") else StashError
        raise kind(f"Stash answered with an error: {text}") from None
