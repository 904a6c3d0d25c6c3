"""JSON of Stash to our `Scene` and back: tolerant of what is missing, strict about types inside.

From Stash's answer to its job a scene has four shapes:
- `UnreadScene`, as Stash told it; of one that stands since the last pass only its files and digest.
- `Scene`, which matching, the detectors and enqueueing take. It is a gap's `scene_data`; the dicts
  that the contract allows become scenes in `reconciliation.detector`.
- `ToldScene` of `reconciliation.detection_state`, which waits on disk for the end of a reconcile.
  Whole scenes there took a fifth more CPU in a first reconcile of 10,000.
- `JobData`, for people: the worker reads the scene afresh.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypedDict

from core.digests import digest_of
from core.fields import SAID
from core.models import Entity, MediaFile, Scene, Value
from core.timestamps import parse_timestamp

_WHOLE = re.compile("-?[0-9]+")
# The lists of a scene, none of which is ever null, and what each of their entries has.
_LISTS = {"files": "path", "performers": "name", "tags": "name"}
_DIGITS = 19  # so many may be a number that databases cannot hold
_LATEST = 1e12  # seconds; no time and no length is greater


class SceneReader:
    """Reads many scenes and shares what they have in common: a library names few performers often.

    Texts are kept as they are. What is missing, null or of another type counts as unset; of lists
    see `lacks`.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Entity] = {}  # by id and name, as Stash tells them

    def read(self, raw: object) -> Scene | None:
        """The scene that one JSON object of Stash describes; None where it has no numeric id."""
        found = unread_scenes([raw], self)
        return found[0].read() if found else None

    def scene_of(self, told: UnreadScene) -> Scene:
        """The same of a scene that has an id."""
        raw = told.raw
        studio = raw.get("studio")
        studios = self._entities([studio]) if studio is not None else ()
        return Scene(
            id=told.id,
            said={
                # Nearly always it is the text that it is to be.
                name: value
                if (value := raw.get(name)).__class__ is str and read is text
                else read(value)
                for name, read in _SAID.items()
            },
            organized=raw.get("organized") is True,
            studio=studios[0] if studios else None,
            performers=self._entities(raw.get("performers")),
            tags=self._entities(raw.get("tags")),
            files=told.files,
            updated_at=epoch(raw.get("updated_at")),
            groups=self._groups(raw.get("groups")),
        )

    def _entities(self, raw: object) -> tuple[Entity, ...]:
        """Studios, performers or tags; those without a name, which Stash never gives, are left out.

        A name without a usable id is kept: dropping it would take it out of Plex.
        """
        if not isinstance(raw, list):
            return ()
        known = self._known
        try:
            return tuple([known[each["id"], each["name"]] for each in raw])
        except (KeyError, TypeError):  # nearly never, once some scenes are read
            pass
        found = []
        for each in raw:
            entity = _entity(each)
            if entity is not None:
                if isinstance(each.get("id"), str):
                    entity = known.setdefault((each["id"], entity.name), entity)
                found.append(entity)
        return tuple(found)

    def _groups(self, raw: object) -> tuple[Entity, ...]:
        if not isinstance(raw, list):
            return ()
        return self._entities([each.get("group") for each in raw if isinstance(each, dict)])


def _entity(raw: object) -> Entity | None:
    name = raw.get("name") if isinstance(raw, dict) else None
    if not isinstance(raw, dict) or not isinstance(name, str) or not name:
        return None
    return Entity(number(raw.get("id")) or 0, name)


class UnreadScene:
    """A scene as Stash told it, read only if it has to be looked at.

    Attributes:
        id: the scene's.
        raw: what Stash told; empty where it was not asked, since nothing has moved: then only the
            files and the digest of what it told last are known, and are to be given.
    """

    __slots__ = ("_digest", "_files", "_reader", "id", "raw")

    def __init__(
        self,
        scene_id: int,
        raw: dict[str, Any],
        reader: SceneReader,
        files: tuple[MediaFile, ...] | None = None,
        digest: bytes = b"",
    ) -> None:
        self.id = scene_id
        self.raw = raw
        self._reader = reader
        self._files = files
        self._digest = digest

    @property
    def lacks(self) -> str:
        """`lacks` of what Stash told, with a look only at what tells its files."""
        return _first(self.raw, _is_list)

    @property
    def digest(self) -> bytes:
        """A digest of everything that Stash says of it, in the order in which it does."""
        self._digest = self._digest or digest_of(self.raw)
        return self._digest

    @property
    def files(self) -> tuple[MediaFile, ...]:
        """Its files, the primary one first."""
        if self._files is None:
            self._files = _files(self.raw.get("files"))
        return self._files

    def read(self) -> Scene:
        """The scene. Raises ValueError: Stash was not asked for it."""
        if not self.raw:
            raise ValueError(f"scene {self.id} is to be asked for before it is read")
        return self._reader.scene_of(self)

    @property
    def touched_at(self) -> float:
        """When it was created or changed last, epoch seconds."""
        return max(epoch(self.raw.get("created_at")), epoch(self.raw.get("updated_at")))


