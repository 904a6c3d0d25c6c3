"""What a scene wants Plex to show: a pure function of the scene and of the settings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as attribute

from core import paths
from core.fields import CONTENT_RATING, FIELDS, LINE_LIMIT, PERFORMERS, TITLE, Field, name_keys
from core.models import Entity, Scene, Value
from core.text import clean_line, name_key

# Made once: json.dumps with other than its defaults makes an encoder at each call.
_PACKER = json.JSONEncoder(sort_keys=True, ensure_ascii=True, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Desired:
    """What Plex should show for a scene: normal forms by field name, only of synced fields.

    Attributes:
        values: None means 'Stash has nothing here'.
        stem: what an untitled scene is called; used as `core.planning.item_plan` says.
    """

    values: Mapping[str, Value]
    stem: str
    images: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TagRules:
    """Which tags are synced: none of the blocked (by identity), and at most `limit`, by name."""

    blocked: frozenset[str] = frozenset()
    limit: int | None = None

    def chosen(self, tags: Value) -> Value:
        """The tags to show, of those in normal form."""
        if not isinstance(tags, tuple):
            return tags
        left = list(tags)
        if self.blocked:
            left = [tag for tag in tags if name_key(tag) not in self.blocked]
        if self.limit is not None and len(left) > self.limit:
            left = sorted(left, key=name_key)[: self.limit]
        return tuple(left) or None


ALL_TAGS = TagRules()


@dataclass(frozen=True, slots=True)
class SyncPolicy:
    """The settings that say what Plex should show.

    Attributes:
        enabled: the fields to sync, images among them.
        images: the images to sync and how they are to be fitted: part of the fingerprint.
        organized_only: scenes that are not marked as organized are left alone.
        content_rating: that of every item.
        disambiguations: those that are part of performers' names, by the performer's id.
    """

    enabled: frozenset[str]
    tags: TagRules = ALL_TAGS
    images: tuple[str, ...] = ()
    organized_only: bool = False
    content_rating: str = ""
    disambiguations: Mapping[int, str] = attribute(default_factory=dict)

    @property
    def parts(self) -> tuple[object, ...]:
        """All that it says, in an order of its own, for digests."""
        return (
            sorted(self.enabled),
            (sorted(self.tags.blocked), self.tags.limit),
            self.images,
            self.organized_only,
            self.content_rating,
            sorted(self.disambiguations.items()),
        )

    def name_of(self, performer: Entity) -> str:
        """What a performer is called in Plex."""
        more = self.disambiguations.get(performer.id)
        return performer.name if more is None else f"{performer.name} ({more})"

    def of(self, scene: Scene) -> Desired:
        """What Plex should show for a scene, a pure function of it and of the settings.

        A date that is no date is left out: what we cannot read must not clear what Plex has.
        """
        values = {
            field.name: field.normal(self._wanted(field, scene))
            for field in FIELDS
            if field.name in self.enabled
        }
        if scene.date and values.get("date") is None:
            values.pop("date", None)
        if "tags" in values:
            values["tags"] = self.tags.chosen(values["tags"])
        name = paths.stem(scene.files[0].path) if scene.files else ""
        return Desired(values, clean_line(name, LINE_LIMIT), self.images)

    def _wanted(self, field: Field, scene: Scene) -> Value:
        if field.name == CONTENT_RATING:
            return self.content_rating
        if field.name == PERFORMERS and self.disambiguations:
            return tuple(map(self.name_of, scene.performers))
        return field.want(scene)


def fingerprint(wanted: Desired) -> str:
    """A stable digest of a desired state: equal digests mean that there is nothing to write."""
    state: dict[str, object] = {
        name: sorted(name_keys(value)) if isinstance(value, tuple) else value
        for name, value in wanted.values.items()
    }
    if TITLE in wanted.values and wanted.values[TITLE] is None:
        state["stem"] = wanted.stem
    if wanted.images:
        state["images"] = wanted.images
    return hashlib.blake2b(_PACKER.encode(state).encode("ascii"), digest_size=16).hexdigest()
