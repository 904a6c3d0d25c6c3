"""What the last run that saw everything leaves to the next one, and whether it still holds.

What a run finds follows from the scenes, their records, the items of Plex, the rules and what the
user has decided. Where all of these stand, so does every finding; all that may have gone are jobs.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from core.digests import digest_of
from core.planning.drift import altered_fields
from core.records import ItemRecord
from plex.cache import PlexCache
from plex.exceptions import PlexServerDown
from plex.full_items import READ_KEYS, FullItems
from plex.library import PlexSnapshot
from reconciliation.detection_pass import Sweep
from reconciliation.result import GapDetectionResult
from reconciliation.rules import Rules
from storage.files.database import chunks
from storage.files.file_opening import Warn
from storage.files.json_checks import Maybe
from storage.key_value import Key
from storage.page.page_file import PageFile
from storage.state import State
from storage.state_tables.verdicts import GapOutcome
from sync_queue.queue import SyncQueue


class Standing(NamedTuple):
    """What a run that saw everything has found.

    Attributes:
        inputs: see `inputs_of`.
        items: the seal of the saved index that it has looked at.
        at: when it ended (epoch seconds).
        figures: the counts of its result.
        findings: how many there were of each type.
        roots: see `PrefixVotes.roots`.
    """

    inputs: str
    items: int
    at: float
    figures: Mapping[str, Any]
    findings: Mapping[str, int]
    roots: Sequence[Sequence[str]]


STANDING: Key[Standing | None] = Key(
    "last_whole_run",
    None,
    Maybe((str, int, float, {"scenes_checked": int}, {str: int}, [(str, str)])),
    lambda known: known and Standing(*known),
    lambda known: known,
)


def inputs_of(sweep: Sweep, rules: Rules) -> str:
    """A digest of all that a sweep rests on, but for scenes, records and items; "" where it is not
    to see every scene."""
    side, verified = sweep.side, sweep.verified()
    if verified is None:
        return ""
    sections = [(s.key, s.title, s.type, s.locations) for s in side.sections.values()]
    pins = [repr(pin) for _, pins in sorted(rules.pins.items()) for pin in pins]
    told = sorted(sections), sorted(side.unlisted.items()), pins, sorted(rules.ignored)
    return digest_of((verified.rules, *told)).hex()


@dataclass(frozen=True, slots=True)
class LastRun:
    """What the last run leaves to the next one.

    Args:
        queue: None where gaps are only told of.
        inputs: see `inputs_of`.
    """

    state: State
    data_dir: Path
    warn: Warn
    queue: SyncQueue | None
    inputs: str

    def standing(self, scenes: int) -> Standing | None:
        """What the last run has found, where rules, pins and ignored scenes are the same.

        Args:
            scenes: how many there are.
        """
        known = self.state.get_value(STANDING)
        if known is None or known.inputs != self.inputs:
            return None
        return known if known.figures["scenes_checked"] == scenes else None

    def jobs_stand(self, since: float, but: Container[int]) -> bool:
        """Whether each gap has the job that it had, or had been given up on by then.

        Args:
            but: scenes that do not matter.
        """
        queued, given_up, left = (
            self._with_outcome(outcome, but)
            for outcome in (GapOutcome.QUEUED, GapOutcome.GIVEN_UP, GapOutcome.LEFT)
        )
        queue = self.queue
        if queue is None:
            return not any(queued) and not any(given_up)
        return (
            all(queue.queued_among(ids) == set(ids) and not queue.held_among(ids) for ids in queued)
            and not any(map(queue.queued_among, left))
            and all(
                not queue.queued_among(ids) and queue.given_up_before(ids, since) == set(ids)
                for ids in given_up
            )
        )

    def _with_outcome(self, outcome: GapOutcome, but: Container[int]) -> Iterator[list[int]]:
        return (
            [i for i in some if i not in but] for some in self.state.verdicts.with_outcome(outcome)
        )

    def forget(self) -> None:
        """Nothing can be taken over from now on."""
        self.state.set_value(STANDING, None)

    def watch(self, cache: PlexCache) -> None:
        """See to it that the next run can tell which items were edited since."""
        known = self.state.get_value(STANDING)
        if known is not None:
            cache.moves.watch(known.items)

    def keep(
        self, result: GapDetectionResult, items: int, at: float, roots: Sequence[Sequence[str]]
    ) -> None:
        """Let the next run take this over.

        Args:
            items, roots: see `Standing`.
            at: when findings and report were kept.
        """
        figures = {n: value for n, value in result.as_dict().items() if type(value) is int}
        with PageFile(self.data_dir, self.warn) as page:
            findings = page.findings.count_by_type()
        self.state.set_value(STANDING, Standing(self.inputs, items, at, figures, findings, roots))


def altered_scenes(
    state: State, read_full: Callable[[Sequence[str]], FullItems], enabled: frozenset[str]
) -> set[int] | None:
    """The scenes of which an item that never says when it changed no longer shows what it was left
    at; None where the last run has left nothing, or Plex does not answer.

    Args:
        read_full: brings whole items by their rating keys.
        enabled: the synced fields.
    """
    if state.get_value(STANDING) is None:
        return None
    found: set[int] = set()
    try:
        for ids in chunks(chain.from_iterable(state.verdicts.with_outcome(GapOutcome.TIMELESS))):
            items = [(i, item) for i, item in _items(state, ids) if item.updated_at is None]
            full = read_full([item.ref.key for _, item in items])
            found.update(
                scene_id
                for scene_id, item in items
                if (shown := full.get(item.ref.key)) is None or altered_fields(item, shown, enabled)
            )
    except PlexServerDown:
        return None
    return found


def doubt_altered(
    state: State,
    read_full: Callable[[Sequence[str]], FullItems],
    enabled: frozenset[str],
    side: PlexSnapshot,
    on_read: Callable[[], None],
) -> None:
    """Have the items read whole by this run that no longer show what they were left at, though
    their time says so: they were edited within the second of our read-back, or Plex told it wrong.

    Args:
        read_full, enabled: see `altered_scenes`.
        side: is told where Plex gives no items whole.
        on_read: told now and then, so that who waits can stop it.
    """
    start = 1
    try:
        while ids := state.records.some(start, READ_KEYS):
            items = [(i, e) for i, e in _items(state, ids) if e.ref.section in side.counts]
            full = read_full([item.ref.key for _, item in items])
            state.records.touch_items(
                (scene_id, item.ref, None)
                for scene_id, item in items
                if (shown := full.get(item.ref.key)) is not None
                and shown.updated_at == item.updated_at
                and altered_fields(item, shown, enabled)
            )
            start = ids[-1] + 1
            on_read()
    except PlexServerDown as error:
        side.unread = str(error)


def _items(state: State, ids: Iterable[int]) -> Iterator[tuple[int, ItemRecord]]:
    """The items of some scenes, as they are known, each after its scene."""
    for record in state.records.get_many(ids).values():
        for item in record.items:
            yield record.scene_id, item
