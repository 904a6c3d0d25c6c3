"""Takes over what the last run has found where nothing has moved since.

What a run finds follows from the scenes, their records, the items of Plex, the rules and what the
user has decided. Where all of these stand, so does every finding; all that may have gone are jobs.
So each gap must still have its job, or have been given up on; else the run looks for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from core.desired import SyncPolicy
from core.digests import digest_of
from core.planning.drift import altered_fields
from plex.full_items import FullItems
from reconciliation.detection_pass import Sweep
from reconciliation.report import REPORT
from reconciliation.result import DETAILS, TOLD, GapDetectionResult
from reconciliation.rules import Rules
from storage.key_value import Key
from storage.libraries import UNLISTED
from storage.opening import Warn
from storage.page_facts import LAST
from storage.page_file import PageFile
from storage.shapes import Maybe
from storage.sqlite import chunks
from storage.state import State
from storage.verdicts import Fate
from sync_queue.queue import SyncQueue


class Standing(NamedTuple):
    """What a run that saw everything has found.

    Attributes:
        inputs: see `inputs_of`.
        at: when it ended (epoch seconds).
        figures: the counts of its result.
        findings: how many there were of each type.
    """

    inputs: str
    at: float
    figures: Mapping[str, Any]
    findings: Mapping[str, int]


STANDING: Key[Standing | None] = Key(
    "standing",
    None,
    Maybe((str, float, {"scenes_checked": int}, {str: int})),
    lambda known: known and Standing(*known),
    lambda known: known,
)


def inputs_of(sweep: Sweep, rules: Rules) -> str:
    """A digest of all that a sweep rests on, but for the scenes and their records; "" where it is
    not to see every scene."""
    side, verified = sweep.side, sweep.verified()
    if verified is None:
        return ""
    sections = [(s.key, s.title, s.type, s.locations) for s in side.sections.values()]
    pins = [repr(pin) for _, pins in sorted(rules.pins.items()) for pin in pins]
    told = sorted(sections), sorted(side.unlisted.items()), pins, sorted(rules.ignored)
    return digest_of((verified.rules, verified.items, *told)).hex()


@dataclass(frozen=True, slots=True)
class LastRun:
    """What the last run leaves to the next one.

    Args:
        queue: None where gaps are only told of.
        inputs: see `inputs_of`.
        read_full: brings whole items by their rating keys.
    """

    state: State
    data_dir: Path
    warn: Warn
    queue: SyncQueue | None
    inputs: str
    read_full: Callable[[Sequence[str]], FullItems]
    sync_policy: SyncPolicy

    def again(self, scenes: int, at: float) -> GapDetectionResult | None:
        """The result of the last run for this one, given that each scene is as it was when it was
        judged; None where anything else has moved.

        Args:
            scenes: how many there are: fewer where some are gone.
            at: now, epoch seconds.
        """
        known = self.state.get_value(STANDING)
        if known is None or (known.inputs, known.figures["scenes_checked"]) != (
            self.inputs,
            scenes,
        ):
            return None
        if not self._jobs_stand(known.at) or not self._items_stand():
            return None
        with PageFile(self.data_dir, self.warn) as page:
            last = page.get_value(LAST)
            if last.get("at") != known.at or page.findings.count_by_type() != known.findings:
                return None
            page.set_value(LAST, {**last, "at": at})
        self.state.set_value(STANDING, known._replace(at=at))
        report = self.state.get_value(REPORT)
        self.state.set_value(REPORT, {**report, "at": at})
        result = GapDetectionResult(**known.figures)
        result.details = {kind: list(report.get(kind) or ())[:DETAILS] for kind in TOLD}
        unlisted = self.state.get_value(UNLISTED)
        result.unlisted = dict(unlisted)
        result.skipped_already_queued += result.scenes_to_sync
        result.scenes_to_sync = result.enqueued_count = 0
        return result

    def _jobs_stand(self, since: float) -> bool:
        """Whether each gap has the job that it had, or had been given up on by then."""
        fated = self.state.verdicts.with_fate
        queued, given_up, left = map(fated, (Fate.QUEUED, Fate.GIVEN_UP, Fate.LEFT))
        queue = self.queue
        if queue is None:
            return not queued and not given_up
        return (
            all(queue.queued_among(some) == set(some) for some in chunks(queued))
            and not queue.held(queued, most=1)
            and not queue.queued_among([*given_up, *left])
            and queue.given_up_before(given_up, since) == set(given_up)
        )

    def _items_stand(self) -> bool:
        """Whether the items that never say when they changed still show what they were left at."""
        for ids in chunks(self.state.verdicts.with_fate(Fate.TIMELESS)):
            records = self.state.records.get_many(ids).values()
            items = [i for each in records for i in each.items if i.updated_at is None]
            full = self.read_full([item.ref.key for item in items])
            for item in items:
                shown = full.get(item.ref.key)
                if shown is None or altered_fields(item, shown, self.sync_policy.enabled):
                    return False
        return True

    def forget(self) -> None:
        """Nothing can be taken over from now on."""
        if self.state.get_value(STANDING) is not None:
            self.state.set_value(STANDING, None)

    def keep(self, result: GapDetectionResult, at: float) -> None:
        """Let the next run take this over.

        Args:
            at: when findings and report were kept.
        """
        figures = {n: value for n, value in asdict(result).items() if type(value) is int}
        with PageFile(self.data_dir, self.warn) as page:
            findings = page.findings.count_by_type()
        self.state.set_value(STANDING, Standing(self.inputs, at, figures, findings))
