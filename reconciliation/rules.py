"""What a run goes by: settings, and what the user and earlier runs have decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.desired import SyncPolicy
from core.matching.pins import Pin
from core.paths import PathMap
from core.settings import Settings
from reconciliation.library_facts import LibraryPolicy
from reconciliation.prefix_learning import saved_map
from storage.key_value import Key
from storage.state import State

# Which scenes lost an item when all scenes were seen last.
CONTESTED: Key[frozenset[int]] = Key("contested", frozenset(), [int], frozenset, sorted)


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings that a sweep needs, and what the user and earlier runs have decided.

    Attributes:
        pins: by scene id.
        ignored: scenes that are left alone; what they claim is theirs all the same.
        suspects: scenes to be kept at hand, since they are likely to be judged again.
        learned: see `Learning`.
    """

    sync_policy: SyncPolicy
    path_map: PathMap
    strict: bool
    detect_missing: bool
    pins: Mapping[int, Sequence[Pin]] = field(default_factory=dict)
    ignored: frozenset[int] = frozenset()
    suspects: frozenset[int] = frozenset()
    learned: PathMap | None = None


def rules_of(config: Settings, library: LibraryPolicy, state: State, is_full: bool) -> Rules:
    """The rules of a run.

    Args:
        is_full: it is to see every scene.

    Raises:
        StashError: or its kinds; Stash does not answer.
    """
    return Rules(
        # What is found of the library may concern any scene.
        sync_policy=library.fresh() if is_full else library.known(),
        path_map=PathMap(config.path_map),
        strict=config.strict_matching,
        detect_missing=config.reconcile_missing,
        pins=state.pins.all(),
        ignored=state.ignored.ids(),
        suspects=state.get_value(CONTESTED),
        learned=None if is_full else saved_map(state),
    )
