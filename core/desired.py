"""What a scene wants Plex to show: a pure function of the scene and of the settings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import NamedTuple

from core import paths
from core.fields import (
    BY_NAME,
    COLLECTION,
    CONTENT_RATING,
    FIELDS,
    LABEL,
    LINE_LIMIT,
    PERFORMERS,
    STUDIO,
    TAGS,
    TITLE,
    Field,
    name_keys,
)
from core.models import Entity, Scene, Value
from core.performer_names import with_disambiguation
from core.tag_filter import ALL_TAGS, TagFilter
from core.tag_placement import Placing
from core.tag_rules import TargetKind
from core.text import clean_line

# Made once: json.dumps with other than its defaults makes an encoder at each call.
_PACKER = json.JSONEncoder(sort_keys=True, ensure_ascii=True, separators=(",", ":"))


_METADATA = (STUDIO, PERFORMERS, TAGS, "summary", "date")


class Picture(NamedTuple):
    """A picture that is to show the cover, and how that is fitted (the setting `poster_fit`)."""

    name: str
    fit: str = ""

    def __str__(self) -> str:
        return f"{self.name}:{self.fit}" if self.fit else self.name


@dataclass(frozen=True, slots=True)
class Desired:
    """What Plex should show for a scene: normal forms by field name, only of synced fields.

    Attributes:
        values: None means 'Stash has nothing here'.
        stem: what an untitled scene is called; used as `core.planning.item_plan` says.
    """

    values: Mapping[str, Value]
    stem: str
    images: tuple[Picture, ...] = ()


_LISTS = {TargetKind.GENRE: TAGS, TargetKind.LABEL: LABEL, TargetKind.COLLECTION: COLLECTION}


@dataclass(frozen=True, slots=True)
class SyncPolicy:
    """The settings that say what Plex should show.

    Attributes:
        enabled: the fields to sync, images among them.
        images: the images to sync: part of the fingerprint.
        organized_only: scenes that are not marked as organized are left alone.
        content_rating: that of every item.
        disambiguations: those that are part of performers' names, by the performer's id.
        placing: where tags, studios and groups show; None: as in the table of fields.
        respect_overlays: see `core.overlays`.
    """

    enabled: frozenset[str]
    tags: TagFilter = ALL_TAGS
    images: tuple[Picture, ...] = ()
    organized_only: bool = False
    content_rating: str = ""
    disambiguations: Mapping[int, str] = attribute(default_factory=dict)
    placing: Placing | None = None
    respect_overlays: bool = False

    @property
    def parts(self) -> tuple[object, ...]:
        """All that it says, in an order of its own, for digests."""
        return (
            sorted(self.enabled),
            (sorted(self.tags.blocked), self.tags.limit),
            tuple(map(str, self.images)),
            self.organized_only,
            self.content_rating,
            sorted(self.disambiguations.items()),
            self.placing.parts if self.placing is not None else None,
            self.respect_overlays,
        )

    def name_of(self, performer: Entity) -> str:
        """What a performer is called in Plex."""
        more = self.disambiguations.get(performer.id)
        return performer.name if more is None else with_disambiguation(performer.name, more)

    def of(self, scene: Scene) -> Desired:
        """What Plex should show for a scene, a pure function of it and of the settings.

        A date that is no date is left out: what we cannot read must not clear what Plex has.
        """
        placed = self._placed(scene)
        values = {
            field.name: self._value(field, scene, placed)
            for field in FIELDS
            if field.name in self.enabled
        }
        if scene.date and values.get("date") is None:
            values.pop("date", None)
        name = paths.stem(scene.files[0].path) if scene.files else ""
        return Desired(values, clean_line(name, LINE_LIMIT), self.images)

    def fills(self, scene: Scene) -> bool:
        """Whether a scene wants anything of what an item without metadata lacks."""
        placed = self._placed(scene)
        wanted = (BY_NAME[name] for name in _METADATA if name in self.enabled)
        return any(self._value(field, scene, placed) for field in wanted)

    def _value(self, field: Field, scene: Scene, placed: Mapping[str, Value]) -> Value:
        raw = placed[field.name] if field.name in placed else field.want(scene)
        value = field.normal(raw)
        return self.tags.chosen(value) if field.name == TAGS else value

    def _placed(self, scene: Scene) -> dict[str, Value]:
        """What the settings and the library say otherwise than the table of fields."""
        said: dict[str, Value] = {CONTENT_RATING: self.content_rating}
        if self.disambiguations:
            said[PERFORMERS] = tuple(map(self.name_of, scene.performers))
        if self.placing is not None:
            names = self.placing.of_scene(scene)
            said[STUDIO] = next(iter(names[TargetKind.STUDIO]), None)
            said |= {field: names[kind] for kind, field in _LISTS.items()}
        return said


def fingerprint(wanted: Desired) -> str:
    """A stable digest of a desired state: equal digests mean that there is nothing to write."""
    state: dict[str, object] = {
        name: sorted(name_keys(value)) if isinstance(value, tuple) else value
        for name, value in wanted.values.items()
        if value is not None or not BY_NAME[name].on_demand
    }
    if TITLE in wanted.values and wanted.values[TITLE] is None:
        state["stem"] = wanted.stem
    if wanted.images:
        state["images"] = list(map(str, wanted.images))
    return hashlib.blake2b(_PACKER.encode(state).encode("ascii"), digest_size=16).hexdigest()
