"""Which tags of a scene are synced: none of the blocklist, and no more than the limit."""

from __future__ import annotations

from dataclasses import dataclass

from core.models import Value
from core.text import name_key


@dataclass(frozen=True, slots=True)
class TagFilter:
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


ALL_TAGS = TagFilter()
