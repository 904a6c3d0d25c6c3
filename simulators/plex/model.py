"""What the simulated Plex server knows: sections, items, their tags, files, locks and images.

Plain data only. Names of values and locks are Plex's own (`originallyAvailableAt`), because they
pass unchanged into requests and answers.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from simulators.plex.paths import lies_in

JsonObject = dict[str, Any]

# Numbers that `type=` uses on the wire.
TYPE_NUMBERS = {
    "movie": 1,
    "show": 2,
    "season": 3,
    "episode": 4,
    "trailer": 5,
    "artist": 8,
    "album": 9,
    "track": 10,
    "clip": 12,
    "photo": 13,
    "photoalbum": 14,
    "playlist": 15,
    "collection": 18,
}
TYPE_NAMES = {number: name for name, number in TYPE_NUMBERS.items()}

# Tag kind in requests -> element in answers. The order is that of recorded answers.
TAG_ELEMENTS = {
    "genre": "Genre",
    "country": "Country",
    "director": "Director",
    "writer": "Writer",
    "producer": "Producer",
    "collection": "Collection",
    "actor": "Role",
    "label": "Label",
}

TEXT_FIELDS = frozenset(
    {
        "title",
        "titleSort",
        "originalTitle",
        "summary",
        "tagline",
        "studio",
        "contentRating",
        "editionTitle",
        "originallyAvailableAt",
    }
)
RATING_FIELDS = frozenset({"userRating", "rating", "audienceRating"})
VALUE_FIELDS = TEXT_FIELDS | RATING_FIELDS | {"addedAt"}
IMAGE_LOCKS = frozenset({"thumb", "art", "clearLogo", "squareArt", "theme"})
LOCKABLE = VALUE_FIELDS | IMAGE_LOCKS | frozenset(TAG_ELEMENTS)


@dataclass(slots=True, eq=False)
class Tag:
    """One tag of the whole server: same kind and name, same id. All items share the thumb."""

    id: int
    kind: str
    name: str
    thumb: str | None = None


@dataclass(frozen=True, slots=True)
class TagLink:
    tag: Tag
    role: str | None = None


@dataclass(slots=True)
class Part:
    id: int
    file: str
    size: int | None
    duration: int | None  # milliseconds


@dataclass(slots=True)
class Media:
    id: int
    parts: list[Part]
    deleted_at: int | None = None
    optimized_for: str | None = None  # made by Plex itself, for this device

    @property
    def duration(self) -> int | None:
        known = [part.duration for part in self.parts if part.duration is not None]
        return sum(known) if len(known) == len(self.parts) else None


@dataclass(frozen=True, slots=True)
class Image:
    """One picture on offer. `name` is Plex's ratingKey for it: `upload://posters/<sha1>`, ..."""

    name: str
    sha1: str
    provider: str | None = None


@dataclass(slots=True)
class Shelf:
    """The pictures of one kind (posters or arts) of one item."""

    images: list[Image]
    selected: str | None

    def named(self, name: str) -> Image | None:
        return next((image for image in self.images if image.name == name), None)


@dataclass(slots=True, eq=False)
class Item:
    key: int
    section_key: int
    type: str
    guid: str
    values: JsonObject
    added_at: int
    updated_at: int | None
    subtype: str | None = None
    deleted_at: int | None = None
    tags: dict[str, list[TagLink]] = field(default_factory=dict)
    locked: list[str] = field(default_factory=list)
    media: list[Media] = field(default_factory=list)
    parent: Item | None = None
    children: dict[int, Item] = field(default_factory=dict)
    index: int | None = None
    shelves: dict[str, Shelf] = field(default_factory=dict)  # made when first looked at
    cache: dict[Any, bytes] = field(default_factory=dict)
    files_folded: str = ""  # every file, case folded, one a line: what `file=` looks into

    @property
    def duration(self) -> int | None:
        return self.media[0].duration if self.media else None

    @property
    def version(self) -> int:
        """The number at the end of thumb and art addresses: updatedAt in every recorded item."""
        return self.updated_at if self.updated_at is not None else self.added_at


@dataclass(slots=True, eq=False)
class Section:
    key: int
    title: str
    type: str
    agent: str
    scanner: str
    uuid: str
    locations: list[tuple[int, str]]
    created_at: int
    scanned_at: int
    content_changed_at: int = 1000
    items: dict[int, Item] = field(default_factory=dict)
    scans: int = 0  # running ones
    revision: int = 0  # moves with every change below this section
    field_revisions: Counter[str] = field(default_factory=Counter)

    @property
    def agentless(self) -> bool:
        return self.agent.endswith(".none")

    def holds(self, path: str) -> bool:
        """Whether the path lies in one of the Locations."""
        return any(lies_in(path, location) for _, location in self.locations)

    def bump(self, names: set[str]) -> None:
        self.revision += 1
        for name in names:
            self.field_revisions[name] += 1


@dataclass(slots=True, eq=False)
class Unscanned:
    """A file on the server's disk that not every section over it has found yet."""

    raw: JsonObject
    files: list[str]
    found_by: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, raw: JsonObject) -> Unscanned:
        return cls(raw, [part["file"] for version in raw.get("media", []) for part in version])
