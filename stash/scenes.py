"""Reading scenes, settings and version from anything that speaks GraphQL to Stash.

Works with our `StashClient` and with stashapp-tools' `StashInterface` alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from core.errors import StashError, StashIncomplete, StashUnauthorized, StashUnreachable
from core.models import Scene
from stash import queries
from stash.answers import inside, objects
from stash.client import StashClient
from stash.mapping import SceneReader, UnreadScene, lacks, unread_scenes
from stash.narrowing import SceneListing, by_halves

# Longer queries are slow to parse on Stash's side, and each scene costs it several SQL queries.
MAX_IDS = 100
OTHERS = 3  # scenes that are asked for where none of some can be had
T = TypeVar("T")


class StashApi(Protocol):
    """What we ask of a Stash client. The answers are parsed JSON."""

    def find_scenes(self, f: Any = ..., filter: Any = ..., *, fragment: Any = ...) -> Any:
        """The list of scenes that fit the SceneFilterType `f`, paged by the FindFilterType."""

    def call_GQL(self, query: str, variables: Any = ...) -> Any:
        """The `data` of the answer."""


@dataclass(frozen=True, slots=True)
class Fetched(Generic[T]):
    """Scenes that were asked for by their ids.

    Attributes:
        scenes: those that Stash has.
        unreadable: those that spoil each answer which holds them, with what Stash says.
    """

    scenes: dict[int, T]
    unreadable: dict[int, StashError]


def iter_unread_pages(
    stash: StashApi,
    *,
    page_size: int = 500,
    since: float | None = None,
    criteria: Mapping[str, object] | None = None,
    expected: int | None = None,
    fields: str | None = None,
    after: int = 0,
) -> Iterator[list[UnreadScene]]:
    """All scenes in order of their ids, page by page; a page may be empty.

    Args:
        since: epoch seconds; only scenes created or updated at or after it.
        criteria: only scenes that fit these of a SceneFilterType; see `stash.queries`.
        expected: how many such scenes there are; if that is not known, Stash is asked, unless
            there are criteria.
        fields: what to ask for of each, if not all that is read.
        after: the id after which to begin.

    Raises:
        StashIncomplete: after all pages: Stash has scenes that could not be read.
        StashError: or its kinds, from the first page that could not be had.
    """
    reader = SceneReader()

    def page(last_id: int, size: int) -> tuple[list[UnreadScene], int]:
        raw = _page(stash, queries.scenes_after(last_id, since, criteria), size, fields)
        return unread_scenes(raw, reader), len(raw)

    def count(last_id: int, up_to: int | None) -> int:
        wanted = queries.scenes_after(last_id, since, criteria, up_to)
        return _count(query_data(stash, queries.COUNT_THESE, {"scene_filter": wanted}))

    if expected is None:
        # What is listed by criteria is looked at again by each reconcile.
        expected = count(0, None) if criteria is None else 0
    for scenes in SceneListing(page, count, page_size, expected, after).pages():
        yield [scene for scene in scenes if since is None or scene.touched_at >= since]


def iter_scene_pages(
    stash: StashApi,
    *,
    page_size: int = 500,
    since: float | None = None,
    criteria: Mapping[str, object] | None = None,
    expected: int | None = None,
) -> Iterator[list[Scene]]:
    """`iter_unread_pages`, read."""
    for page in iter_unread_pages(
        stash, page_size=page_size, since=since, criteria=criteria, expected=expected
    ):
        yield [scene.read() for scene in page]


def as_far_as_readable(pages: Iterable[T], tell: Callable[[str], object]) -> Iterator[T]:
    """The pages; `tell` gets a sentence about the scenes that could not be read, if there are."""
    try:
        yield from pages
    except StashIncomplete as error:
        tell(str(error))


def fetch_scenes(stash: StashApi, ids: Iterable[int]) -> dict[int, Scene]:
    """The scenes with these ids, one request for each 100; those gone from Stash are absent.

    Raises:
        StashIncomplete: some of them cannot be read.
        StashError: or its kinds; Stash does not answer.
    """
    return all_read(fetch_unread(stash, ids))


def all_read(found: Fetched[UnreadScene]) -> dict[int, Scene]:
    """The scenes that were asked for. Raises StashIncomplete: some of them cannot be read."""
    if found.unreadable:
        named = "; ".join(f"scene {i} ({error})" for i, error in found.unreadable.items())
        raise StashIncomplete(f"Stash could not give {named}")
    return {i: each.read() for i, each in found.scenes.items()}


def fetch_readable(stash: StashApi, ids: Iterable[int]) -> Fetched[Scene]:
    """The scenes with these ids, one request for each 100, and those that cannot be read.

    Raises:
        StashError: or its kinds; Stash does not answer.
    """
    found = fetch_unread(stash, ids)
    return Fetched({i: each.read() for i, each in found.scenes.items()}, found.unreadable)


def fetch_unread(
    stash: StashApi, ids: Iterable[int], fields: str | None = None
) -> Fetched[UnreadScene]:
    """`fetch_readable`, not read yet.

    Args:
        fields: what to ask for of each, if not all that is read.
    """
    reader = SceneReader()

    def ask(batch: Sequence[int]) -> dict[int, UnreadScene | StashError | None]:
        asked = queries.scenes_by_id_query(batch, fields or scene_fields(stash))
        data = query_data(stash, asked)
        return {each: _scene_of(data, each, reader) for each in batch}

    wanted = list(dict.fromkeys(ids))
    found: Fetched[UnreadScene] = Fetched({}, {})
    for start in range(0, len(wanted), MAX_IDS):
        batch = wanted[start : start + MAX_IDS]
        another = partial(_gives_another, stash, batch, ask)
        told, unreadable = by_halves(batch, ask, lambda: stash_version(stash), another)
        lacking = {i: each for i, each in told.items() if isinstance(each, StashError)}
        if lacking and len(lacking) == len(told) and not another():
            raise next(iter(lacking.values()))
        found.scenes.update({i: each for i, each in told.items() if isinstance(each, UnreadScene)})
        found.unreadable.update({**unreadable, **lacking})
    return found


def _gives_another(
    stash: StashApi,
    but: Sequence[int],
    ask: Callable[[Sequence[int]], Mapping[int, UnreadScene | StashError | None]],
) -> bool:
    """Whether Stash gives one of a few scenes that are none of these, or has only this one."""
    others: set[int] = set()
    is_told = False
    for last_id, size in ((0, len(but) + OTHERS), (max(but), OTHERS)):
        try:
            listed = _page(stash, queries.scenes_after(last_id, None), size, "id")
        except StashError:
            continue
        is_told = True
        others.update(scene.id for scene in unread_scenes(listed, SceneReader()))
    others.difference_update(but)
    for each in sorted(others)[-OTHERS:]:
        try:
            if isinstance(ask([each])[each], UnreadScene):
                return True
        except StashError:
            continue
    return is_told and not others and len(but) == 1


def _scene_of(
    data: Mapping[str, object], scene_id: int, reader: SceneReader
) -> UnreadScene | StashError | None:
    """One scene of an answer; None where Stash says that it is gone, and only there; an error where
    it says a part of it."""
    raw = queries.by_alias(data, scene_id)
    if raw is None:
        return None
    lacking = lacks(raw) if isinstance(raw, Mapping) else ""
    if lacking:
        return StashError(f"Stash does not say which {lacking} scene {scene_id} has")
    scenes = unread_scenes([raw], reader)
    if not scenes or scenes[0].id != scene_id:
        raise StashError(f"Stash answered with something else than scene {scene_id}")
    return scenes[0]


def fetch_names(stash: StashApi, kind: str, ids: Iterable[int]) -> dict[int, str]:
    """The names of some performers, studios or tags (`kind` is one of these, in the singular), one
    request for each 100; those gone from Stash are absent."""
    wanted = list(dict.fromkeys(ids))
    found: dict[int, str] = {}
    for start in range(0, len(wanted), MAX_IDS):
        batch = wanted[start : start + MAX_IDS]
        data = query_data(stash, queries.entity_names_query(kind, batch))
        for each in batch:
            raw = queries.by_alias(data, each)
            name = raw.get("name") if isinstance(raw, Mapping) else None
            if isinstance(name, str):
                found[each] = name
    return found


def count_scenes(stash: StashApi) -> int:
    return _count(query_data(stash, queries.COUNT_SCENES))


def plugin_settings(stash: StashApi, plugin_id: str) -> tuple[dict[str, object], str]:
    """The plugin's saved settings and Stash's API key ("" where it has none), in one request.

    Only settings that were saved at least once are there. Stash before v0.26 turns `plex_url` into
    `plexUrl`; such keys come back in our spelling.
    """
    query = queries.plugin_settings_query(plugin_id)
    configuration = inside(query_data(stash, query), "configuration")
    settings: dict[str, object] = {}
    for name, values in inside(configuration, "plugins").items():
        if name.casefold() == plugin_id.casefold() and isinstance(values, Mapping):
            settings = {str(key): value for key, value in values.items()}
    spelled = {_snake_case(key): value for key, value in settings.items()}
    key = inside(configuration, "general").get("apiKey")
    return {**spelled, **settings}, key if isinstance(key, str) else ""


def stash_version(stash: StashApi) -> str:
    """Stash's version, like "v0.30.1"; "" where the build has none."""
    version = inside(query_data(stash, queries.VERSION), "version").get("version")
    return version if isinstance(version, str) else ""


