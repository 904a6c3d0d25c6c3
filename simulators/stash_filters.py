"""The filter objects of findScenes, findPerformers, findStudios, findTags as predicates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from simulators.stash_criteria import (
    Test,
    integer,
    like,
    members,
    moment,
    panic,
    stash_ids,
    text,
    tokens,
)
from simulators.stash_library import Library, StashError
from simulators.stash_model import Entity, Scene, Studio, Tag

Filter = Mapping[str, Any]
JOINTS = ("AND", "OR", "NOT")
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
        return self._joined(wanted, self._scene_criterion, self.scene)

    def performer(self, wanted: Filter) -> Test:
        return self._joined(wanted, self._performer_criterion, self.performer)

    def studio(self, wanted: Filter) -> Test:
        return self._joined(wanted, self._studio_criterion, self.studio)

    def tag(self, wanted: Filter) -> Test:
        return self._joined(wanted, self._tag_criterion, self.tag)

    def file(self, wanted: Filter) -> Test:
        return self._joined(wanted, self._file_criterion, self.file)

    def _joined(
        self,
        wanted: Filter,
        compile_one: Callable[[str, Any], Test],
        compile_all: Callable[[Filter], Test],
    ) -> Test:
        joints = [name for name in JOINTS if wanted.get(name) is not None]
        if len(joints) > 1:
            raise StashError(f"cannot have {joints[0]} and {joints[1]} in the same filter")
        own = [
            compile_one(name, criterion)
            for name, criterion in wanted.items()
            if name not in JOINTS and criterion is not None
        ]

        def all_own(row: Any) -> bool:
            return all(test(row) for test in own)

        if not joints:
            return all_own if len(own) != 1 else own[0]
        other = compile_all(wanted[joints[0]])
        if joints[0] == "AND":
            return lambda row: all_own(row) and other(row)
        if joints[0] == "OR":
            return lambda row: all_own(row) or other(row)
        return lambda row: all_own(row) and not other(row)

    def _scene_criterion(self, name: str, criterion: Any) -> Test:
        if name in ("title", "code", "details", "director"):
            return _on(name, text(criterion))
        if name in ("created_at", "updated_at"):
            return _on(name, moment(criterion, self.today))
        if name in SCENE_NUMBERS:
            return _through(SCENE_NUMBERS[name], integer(criterion))
        if name in ("path", "oshash"):
            test = text(criterion)
            return lambda scene: any(test(getattr(file, name)) for file in scene.files)
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
            url = text(criterion)
            return lambda scene: any(url(entry) for entry in scene.urls or [None])
        if name == "performers":
            performers = members(criterion)
            return lambda scene: performers(nums(scene.performers))
        if name == "tags":
            tags = members(criterion, self._tag_descendants(criterion.get("depth") or 0))
            return lambda scene: tags(nums(scene.tags))
        if name == "studios":
            studios = members(criterion, self._studio_descendants(criterion.get("depth") or 0))
            return lambda scene: studios({scene.studio.num} if scene.studio else set())
        if name == "groups":
            groups = members(criterion)
            return lambda _scene: groups(set())
        if name == "stash_id_endpoint":
            return _on("stash_ids", stash_ids(criterion))
        if name == "is_missing":
            return _missing(criterion)
        raise panic(f"unsupported criterion {name}")

    def _related(self, name: str, criterion: Filter) -> Test:
        if name == "studios_filter":
            studio = self.studio(criterion)
            return lambda scene: scene.studio is not None and studio(scene.studio)
        relation = name.removesuffix("_filter")
        compiled = {"performers": self.performer, "tags": self.tag, "files": self.file}
        test = compiled[relation](criterion)
        return lambda scene: any(test(entity) for entity in getattr(scene, relation))

    def _entity_criterion(self, name: str, criterion: Any) -> Test:
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
            return _missing_of_entity(criterion)
        raise panic(f"unsupported criterion {name}")

    def _performer_criterion(self, name: str, criterion: Any) -> Test:
        if name == "aliases":
            alias = text(criterion)
            return lambda row: any(alias(entry) for entry in row.alias_list or [None])
        if name == "tags":
            tags = members(criterion, self._tag_descendants(criterion.get("depth") or 0))
            return lambda row: tags(nums(row.tags))
        return self._entity_criterion(name, criterion)

    def _studio_criterion(self, name: str, criterion: Any) -> Test:
        if name == "aliases":
            alias = text(criterion)
            return lambda row: any(alias(entry) for entry in row.aliases or [None])
        if name == "parents":
            parents = members(criterion)
            return lambda row: parents({row.parent_studio.num} if row.parent_studio else set())
        return self._entity_criterion(name, criterion)

    def _tag_criterion(self, name: str, criterion: Any) -> Test:
        if name == "aliases":
            alias = text(criterion)
            return lambda row: any(alias(entry) for entry in row.aliases or [None])
        if name == "parents":
            parents = members(criterion)
            return lambda row: parents(nums(row.parents))
        if name == "children":
            children = members(criterion)
            tags = self.library.tags
            return lambda row: children({tag.num for tag in tags.values() if row in tag.parents})
        return self._entity_criterion(name, criterion)

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


def _missing(what: str) -> Test:
    if what in ("group", "movie", "galleries"):
        return lambda _scene: True
    if what == "phash":
        return lambda scene: not any(file.phash for file in scene.files)
    if what not in MISSING:
        raise StashError(f"no such column: scenes.{what}")
    attribute = MISSING[what]
    return lambda scene: not getattr(scene, attribute)


def _missing_of_entity(what: str) -> Test:
    known = {"image", "details", "description", "aliases", "gender", "birthdate", "country"}
    if what not in known:
        raise StashError(f"no such column: {what}")
    attribute = "alias_list" if what == "aliases" else what
    return lambda row: not getattr(row, attribute if hasattr(row, attribute) else what)


def scene_search(query: str) -> Test:
    """The search box: every word somewhere in title, details, path or hash."""
    words = [like(f"%{word}%") for word in tokens(query)]

    def test(scene: Scene) -> bool:
        texts = [scene.title, scene.details]
        for file in scene.files:
            texts += (file.path, file.oshash)
        return all(any(word.fullmatch(entry) for entry in texts) for word in words)

    return test


def name_search(query: str) -> Test:
    words = [like(f"%{word}%") for word in tokens(query)]

    def test(entity: Any) -> bool:
        aliases = entity.aliases if isinstance(entity, Studio | Tag) else entity.alias_list
        return all(
            any(word.fullmatch(entry) for entry in [entity.name, *aliases]) for word in words
        )

    return test
