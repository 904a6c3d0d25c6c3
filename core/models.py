"""The types that all packages share: what Stash says, what Plex shows, what we know of both.

Everything here is an immutable value. Times are epoch seconds (UTC), sizes are bytes, durations are
seconds, names of synced fields are those of `core.fields`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from enum import Enum
from typing import NamedTuple

# What a synced field can hold: a text, a number (rating), a list of names, or nothing.
Value = str | float | tuple[str, ...] | None


class MediaFile(NamedTuple):
    """One file as one of the two servers sees it."""

    path: str
    size: int | None = None
    duration: float | None = None


class Entity(NamedTuple):
    """A studio, performer, tag or group of Stash."""

    id: int
    name: str


class Scene(NamedTuple):
    """One Stash scene. `files` has the primary file first.

    `said` has what Stash says in single values, by Stash's names: those of `core.fields.SAID`.
    Texts are "" and numbers None when unset. `groups` are asked for only where they matter.
    """

    id: int
    said: Mapping[str, Value]
    organized: bool
    studio: Entity | None
    performers: tuple[Entity, ...]
    tags: tuple[Entity, ...]
    files: tuple[MediaFile, ...]
    updated_at: float
    groups: tuple[Entity, ...] = ()

    def text(self, name: str) -> str:
        """A text that Stash says; "" for what is none."""
        value = self.said.get(name)
        return value if isinstance(value, str) else ""

    @property
    def title(self) -> str:
        return self.text("title")

    @property
    def details(self) -> str:
        return self.text("details")

    @property
    def date(self) -> str:
        return self.text("date")


class ItemRef(NamedTuple):
    """Names one Plex item: the key of its section and its rating key."""

    section: str
    key: str

    def __str__(self) -> str:
        return f"{self.section}:{self.key}"


@dataclass(frozen=True, slots=True)
class Section:
    """A Plex library section. `type` is movie, show, artist or photo.

    `content` moves whenever Plex says that what the section holds has changed; "" where it does not
    say so.
    """

    key: str
    title: str
    type: str
    agent: str
    locations: tuple[str, ...]
    refreshing: bool
    content: str = attribute(default="", compare=False)

    @property
    def item_type(self) -> int:
        """Plex's number for the items that files belong to: movies, or episodes of shows."""
        return 4 if self.type == "show" else 1

    @property
    def has_agent(self) -> bool:
        """False for 'Other Videos' and the like, where an item's date is its file's."""
        return not self.agent.endswith(".none")


class ListedItem(NamedTuple):
    """An item as a section listing tells it: scalars whole, lists cut (so only 'has any').

    `scalars` are those of `core.fields.SCALARS`, in that order: texts "" and numbers None where
    Plex has none. `digest` is that of all the others, where the item comes from the saved index.
    """

    ref: ItemRef
    files: tuple[MediaFile, ...]
    scalars: tuple[Value, ...]
    has_performers: bool
    has_tags: bool
    added_at: int | None
    updated_at: int | None
    digest: bytes = b""


@dataclass(frozen=True, slots=True)
class Role:
    """An actor of an item with what only Plex knows: the part played and a photo's address."""

    name: str
    text: str
    thumb: str


@dataclass(frozen=True, slots=True)
class FullItem:
    """An item read on its own: every field whole, and which fields are locked.

    Locked fields go by our names, and by Plex's where we have none. `title_sort` is "" where the
    item has none of its own: Plex may drop it when the title is edited.
    """

    ref: ItemRef
    item_type: int
    files: tuple[MediaFile, ...]
    values: Mapping[str, Value]
    locked: frozenset[str]
    updated_at: int | None
    roles: tuple[Role, ...] = ()
    title_sort: str = ""


class Confidence(Enum):
    """HIGH: evidence left one candidate. LOW: several equal ones, or too little evidence."""

    HIGH = "high"
    LOW = "low"


class ChangeKind(Enum):
    """SET fills an empty field, CHANGE replaces, CLEAR empties; ADD and REMOVE are for lists.

    Files name them by their order.
    """

    SET = "set"
    CHANGE = "change"
    CLEAR = "clear"
    ADD = "add"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one item, before and after. For lists `after` is the whole list to show.

    Attributes:
        renamed: how many entries that we put there give way to as many others, as after a rename or
            a merge in Stash: these are not taken away.
    """

    field: str
    before: Value
    after: Value
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    renamed: int = attribute(default=0, compare=False)

    @property
    def kinds(self) -> tuple[ChangeKind, ...]:
        """What happens to the field; entries may come and go in one change."""
        if self.added or self.removed:
            both = ((ChangeKind.ADD, self.added), (ChangeKind.REMOVE, self.removed))
            return tuple(kind for kind, names in both if names)
        if self.after is None:
            return (ChangeKind.CLEAR,)
        return (ChangeKind.SET if self.before is None else ChangeKind.CHANGE,)


class Failure(Enum):
    """Why a job waits or was given up on."""

    NONE = ""
    NOT_FOUND = "PlexNotFound"
    AMBIGUOUS = "Ambiguous"
    AWAITS_SCAN = "AwaitsScan"
    PICTURE = "ImageFailed"
    NO_PICTURES = "PicturesUnavailable"
    REJECTED = "PlexRejected"
    ITEM_FAILED = "PlexItemFailed"
    SCENE_FAILED = "StashSceneFailed"
    NOT_TAKEN = "PlexDidNotTakeIt"
    HELD = "HeldByGuard"
    OTHER = "Failed"

    @classmethod
    def _missing_(cls, value: object) -> Failure | None:
        return cls.OTHER if isinstance(value, str) else None  # of a later version


@dataclass(frozen=True, slots=True)
class Job:
    """A durable order to sync one scene.

    Attributes:
        data: a snapshot for people, never what is written.
        failure, why: why it waits or was given up on; `why` is for people.
        priority: the higher first: 1 for a user's edit, 0 for bulk work.
    """

    job_id: int
    scene_id: int
    update_type: str
    data: Mapping[str, object]
    enqueued_at: float
    reason: str
    attempts: int
    not_before: float
    why: str = ""
    failure: Failure = Failure.NONE
    priority: int = 0

    @property
    def error(self) -> str:
        """The failure and why, as one text."""
        return ": ".join(part for part in (self.failure.value, self.why) if part)
