"""The filters of findScenes and findPerformers as predicates: those criteria that the plugin uses.

Stash's logic is SQL's: one level takes one of AND, OR and NOT.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from simulators.stash.criteria import Test, integer, members, moment, panic, text
from simulators.stash.library import StashError
from simulators.stash.model import Performer, Scene

Filter = Mapping[str, Any]
CONNECTIVES = ("AND", "OR", "NOT")


def scene_test(wanted: Filter) -> Test:
    """Raises StashError: two connectives in one level, or a criterion that is not simulated."""
    return _joined(wanted, _scene_criterion)


def performer_test(wanted: Filter) -> Test:
    """See `scene_test`."""
    return _joined(wanted, _performer_criterion)


def _joined(wanted: Filter, compile_one: Callable[[str, Any], Test]) -> Test:
    connectives = [name for name in CONNECTIVES if wanted.get(name) is not None]
    if len(connectives) > 1:
        raise StashError(f"cannot have {connectives[0]} and {connectives[1]} in the same filter")
    own = [
        compile_one(name, criterion)
        for name, criterion in wanted.items()
        if name not in CONNECTIVES and criterion is not None
    ]
    if not connectives:
        return own[0] if len(own) == 1 else lambda row: all(test(row) for test in own)
    other = _joined(wanted[connectives[0]], compile_one)
    if connectives[0] == "NOT":
        return lambda row: all(test(row) for test in own) and not other(row)
    if connectives[0] == "AND":
        return lambda row: all(test(row) for test in own) and other(row)
    # No criterion of one's own is no alternative.
    return (lambda row: all(test(row) for test in own) or other(row)) if own else other


def _scene_criterion(name: str, criterion: Any) -> Test:
    if name in ("created_at", "updated_at"):
        return _on(name, moment(criterion))
    if name in ("id", "file_count"):
        number = integer(criterion)
        read = SCENE_NUMBERS[name]
        return lambda scene: number(read(scene))
    if name == "is_missing" and criterion == "cover":
        return lambda scene: scene.cover is None
    if name == "path":
        path = text(criterion)
        return lambda scene: any(path(file.path) for file in scene.files)
    if name == "files_filter":
        file = _joined(criterion, lambda field, wanted: _on(field, moment(wanted)))
        return lambda scene: any(file(each) for each in scene.files)
    if name in ("performers", "tags"):
        return _on(name, members(criterion))
    if name == "studios":
        studios = members(criterion)
        return lambda scene: studios([scene.studio] if scene.studio else [])
    if name == "groups":
        groups = members(criterion)
        return lambda scene: groups([each.group for each in scene.groups])
    raise panic(f"not simulated: criterion {name}")


def _performer_criterion(name: str, criterion: Any) -> Test:
    test = text(criterion)
    return lambda performer: test(PERFORMER_TEXTS[name](performer))


def _on(attribute: str, test: Test) -> Test:
    return lambda row: test(getattr(row, attribute))


SCENE_NUMBERS: Mapping[str, Callable[[Scene], int]] = {
    "id": lambda scene: scene.num,
    "file_count": lambda scene: len(scene.files),
}
PERFORMER_TEXTS: Mapping[str, Callable[[Performer], str]] = {
    "name": lambda performer: performer.name,
    "disambiguation": lambda performer: performer.disambiguation,
}
