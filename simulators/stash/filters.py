"""The filter objects of findScenes, findPerformers, findStudios, findTags as predicates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from simulators.stash.criteria import (
    Test,
    integer,
    members,
    moment,
    panic,
    stash_ids,
    text,
    text_of_any,
)
from simulators.stash.filter_logic import joined
from simulators.stash.library import Library, StashError
from simulators.stash.model import Entity, Scene

Filter = Mapping[str, Any]
FULL_DATE = "0000-01-01"


def full_date(date: str | None) -> str | None:
    """A partial date is stored as its first day, with its precision beside it."""
    return None if date is None else date + FULL_DATE[len(date) :]


def nums(entities: Iterable[Entity]) -> set[int]:
    return {entity.num for entity in entities}


@dataclass(frozen=True, slots=True)
class Filters:
    """Compiles filter objects over one library.

    Args:
        today: the server's date, for open-ended BETWEEN.
    """

    library: Library
    today: datetime

    def scene(self, wanted: Filter) -> Test:
        return joined(wanted, self._scene_criterion, self.scene)

    def performer(self, wanted: Filter) -> Test:
        return joined(wanted, self._performer_criterion, self.performer)

    def studio(self, wanted: Filter) -> Test:
        return joined(wanted, self._studio_criterion, self.studio)

    def tag(self, wanted: Filter) -> Test:
        return joined(wanted, self._tag_criterion, self.tag)

    def file(self, wanted: Filter) -> Test:
        return joined(wanted, self._file_criterion, self.file)

    def _scene_criterion(self, name: str, criterion: Any) -> Test:
        if name in ("title", "code", "details", "director"):
            return _on(name, text(criterion))
        if name in ("created_at", "updated_at"):
            return _on(name, moment(criterion, self.today))
        if name in SCENE_NUMBERS:
            return _through(SCENE_NUMBERS[name], integer(criterion))
        if name in ("path", "oshash"):
            test = text(criterion)
            return lambda scene: (
                any(test(getattr(file, name)) for file in scene.files)
                or (not scene.files and test(None))
            )
        if name in ("performers_filter", "tags_filter", "studios_filter", "files_filter"):
            return self._related(name, criterion)
        return self._other_scene_criterion(name, criterion)

    def _other_scene_criterion(self, name: str, criterion: Any) -> Test:
        if name == "organized":
            return lambda scene: scene.organized is criterion
        if name == "date":
            dated = moment(criterion, self.today)
            return lambda scene: dated(full_date(scene.date))
        if name == "url":
            return _on("urls", text_of_any(criterion))
        if name == "performers":
            performers = members(criterion)
            return lambda scene: performers(nums(scene.performers))
        if name == "tags":
            tags = members(criterion, self._tag_descendants(criterion.get("depth") or 0))
            return lambda scene: tags(nums(scene.tags))
        if name == "studios":
            meant = STUDIO_MODIFIERS.get(criterion["modifier"], criterion["modifier"])
            descendants = self._studio_descendants(criterion.get("depth") or 0)
            studios = members({**criterion, "modifier": meant}, descendants)
            if meant in ("INCLUDES", "INCLUDES_ALL"):
                return lambda scene: studios({scene.studio.num}) if scene.studio else None
            return lambda scene: studios({scene.studio.num} if scene.studio else set())
        if name == "groups":
            groups = members(criterion)
            return lambda scene: groups({each.group.num for each in scene.groups})
        if name == "stash_id_endpoint":
            return _on("stash_ids", stash_ids(criterion))
        if name == "is_missing":
            return _missing(criterion)
        raise panic(f"unsupported criterion {name}")

    def _related(self, name: str, criterion: Filter) -> Test:
        if name == "studios_filter":
            studio = self.studio(criterion)
            return lambda scene: None if scene.studio is None else bool(studio(scene.studio))
        relation = name.removesuffix("_filter")
        compiled = {"performers": self.performer, "tags": self.tag, "files": self.file}
        test = compiled[relation](criterion)
        return lambda scene: any(test(entity) for entity in getattr(scene, relation))

    def _entity_criterion(self, table: str, name: str, criterion: Any) -> Test:
        """What performers, studios and tags have in common."""
        if name in ("name", "details", "description", "disambiguation", "sort_name"):
            return _on(name, text(criterion))
        if name in ("created_at", "updated_at"):
            return _on(name, moment(criterion, self.today))
        if name == "ignore_auto_tag":
            return lambda row: row.ignore_auto_tag is criterion
        if name in ("favorite", "filter_favorites"):
            return lambda row: row.favorite is criterion
        if name == "scene_count":
            count = integer(criterion)
            return lambda row: count(len(self.library.scenes_of(row)))
        if name == "stash_id_endpoint":
            return _on("stash_ids", stash_ids(criterion))
        if name == "is_missing":
            return _missing_of_entity(table, criterion)
        raise panic(f"unsupported criterion {name}")

    def _performer_criterion(self, name: str, criterion: Any) -> Test:
        if name == "aliases":
            return _on("alias_list", text_of_any(criterion))
        if name == "tags":
            tags = members(criterion, self._tag_descendants(criterion.get("depth") or 0))
            return lambda row: tags(nums(row.tags))
        return self._entity_criterion("performers", name, criterion)

    def _studio_criterion(self, name: str, criterion: Any) -> Test:
        if name == "aliases":
            return _on("aliases", text_of_any(criterion))
        if name == "parents":
            parents = members(criterion)
            return lambda row: parents({row.parent_studio.num} if row.parent_studio else set())
        return self._entity_criterion("studios", name, criterion)

    def _tag_criterion(self, name: str, criterion: Any) -> Test:
        if name == "aliases":
            return _on("aliases", text_of_any(criterion))
        if name == "parents":
            parents = members(criterion)
            return lambda row: parents(nums(row.parents))
        if name == "children":
            children = members(criterion)
            tags = self.library.tags
            return lambda row: children({tag.num for tag in tags.values() if row in tag.parents})
        return self._entity_criterion("tags", name, criterion)

    def _file_criterion(self, name: str, criterion: Any) -> Test:
        if name in ("path", "basename"):
            return _on(name, text(criterion))
        return _on(name, moment(criterion, self.today))

    def _tag_descendants(self, depth: int) -> Callable[[int], set[int]]:
        def children(num: int) -> list[int]:
            parent = self.library.tags.get(num)
            return [tag.num for tag in self.library.tags.values() if parent in tag.parents]

        return lambda num: _descend(num, depth, children)

    def _studio_descendants(self, depth: int) -> Callable[[int], set[int]]:
        def children(num: int) -> list[int]:
            rows = self.library.studios.values()
            return [row.num for row in rows if row.parent_studio and row.parent_studio.num == num]

        return lambda num: _descend(num, depth, children)


def _descend(num: int, depth: int, children: Callable[[int], list[int]]) -> set[int]:
    """The id with its descendants down to `depth` levels; -1: all of them."""
    found, level = {num}, {num}
    while level and depth != 0:
        level = {child for parent in level for child in children(parent)} - found
        found |= level
        depth -= 1
    return found


def _on(attribute: str, test: Test) -> Test:
    return lambda row: test(getattr(row, attribute))


def _through(read: Callable[[Any], Any], test: Test) -> Test:
    return lambda row: test(read(row))


STUDIO_MODIFIERS: Mapping[str, str] = {"EQUALS": "INCLUDES_ALL", "NOT_EQUALS": "EXCLUDES"}
SCENE_NUMBERS: Mapping[str, Callable[[Scene], int | float | None]] = {
    "id": lambda scene: scene.num,
    "rating100": lambda scene: scene.rating100,
    "o_counter": lambda scene: len(scene.o_history),
    "play_count": lambda scene: len(scene.play_history),
    "file_count": lambda scene: len(scene.files),
    "tag_count": lambda scene: len(scene.tags),
    "performer_count": lambda scene: len(scene.performers),
    "duration": lambda scene: int(scene.files[0].duration) if scene.files else None,
}
MISSING: Mapping[str, str] = {
    "url": "urls",
    "studio": "studio",
    "performers": "performers",
    "date": "date",
    "tags": "tags",
    "stash_id": "stash_ids",
    "cover": "cover",
    "title": "title",
    "details": "details",
    "code": "code",
    "director": "director",
    "rating": "rating100",
}


MISSING_OF: Mapping[str, Mapping[str, str]] = {
    "performers": {
        **{name: name for name in ("image", "details", "gender", "birthdate", "country", "tags")},
        **{"aliases": "alias_list", "url": "urls", "stash_id": "stash_ids"},
    },
    "studios": {
        **{name: name for name in ("image", "details", "aliases")},
        **{"url": "urls", "stash_id": "stash_ids"},
    },
    "tags": {name: name for name in ("image", "description", "aliases")},
}


def _missing(what: str) -> Test:
    if not what or what in ("group", "movie", "galleries"):
        return lambda _scene: True
    if what == "phash":
        return lambda scene: not any(file.phash for file in scene.files)
    if what not in MISSING:
        count = f"SELECT COUNT(DISTINCT temp.id) as total FROM ({_ids_without('scenes', what)})"
        raise StashError(
            f"error querying aggregate fields: executing query: {count} as temp [[]]: error "
            f"executing `{count} as temp` [[]]: no such column: scenes.{what}"
        )
    attribute = MISSING[what]
    return lambda scene: not getattr(scene, attribute)


def _missing_of_entity(table: str, what: str) -> Test:
    if not what:
        return lambda _row: True
    if what not in MISSING_OF[table]:
        count = f"SELECT COUNT(*) as count FROM ({_ids_without(table, what)}) as temp"
        raise StashError(
            f"error executing count query with SQL: {count}, args: [], error: error executing "
            f"`{count}` [[]]: no such column: {table}.{what}"
        )
    attribute = MISSING_OF[table][what]
    return lambda row: not getattr(row, attribute)


def _ids_without(table: str, column: str) -> str:
    """Any name becomes a column: so do wrong ones, and the error shows the SQL."""
    missing = f"(({table}.{column} IS NULL OR TRIM({table}.{column}) = ''))"
    return f"SELECT DISTINCT {table}.id FROM {table} WHERE {missing}"
