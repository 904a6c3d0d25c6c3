"""The entities that the simulated Stash stores, shaped for fast reading by GraphQL.

Attributes carry the names of the GraphQL fields where the two agree, so that most fields
resolve by plain attribute access. `num` is the database id, `id` its text as clients see it.
Relations are object references: a rename of a performer is at once visible in every scene,
which is how Stash behaves (the scene's own `updated_at` stays where it was).
"""

from __future__ import annotations

import ntpath
import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

WINDOWS_PATH = re.compile(r"^([A-Za-z]:|\\\\)")
DIGITS = re.compile(r"([0-9]+)")


def split_path(path: str) -> tuple[str, str, str]:
    """Returns (folder, separator, basename), in the manner of the system that the path is from."""
    if WINDOWS_PATH.match(path):
        folder, base = ntpath.split(path)
        return folder, "\\", base
    folder, base = posixpath.split(path)
    return folder, "/", base


@dataclass(slots=True, eq=False)
class Entity:
    num: int
    id: str = field(init=False)

    def __post_init__(self) -> None:
        self.id = str(self.num)


@dataclass(slots=True, eq=False)
class Folder(Entity):
    path: str
    parent_folder: Folder | None
    mod_time: str
    created_at: str
    updated_at: str


@dataclass(slots=True, eq=False)
class VideoFile(Entity):
    path: str
    size: int
    duration: float
    oshash: str
    parent_folder: Folder
    mod_time: str
    created_at: str
    updated_at: str
    basename: str = field(init=False)

    def __post_init__(self) -> None:
        # super() without arguments is broken in slotted dataclasses before Python 3.14.
        Entity.__post_init__(self)
        self.basename = split_path(self.path)[2]

    def move(self, path: str, folder: Folder) -> None:
        self.path, self.parent_folder = path, folder
        self.basename = split_path(path)[2]


@dataclass(slots=True, eq=False)
class Tag(Entity):
    name: str
    created_at: str
    updated_at: str
    parents: list[Tag] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Studio(Entity):
    name: str
    created_at: str
    updated_at: str
    parent_studio: Studio | None = None


@dataclass(slots=True, eq=False)
class Performer(Entity):
    name: str
    created_at: str
    updated_at: str
    disambiguation: str = ""
    gender: str | None = None


@dataclass(slots=True, eq=False)
class Group(Entity):
    """A film, or a series of them; called a movie before v0.27."""

    name: str
    created_at: str
    updated_at: str


@dataclass(slots=True, eq=False)
class SceneGroup:
    """A scene's place in a group."""

    group: Group
    scene_index: int | None = None

    @property
    def movie(self) -> Group:
        return self.group


@dataclass(slots=True, eq=False)
class Scene(Entity):
    created_at: str
    updated_at: str
    title: str = ""
    code: str = ""
    details: str = ""
    director: str = ""
    date: str | None = None
    rating100: int | None = None
    organized: bool = False
    urls: list[str] = field(default_factory=list)
    studio: Studio | None = None
    performers: list[Performer] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)
    files: list[VideoFile] = field(default_factory=list)  # primary first
    groups: list[SceneGroup] = field(default_factory=list)
    play_history: list[str] = field(default_factory=list)  # UTC, newest first
    o_history: list[str] = field(default_factory=list)
    # None: no cover; str: seed of a generated picture; bytes: as uploaded
    cover: str | bytes | None = None


@dataclass(slots=True)
class DiskFile:
    """A file that lies in Stash's library folders, seen by a scan or not."""

    path: str
    size: int
    duration: float
    oshash: str
    modified: bool = False  # a scan of a known path looks at it only then

    def facts(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "size": self.size,
            "duration": self.duration,
            "oshash": self.oshash,
        }


@lru_cache(maxsize=200_000)
def natural(text: str) -> tuple[tuple[int, Any], ...]:
    """Case-insensitive order in which numbers inside the text count as numbers."""
    return tuple(
        (0, int(part)) if part.isdecimal() else (1, part)
        for part in DIGITS.split(text.lower())
        if part
    )


def tag_order(tag: Tag) -> tuple[tuple[tuple[int, Any], ...], int]:
    """Tags of a scene come sorted by name."""
    return (natural(tag.name), tag.num)


def by_id(entity: Entity) -> int:
    """Performers of a scene come sorted by id, whatever order they were given in."""
    return entity.num


def primary_first(files: Sequence[VideoFile]) -> list[VideoFile]:
    """The files of a scene as they come: the primary one, then by id."""
    return [*files[:1], *sorted(files[1:], key=by_id)]


_PLAIN = frozenset({type(None), str, int, float, bool})  # most values


def plain(entity: Any) -> dict[str, Any]:
    """The entity as JSON types, for /_sim/state: relations as ids, bytes as their length."""
    kind: Any = type(entity)
    return {name: _plain_value(getattr(entity, name)) for name in _slots_of(kind)}


@cache
def _slots_of(kind: type) -> tuple[str, ...]:
    return tuple(name for each in kind.__mro__ for name in getattr(each, "__slots__", ()))


def _plain_value(value: Any) -> Any:
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Folder):
        return value.path
    if isinstance(value, SceneGroup):
        return value.group.num
    if isinstance(value, VideoFile):
        return plain(value)
    if isinstance(value, Entity):
        return value.num
    if isinstance(value, bytes):
        return {"bytes": len(value)}
    if isinstance(value, list):
        return [_plain_value(entry) for entry in value]
    return value