def unread_scenes(raw: Iterable[object], reader: SceneReader) -> list[UnreadScene]:
    """Those of some JSON objects of Stash that have a numeric id."""
    return [
        UnreadScene(scene_id, each, reader)
        for each in raw
        if isinstance(each, dict) and (scene_id := _scene_id(each)) is not None
    ]


def lacks(raw: Mapping[str, object]) -> str:
    """Which of the lists that a scene always has Stash has not told, or not whole, or which value
    is none of its kind; "" for none.

    What is not told is unknown: taken for empty, it would be removed from Plex.
    """
    unset = (None, "")
    told = [(n, read, raw.get(n)) for n, read in _SAID.items()]
    odd = (n for n, read, value in told if value not in unset and read(value) in unset)
    studio = "" if _has_name(raw.get("studio")) else "studio"
    return _first(raw, _is_whole) or studio or next(odd, "")


def _has_name(studio: object) -> bool:
    """Whether a studio, or that there is none, is told whole."""
    return studio is None or (isinstance(studio, dict) and isinstance(studio.get("name"), str))


def _first(raw: Mapping[str, object], is_whole: Callable[[object, str], bool]) -> str:
    for name, key in _LISTS.items():
        if name in raw and not is_whole(raw[name], key):
            return name
    return ""


def _is_list(told: object, key: str) -> bool:
    """Whether it is a list; of files, whether each says where it is."""
    return type(told) is list and (key != "path" or _is_whole(told, key))


def _is_whole(told: object, key: str) -> bool:
    if not isinstance(told, list):
        return False
    for each in told:
        value = each.get(key) if isinstance(each, dict) else None
        if not value or not isinstance(value, str):
            return False
    return True


class JobData(TypedDict):
    """The `data` of a job: for people and for compatibility, never what is written."""

    path: str
    title: str
    details: str
    date: str | None
    rating100: Value
    studio: str | None
    performers: list[str]
    tags: list[str]
    poster_url: None
    background_url: None


def snapshot(scene: Scene) -> JobData:
    """What a job for a scene says of it."""
    said = scene.said
    return {
        "path": scene.files[0].path if scene.files else "",
        "title": text(said.get("title")),
        "details": text(said.get("details")),
        "date": text(said.get("date")) or None,
        "rating100": said.get("rating100"),
        "studio": scene.studio.name if scene.studio else None,
        "performers": [performer.name for performer in scene.performers],
        "tags": [tag.name for tag in scene.tags],
        "poster_url": None,
        "background_url": None,
    }


def epoch(value: object) -> float:
    """Epoch seconds of a time of Stash; 0.0 where there is none. Numbers pass as they are."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value) if abs(value) < _LATEST else 0.0
    return parse_timestamp(value) or 0.0


def _scene_id(raw: Mapping[str, object]) -> int | None:
    """The scene's number; Stash counts from 1."""
    told = raw.get("id")
    if type(told) is str and len(told) < _DIGITS and told.isascii() and told.isdigit():
        return int(told) or None
    found = None if isinstance(told, float) else number(told)
    return found if found is not None and found > 0 else None


def text(value: object) -> str:
    """A text; "" for what is none."""
    return value if isinstance(value, str) else ""


def number(value: object) -> int | None:
    """A whole number that databases can hold."""
    if value is None:
        return None
    if isinstance(value, str) and len(value) < 30:
        if len(value) < 19 and value.isdecimal() and value.isascii():  # nearly always
            return int(value)
        bare = value.strip()
        value = int(bare) if _WHOLE.fullmatch(bare) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return round(value) if abs(value) < 2**63 else None


def _files(raw: object) -> tuple[MediaFile, ...]:
    if not isinstance(raw, list):
        return ()
    return tuple(
        [
            MediaFile(path, _size(each.get("size")), _seconds(each.get("duration")))
            for each in raw
            if isinstance(each, dict) and (path := text(each.get("path")))
        ]
    )


def _size(value: object) -> int | None:
    """Bytes of a file."""
    if type(value) is int and 0 <= value < 2**63:  # nearly always
        return value
    if isinstance(value, float) and not value.is_integer():
        return None
    size = number(value)
    return size if size is not None and size >= 0 else None


def _seconds(value: object) -> float | None:
    """A length; Stash writes 0 where it could not tell."""
    if type(value) is float and 0 < value < _LATEST:  # nearly always
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if 0 < value < _LATEST else None


_SAID: Mapping[str, Callable[[object], Value]] = {
    name: number if is_number else text for name, is_number in SAID.items()
}
