"""What can happen to performers, studios, tags and groups, without hooks.

None of it moves a scene's `updated_at`; only the entity's own moves, and not even that in a merge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from simulators.stash.edits import Editor
from simulators.stash.library import Library, StashError, pick, to_num
from simulators.stash.model import Group, Performer, Studio, Tag, by_id, tag_order
from simulators.stash.times import Clock

Given = Mapping[str, Any]
Entity = Performer | Studio | Tag | Group
# What is kept of an input; all else is taken, and forgotten.
STORED = {
    "performer": ("name", "disambiguation"),
    "studio": ("name", "parent_id"),
    "tag": ("name", "parent_ids"),
    "group": ("name",),
}


class EntityChanges:
    """Changes the entities of one library."""

    def __init__(self, library: Library, clock: Clock) -> None:
        self._library = library
        self._clock = clock

    def rows(self, kind: str) -> dict[int, Any]:
        """The table of "performer", "studio", "tag" or "group"."""
        library = self._library
        tables: dict[str, dict[int, Any]] = {
            "performer": library.performers,
            "studio": library.studios,
            "tag": library.tags,
            "group": library.groups,
        }
        return tables[kind]

    def entity(self, kind: str, entity_id: Any) -> Any:
        """Raises StashError: there is none."""
        return pick(self.rows(kind), [entity_id], kind, "converting id")[0]

    def doomed(self, kind: str, entity_id: Any) -> Any:
        """One that is to go: the database itself looks for it. Raises StashError: there is none."""
        entity = self.rows(kind).get(to_num(entity_id, "converting ids"))
        if entity is None:
            raise StashError(f"id {entity_id} does not exist in {kind}s")
        return entity

    def create(self, kind: str, given: Given) -> Entity:
        """Raises StashError: a value is bad."""
        values = self._editor().values(None, _stored(kind, given))
        rows, now = self.rows(kind), self._clock.text()
        num = self._library.next_id(kind, rows)
        classes: dict[str, type[Entity]] = {
            "performer": Performer,
            "studio": Studio,
            "tag": Tag,
            "group": Group,
        }
        entity = classes[kind](num, values.pop("name"), now, now)
        for name, value in values.items():
            setattr(entity, name, value)
        rows[num] = entity
        self._after(entity)
        return entity

    def update(self, kind: str, entity: Entity, given: Given) -> None:
        """Raises StashError: a value is bad."""
        self._editor().apply(entity, _stored(kind, given))
        entity.updated_at = self._clock.text()
        self._after(entity)

    def destroy(self, kind: str, entity: Entity) -> None:
        """The links vanish; the scenes keep their times."""
        library = self._library
        for scene in library.scenes_of(entity):
            if isinstance(entity, Studio):
                scene.studio = None
            elif isinstance(entity, Tag):
                scene.tags.remove(entity)
            elif isinstance(entity, Group):
                scene.groups = [each for each in scene.groups if each.group is not entity]
            else:
                scene.performers.remove(entity)
        if isinstance(entity, Tag):
            for tag in library.tags.values():
                tag.parents = [parent for parent in tag.parents if parent is not entity]
        for studio in library.studios.values():
            if studio.parent_studio is entity:
                studio.parent_studio = None
        del self.rows(kind)[entity.num]
        library.touch()

    def merge_tags(self, sources: Sequence[Tag], destination: Tag) -> None:
        """The links of the sources go to the destination."""
        for source in sources:
            if source is destination:
                raise StashError("cannot merge where source == destination")
        for source in sources:
            for scene in self._library.scenes_of(source):
                scene.tags = sorted({*scene.tags, destination}, key=tag_order)
            self.destroy("tag", source)

    def merge_performers(
        self, sources: Sequence[Performer], destination: Performer, values: Given
    ) -> None:
        """The links of the sources go to the destination, whose own time moves.

        Raises:
            StashError: the destination is among the sources, or a value is bad.
        """
        if destination in sources:
            raise StashError("destination performer cannot be in source list")
        self.update("performer", destination, values)
        for source in dict.fromkeys(sources):
            for scene in self._library.scenes_of(source):
                scene.performers = sorted({*scene.performers, destination}, key=by_id)
            self.destroy("performer", source)

    def _editor(self) -> Editor:
        return Editor(self._library, partial_dates=True)

    def _after(self, entity: Entity) -> None:
        library = self._library
        if isinstance(entity, Tag):
            for owner in library.scenes_of(entity):
                owner.tags.sort(key=tag_order)  # its place among them follows its name
        library.touch()


def _stored(kind: str, given: Given) -> Given:
    return {name: given[name] for name in STORED[kind] if name in given}
