"""What Stash tells of all its scenes at next to no cost, and what moves without their times.

With tags, performers and files a scene costs Stash several SQL queries; its own row costs it none.
So a pass lists all scenes by id, `updated_at` and a mark of the primary file, and beside that what
changes without either: names, the paths of folders, files that were touched, and the scenes that
have no file or several. From Stash v0.30 on that is possible; before, files come with each scene.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from core.digests import digest_of
from core.errors import StashError, StashUnauthorized, StashUnreachable
from core.library_facts import GROUP, STUDIO, TAG
from core.models import MediaFile, Scene
from stash import queries
from stash.answers import inside, objects, scenes_in
from stash.entities import list_texts
from stash.mapping import SceneReader, UnreadScene, lacks, number, text, unread_scenes
from stash.scenes import (
    Fetched,
    StashApi,
    all_read,
    fetch_unread,
    iter_unread_pages,
    query_data,
    scene_fields,
)

PAGE = 5000  # scenes, or names, of one answer
SOME = 2500  # scenes with their files, which Stash reads for all of an answer at once
WHOLE = 500  # scenes read whole in one request
PERFORMER, FOLDER = "performer", "folder"
_NAMED = (PERFORMER, TAG, STUDIO)
_MOVIE = "movie"  # a group, in Stash before v0.27
_FILES = "files { path size duration }"
# The name of a picture that Stash may have of a scene: the hash of its primary file.
_MARK = "paths { vtt }"
# Both are listed by their own criterion: a scene whose only file is another one has another mark.
_MOVED, _ODD = "moved", "odd"


@dataclass(frozen=True, slots=True)
class Looked:
    """What moves without the times of scenes.

    Attributes:
        version: Stash's.
        tells_files: it tells cheaply which files have moved; else each scene is listed with them.
        names: of performers, tags, studios, groups, and the paths of folders, by kind and id.
        moved: scenes of which a file was touched since the time asked for, with `files_digest`.
        odd: scenes that have no file or several, with the same.
        is_blind: Stash did not tell; nothing of what was read before is known to stand.
    """

    version: str
    tells_files: bool
    names: dict[tuple[str, int], str]
    moved: dict[int, bytes] = field(default_factory=dict)
    odd: dict[int, bytes] = field(default_factory=dict)
    is_blind: bool = False


def look(stash: StashApi, since: float | None) -> Looked:
    """Look at what moves without the times of scenes: one request, and more where there is much.

    Args:
        since: epoch seconds; files touched before it are known. None: all scenes are to be read,
            so no files are asked for.

    Raises:
        StashError: or its kinds; Stash does not answer.
    """
    for tells_files in (True, False):
        try:
            return _look(stash, since, tells_files=tells_files)
        except (StashUnauthorized, StashUnreachable):
            raise
        except StashError:
            # It does not know what it was asked for; or one performer, say, spoils each answer.
            continue
    return Looked("none", tells_files=False, names={}, is_blind=True)


def iter_scalars(
    stash: StashApi, *, tells_files: bool, expected: int
) -> Iterator[list[UnreadScene]]:
    """All scenes with what is cheap; see `stash.scenes.iter_unread_pages`."""
    fields = f"id updated_at {_MARK if tells_files else _FILES}"
    return iter_unread_pages(stash, page_size=PAGE, expected=expected, fields=fields)


def whole_fields(stash: StashApi, *, tells_files: bool) -> str:
    """What is asked of a scene that is read whole, and will be told from its scalars later."""
    return f"{scene_fields(stash)} {_MARK}" if tells_files else scene_fields(stash)


def take_mark(scene: UnreadScene) -> str:
    """The mark of a scene's files, by whichever fields it was asked for."""
    paths = scene.raw.pop("paths", None)
    if isinstance(paths, dict):
        return text(paths.get("vtt")).rpartition("/")[2]  # the rest may be another address of Stash
    return digest_of([scene.raw.get("files")]).hex()


def files_digest(files: Iterable[MediaFile]) -> bytes:
    """A digest of the files of a scene: of a million scenes, many thousand have several."""
    return digest_of([tuple(file) for file in files])


def fetch_many(stash: StashApi, ids: Sequence[int]) -> dict[int, Scene]:
    """`stash.scenes.fetch_scenes` of up to `WHOLE` scenes, in one request where all are there."""
    return all_read(fetch_at_once(stash, ids, scene_fields(stash)))


