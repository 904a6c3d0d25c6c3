"""The items in memory that concern the scenes in hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from core.matching.index import ItemIndex
from core.models import ItemRef, ListedItem


@dataclass(slots=True)
class ItemsInHand:
    """Items by section; see `plex.library.PlexSnapshot`.

    Attributes:
        bases: lists that they were made of; what else is taken in is not among them.
    """

    bases: Sequence[Sequence[ListedItem]]
    indexes: dict[str, ItemIndex]
    items: dict[ItemRef, ListedItem] = field(default_factory=dict)

    @classmethod
    def of(cls, bases: Sequence[Sequence[ListedItem]], sections: Iterable[str]) -> ItemsInHand:
        """Those of some lists that are in one of these sections."""
        made = cls(bases, {section: ItemIndex() for section in sections})
        for found in bases:
            made.take(found)
        return made

    def is_of(self, bases: Sequence[Sequence[ListedItem]], sections: Iterable[str]) -> bool:
        """Whether `of` makes the same of these very lists, which were not altered."""
        return self.indexes.keys() == set(sections) and [*map(id, self.bases)] == [*map(id, bases)]

    def take(self, found: Iterable[ListedItem]) -> None:
        """Add items."""
        for item in found:
            ref = item.ref
            if (index := self.indexes.get(ref.section)) is not None:
                index.add(ref, item.files)
                self.items[ref] = item

    def copy(self) -> ItemsInHand:
        """The same items, to which others may be added: far quicker than to begin anew."""
        indexes = {section: index.copy() for section, index in self.indexes.items()}
        return ItemsInHand(self.bases, indexes, self.items.copy())
