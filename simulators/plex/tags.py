"""The server-wide register of tags: one id per kind and name, whatever the case."""

from __future__ import annotations

from collections.abc import Callable

from simulators.plex.model import TAG_ELEMENTS, Tag, TagLink

# Ids of the kinds lie apart, so that a genre's id given as `label=` finds nothing.
FIRST_ID = {kind: 1001 + 100_000 * place for place, kind in enumerate(TAG_ELEMENTS)}


class TagRegister:
    """Finds or makes tags.

    Args:
        exact_case: tells whether names that differ in case only are different tags. Public
            evidence says they are one, and that the first spelling stays.
    """

    def __init__(self, exact_case: Callable[[], bool]) -> None:
        self._exact_case = exact_case
        self._by_name: dict[tuple[str, str], list[Tag]] = {}
        self._next = dict(FIRST_ID)
        self._links: dict[tuple[str, str, bool], TagLink] = {}
        self.thumb_revision = 0

    def named(self, kind: str, name: str) -> Tag:
        found = self.find(kind, name)
        if found is not None:
            return found
        tag = Tag(self._next[kind], kind, name)
        self._next[kind] += 1
        self._by_name.setdefault((kind, name.lower()), []).append(tag)
        return tag

    def link(self, kind: str, name: str) -> TagLink:
        """The tag as items carry it, without a role. Shared: a library has millions of them."""
        key = (kind, name, self._exact_case())
        found = self._links.get(key)
        if found is None:
            found = self._links[key] = TagLink(self.named(kind, name))
        return found

    def find(self, kind: str, name: str) -> Tag | None:
        alike = self._by_name.get((kind, name.lower()), [])
        if not self._exact_case():
            return alike[0] if alike else None
        return next((tag for tag in alike if tag.name == name), None)

    def set_thumb(self, tag: Tag, thumb: str | None) -> None:
        """Gives a person a face, in all items at once."""
        if tag.thumb != thumb:
            tag.thumb = thumb
            self.thumb_revision += 1