def fetch_at_once(stash: StashApi, ids: Sequence[int], fields: str) -> Fetched[UnreadScene]:
    """`stash.scenes.fetch_unread` of up to `WHOLE` scenes, in one request where all of them are
    there and can be read."""
    asked = f"query Whole($ids: [ID!]) {{ findScenes(ids: $ids) {{ scenes {{ {fields} }} }} }}"
    try:
        data = query_data(stash, asked, {"ids": [str(each) for each in ids]})
    except (StashUnauthorized, StashUnreachable):
        raise
    except StashError:
        return fetch_unread(stash, ids, fields)
    wanted = set(ids)
    listed, _ = _scenes(data.get("findScenes"))
    found = {i: each for i, each in listed.items() if i in wanted and not lacks(each.raw)}
    rest = fetch_unread(stash, [each for each in ids if each not in found], fields)
    return Fetched({**found, **rest.scenes}, rest.unreadable)


def _look(stash: StashApi, since: float | None, *, tells_files: bool) -> Looked:
    kinds = dict.fromkeys((*_NAMED, *_groups(stash)), "name")
    if tells_files:
        kinds[FOLDER] = "path"
    criteria = _criteria(since) if tells_files and since is not None else {}
    data = query_data(stash, _query(kinds, criteria), _variables(criteria))
    names = {
        (GROUP if kind == _MOVIE else kind, i): name
        for kind, said in kinds.items()
        for i, name in _names(stash, kind, said, inside(data, kind))
    }
    scenes = {each: _all(stash, criteria[each], data.get(each)) for each in criteria}
    told = text(inside(data, "version").get("version"))
    return Looked(told, tells_files, names, scenes.get(_MOVED, {}), scenes.get(_ODD, {}))


def _groups(stash: StashApi) -> tuple[str, ...]:
    fields = scene_fields(stash)
    if queries.MOVIES in fields:
        return (_MOVIE,)
    return (GROUP,) if queries.GROUPS in fields else ()


def _criteria(since: float) -> dict[str, dict[str, object]]:
    day = {"value": queries.day_before(since), "modifier": "GREATER_THAN"}
    return {
        _ODD: {"file_count": {"value": 1, "modifier": "NOT_EQUALS"}},
        _MOVED: {"files_filter": {"updated_at": day}},
    }


def _query(kinds: Mapping[str, str], criteria: Iterable[str]) -> str:
    asked = [
        f"{kind}: find{kind.capitalize()}s(filter: ${_sort(kind)})"
        f" {{ count found: {kind}s {{ id {said} }} }}"
        for kind, said in kinds.items()
    ]
    asked += [
        f"{each}: findScenes(filter: $some, scene_filter: ${each}) {{ scenes {{ id {_FILES} }} }}"
        for each in criteria
    ]
    given = {"$name: FindFilterType"} | {f"${_sort(kind)}: FindFilterType" for kind in kinds}
    given |= {f"${each}: SceneFilterType" for each in criteria}
    given |= {"$some: FindFilterType"} if criteria else set()
    return f"query Look({', '.join(sorted(given))}) {{ version {{ version }} {' '.join(asked)} }}"


def _sort(kind: str) -> str:
    return "id" if kind == FOLDER else "name"


def _variables(criteria: Mapping[str, object]) -> dict[str, object]:
    by = {sort: queries.page_of(PAGE, sort=sort) for sort in ("name", "id")}
    return {**by, "some": queries.page_of(SOME), **criteria}


def _names(
    stash: StashApi, kind: str, said: str, listed: Mapping[str, object]
) -> Iterator[tuple[int, str]]:
    rows = listed.get("found")
    if not isinstance(rows, list) or len(rows) != number(listed.get("count")):
        yield from list_texts(stash, kind, said, _sort(kind)).items()
        return
    for row in objects(rows):
        if (found := number(row.get("id"))) is not None:
            yield found, text(row.get(said))


def _all(stash: StashApi, criteria: Mapping[str, object], listed: object) -> dict[int, bytes]:
    """`files_digest` of all scenes that fit, of which the first are listed already."""
    some, told = _scenes(listed)
    found = {i: files_digest(scene.files) for i, scene in some.items()}
    if told < SOME:
        return found
    fields, after = f"id {_FILES}", max(found, default=0)
    rest = iter_unread_pages(
        stash, page_size=SOME, criteria=criteria, fields=fields, expected=0, after=after
    )
    found.update((scene.id, files_digest(scene.files)) for page in rest for scene in page)
    return found


def _scenes(listed: object) -> tuple[dict[int, UnreadScene], int]:
    """The scenes of an answer, and how many it has with those that make no sense."""
    raw = scenes_in(listed)
    return {scene.id: scene for scene in unread_scenes(raw, SceneReader())}, len(raw)
