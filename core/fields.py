"""THE table of synced fields, and what a scene wants each of them to show.

Adding a field is one row here and its tests: what Stash says, what Plex calls it, its kind with the
normal form and the limit, whether `sync_` and its name is a setting that switches it, and when it
may be cleared. Planning, comparing, editing and recording read this table and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache

from core.dates import agrees, padded, parse_date
from core.models import Entity, ListedItem, Scene, Value
from core.text import clean_line, clean_names, clean_text, name_key

# Plex documents no limits (facts of Plex, 4e); these keep one edit well inside a URL.
LINE_LIMIT = 255
TEXT_LIMIT = 10_000
RATING_STEP = 0.05  # a tenth is the smallest step of rating100; half of it is no difference


class Kind(Enum):
    """How a field compares and is edited."""

    LINE = "line"
    TEXT = "text"
    DATE = "date"
    RATING = "rating"
    NAMES = "names"
    IMAGE = "image"


class Clear(Enum):
    """When a value that Stash lacks may be taken from Plex."""

    NEVER = "never"
    ALWAYS = "always"
    OWN = "own"  # only while Plex still shows what we wrote


@dataclass(frozen=True, slots=True)
class Field:
    """One synced field: a row of the table.

    Attributes:
        name: ours; the setting `sync_<name>` switches it, unless `has_switch` is False.
        plex: Plex's, in edits and of its lock.
        kind: how it compares and is edited: its normal form and its limit.
        clear: when it may be emptied.
        stash: Stash's name of the one value that it shows; "" for what is made of more.
        want: reads its raw value from a scene; follows from `stash`. Pictures are asked for apart,
            and what other settings say is added by `core.desired`.
        element: of a list, what holds its entries in an item of Plex.
        is_on: whether it is synced where the user has not said.
        has_switch: False: other settings say whether it is synced.
        on_demand: nothing is known of it, nor asked, where it was never wanted.
    """

    name: str
    plex: str
    kind: Kind
    clear: Clear
    stash: str = ""
    want: Callable[[Scene], Value] = field(default=lambda _: None, repr=False)
    element: str = ""
    is_on: bool = True
    has_switch: bool = True
    on_demand: bool = False
    _normal: Callable[[Value], Value] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_normal", _NORMAL[self.kind])
        if self.stash:
            object.__setattr__(self, "want", _WANTED.get(self.kind, _as_said)(self.stash))

    @property
    def is_list(self) -> bool:
        return self.kind is Kind.NAMES

    def normal(self, value: Value) -> Value:
        """The form in which values of this field are compared and sent; None for 'empty'."""
        return self._normal(value)

    def same(self, wanted: Value, shown: Value) -> bool:
        """Whether what Plex shows satisfies what is wanted (a partial date: lies inside)."""
        if wanted == shown:
            return True
        left, right = self.normal(wanted), self.normal(shown)
        if self.kind is Kind.DATE and isinstance(left, str) and isinstance(right, str):
            return agrees(left, right)
        return self.equal(left, right)

    def equal(self, one: Value, other: Value) -> bool:
        """Whether two values are one: a date agrees with itself only, not with all inside it."""
        if one == other:
            return True
        left, right = self.normal(one), self.normal(other)
        if isinstance(left, tuple) or isinstance(right, tuple):
            return name_keys(left) == name_keys(right)
        if isinstance(left, float) and isinstance(right, float):
            return abs(left - right) < RATING_STEP
        return left == right

    def names(self, value: Value) -> tuple[str, ...]:
        """A list value in normal form; () for nothing."""
        clean = self.normal(value)
        return clean if isinstance(clean, tuple) else ()

    def to_send(self, wanted: Value) -> Value:
        """The value that an edit carries: a partial date is padded, never sent raw."""
        if self.kind is Kind.DATE and isinstance(wanted, str):
            return padded(wanted)
        return wanted


# A list is compared several times: as it is wanted, shown, sent and read back, mostly the same.
@lru_cache(maxsize=1024)
def spelled(shown: Value) -> tuple[tuple[str, str], ...]:
    """The entries of a list as Plex spells them, each after its identity; blank ones left out."""
    names = dict.fromkeys(shown if isinstance(shown, tuple) else ())
    keyed = [(name_key(clean_line(name, LINE_LIMIT)), name) for name in names]
    return tuple([(key, name) for key, name in keyed if key])


@lru_cache(maxsize=1024)
def name_keys(value: Value) -> frozenset[str]:
    """The identities of the names in a list value; empty for anything else."""
    return frozenset(map(name_key, value)) if isinstance(value, tuple) else frozenset()


def _line(value: Value) -> Value:
    return clean_line(value, LINE_LIMIT) or None if isinstance(value, str) else None


def _text(value: Value) -> Value:
    return clean_text(value, TEXT_LIMIT) or None if isinstance(value, str) else None


def _date(value: Value) -> Value:
    return parse_date(value) if isinstance(value, str) else None


def _rating(value: Value) -> Value:
    return float(value) if isinstance(value, (int, float)) and value > 0 else None


def _names(value: Value) -> Value:
    return clean_names(value, LINE_LIMIT) or None if isinstance(value, tuple) else None


_NORMAL: Mapping[Kind, Callable[[Value], Value]] = {
    Kind.LINE: _line,
    Kind.TEXT: _text,
    Kind.DATE: _date,
    Kind.RATING: _rating,
    Kind.NAMES: _names,
    Kind.IMAGE: _line,
}


def _as_said(stash: str) -> Callable[[Scene], Value]:
    return lambda scene: scene.said.get(stash)


def _as_rating(stash: str) -> Callable[[Scene], Value]:
    """Stash rates from 1 to 100, Plex from 0.1 to 10; it refuses what is above that."""

    def want(scene: Scene) -> Value:
        value = scene.said.get(stash)
        return min(value, 100) / 10 if isinstance(value, (int, float)) and value else None

    return want


def _as_one_name(stash: str) -> Callable[[Scene], Value]:
    return lambda scene: (scene.text(stash),)


_WANTED: Mapping[Kind, Callable[[str], Callable[[Scene], Value]]] = {
    Kind.RATING: _as_rating,
    Kind.NAMES: _as_one_name,
}


def _name_of(entity: Entity) -> str:
    return entity.name


TITLE = "title"
PERFORMERS = "performers"
TAGS, STUDIO, LABEL, COLLECTION = "tags", "studio", "label", "collection"
CONTENT_RATING = "content_rating"

FIELDS: tuple[Field, ...] = (
    Field(TITLE, "title", Kind.LINE, Clear.NEVER, "title"),
    Field("summary", "summary", Kind.TEXT, Clear.ALWAYS, "details"),
    Field(STUDIO, "studio", Kind.LINE, Clear.ALWAYS, want=lambda s: s.studio and s.studio.name),
    Field("date", "originallyAvailableAt", Kind.DATE, Clear.ALWAYS, "date"),
    Field("rating", "userRating", Kind.RATING, Clear.OWN, "rating100"),
    Field(
        PERFORMERS,
        "actor",
        Kind.NAMES,
        Clear.ALWAYS,
        want=lambda s: tuple(map(_name_of, s.performers)),
        element="Role",
    ),
    Field(
        TAGS,
        "genre",
        Kind.NAMES,
        Clear.ALWAYS,
        want=lambda s: tuple(map(_name_of, s.tags)),
        element="Genre",
    ),
    Field("director", "director", Kind.NAMES, Clear.ALWAYS, "director", element="Director"),
    # A collection may hold what the user put there: only entries that we added are ever removed.
    Field(
        COLLECTION,
        "collection",
        Kind.NAMES,
        Clear.OWN,
        want=lambda s: (s.studio.name,) if s.studio else (),
        element="Collection",
        is_on=False,
    ),
    # Other programs label items as well, and the user does.
    Field(
        LABEL,
        "label",
        Kind.NAMES,
        Clear.OWN,
        element="Label",
        has_switch=False,
        on_demand=True,
    ),
    # The same for all scenes: the setting of this name.
    Field(CONTENT_RATING, "contentRating", Kind.LINE, Clear.OWN, has_switch=False),
)
# Pictures compare by the digest of their bytes (`core.images`), which no scene carries.
PICTURE_FIELDS: tuple[Field, ...] = (
    Field("poster", "thumb", Kind.IMAGE, Clear.NEVER),
    Field("background", "art", Kind.IMAGE, Clear.NEVER),
)
# The single values that are asked of Stash, by its names, and which of them are numbers.
SAID: Mapping[str, bool] = {
    field.stash: field.kind is Kind.RATING for field in FIELDS if field.stash
}
PICTURES = frozenset(field.name for field in PICTURE_FIELDS)
# The switch of each field, by its setting.
SWITCHES: Mapping[str, Field] = {
    f"sync_{field.name}": field for field in (*FIELDS, *PICTURE_FIELDS) if field.has_switch
}
BY_NAME: Mapping[str, Field] = {field.name: field for field in FIELDS}
SCALARS: tuple[Field, ...] = tuple(field for field in FIELDS if not field.is_list)
_PLACES: Mapping[str, int] = {field.name: place for place, field in enumerate(SCALARS)}
# Lists that we share with the user, and of which only what we added is ever removed.
SHARED_LISTS: tuple[Field, ...] = tuple(
    field for field in FIELDS if field.is_list and field.clear is Clear.OWN
)


def listed_value(item: ListedItem, name: str) -> Value:
    """A scalar field of a listed item, by its name."""
    return item.scalars[_PLACES[name]]