def scene_fields(stash: StashApi) -> str:
    """What is asked of a scene. Raises StashError, or its kinds: Stash does not answer."""
    if not isinstance(stash, StashClient) or not stash.reads_groups:
        return queries.SCENE_FRAGMENT
    if stash.group_fields is None:
        known = inside(query_data(stash, queries.FIELDS_OF_SCENES), "__type").get("fields")
        names = {each.get("name") for each in objects(known)}
        stash.group_fields = queries.GROUPS if "groups" in names else queries.MOVIES
    return f"{queries.SCENE_FRAGMENT} {stash.group_fields}"


def _page(
    stash: StashApi,
    wanted: Mapping[str, object],
    size: int,
    fragment: str | None = None,
) -> list[Any]:
    fields = fragment or scene_fields(stash)
    raw = _ask(lambda: stash.find_scenes(f=wanted, filter=queries.page_of(size), fragment=fields))
    if not isinstance(raw, list):
        raise StashError("Stash answered without a list of scenes")
    return raw


def _count(data: Mapping[str, Any]) -> int:
    count = inside(data, "findScenes").get("count")
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise StashError("Stash answered without a count of scenes")
    return count


def _snake_case(key: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", key).lower()


def query_data(
    stash: StashApi, query: str, variables: Mapping[str, object] | None = None
) -> Mapping[str, Any]:
    data = _ask(lambda: stash.call_GQL(query, variables or {}))
    if not isinstance(data, Mapping):
        raise StashError("Stash answered without data")
    return data


def _ask(question: Callable[[], T]) -> T:
    """The answer, with what stashapp-tools raises turned into our errors (ours pass)."""
    try:
        return question()
    except OSError as error:  # what requests raises as well
        # By name: only who uses stashapp-tools has requests loaded, which takes its time.
        kinds = {each.__name__ for each in type(error).__mro__}
        if kinds & {"Timeout", "TimeoutError"}:
            raise StashUnreachable("Stash did not answer in time") from None
        refused = "Stash refused or dropped the connection; is it running?"
        raise StashUnreachable(refused) from None
    except Exception as error:
        # stashapp-tools raises Exception itself, with "401 Unauthorized query failed. v0.30.1".
        if type(error) is not Exception:
            raise
        text = str(error)
        kind = StashUnauthorized if text.startswith("401") else StashError
        raise kind(f"Stash answered with an error: {text}") from None
