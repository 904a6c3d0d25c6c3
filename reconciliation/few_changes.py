"""Takes over what the last run has found, but for few scenes that are judged anew.

Those are the scenes that have changed, whose records were touched, or whose items were edited. They
must be on their own: they claim what they claimed, which nobody else does, and teach what they
taught; so no other scene is judged otherwise because of them. Where that is not so, where an item
came, went or has other files, or anything else has moved, the run looks at everything.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import StashError
from core.finding_types import DRIFT, EMPTY_METADATA, MISSING, STALE_SYNC
from core.matching.prefix_votes import PrefixVotes
from core.paths import PathMap
from plex.exceptions import PlexServerDown
from reconciliation.detection_pass import Sweep
from reconciliation.detection_state import PLAIN
from reconciliation.enqueueing import GapQueue, Gaps, Reach
from reconciliation.last_run import LastRun, Standing
from reconciliation.match_report import REPORT
from reconciliation.page_findings import PageFindings
from reconciliation.prefix_learning import saved_map
from reconciliation.result import DETAILS, TOLD, GapDetectionResult
from reconciliation.rules import CONTESTED, Rules
from reconciliation.scene_source import SceneSource
from reconciliation.verdict_cache import VERIFIED
from stash.scalars import WHOLE
from storage.files.database import chunks
from storage.page.page_facts import LAST
from storage.page.page_file import PageFile
from storage.state_tables.verdicts import GapOutcome, Verdict
from storage.synced_libraries import UNLISTED

log = logging.getLogger(__name__)
RARE = 20  # of so many scenes, one may have to be judged anew
# Of what is found of scenes, the figures that it counts for, and how the page calls it.
_FIGURES = {
    "empty": "empty_metadata_count",
    "stale": "stale_sync_count",
    "drift": "drift_count",
    "unorganized": "skipped_unorganized",
    "undone": "undone_count",
    "missing": "missing_count",
}
_TYPES = {"empty": EMPTY_METADATA, "stale": STALE_SYNC, "drift": DRIFT, "missing": MISSING}
_BY_OUTCOME: Mapping[int, str] = {
    GapOutcome.QUEUED: "skipped_already_queued",
    GapOutcome.GIVEN_UP: "skipped_dead",
    GapOutcome.LEFT: "skipped_unmatched",
    GapOutcome.UNGATED: "skipped_no_metadata",
}


@dataclass(frozen=True, slots=True)
class FewChanges:
    """What a run does where few scenes have changed.

    Args:
        last: what the last run has left.
        sweep: a new one, of which nothing must be used if there is no result.
        source: after its survey.
        altered: see `altered_scenes`.
        on_gaps: see `GapQueue`.
    """

    last: LastRun
    sweep: Sweep
    source: SceneSource
    rules: Rules
    altered: set[int] | None
    on_gaps: Gaps

    def result(self, scenes: int, at: float) -> GapDetectionResult | None:
        """The result; None where everything has to be looked at.

        Args:
            scenes: how many there are.
            at: now, epoch seconds.
        """
        known = self.last.standing(scenes)
        before = None if known is None else self._before(known, scenes)
        if known is None or before is None or not self._page_stands(known, before):
            return None
        if not self.last.jobs_stand(known.at, before) or not self._judge(before):
            return None
        roots = PathMap(tuple((stash, plex) for stash, plex in known.roots))
        reach = Reach(self.rules.path_map, tuple(self.sweep.side.locations()), roots)
        if not self._are_on_their_own(before, reach):
            return None
        return self._conclude(known, before, reach, at)

    def _before(self, known: Standing, scenes: int) -> dict[int, Verdict] | None:
        """The scenes to be judged anew, with what the last run has left of them."""
        state, most = self.last.state, scenes // RARE
        edited = self.sweep.side.cache.moves.edited_since(known.items, most)
        if self.source.moved is None or edited is None or self.altered is None:
            return None
        owners = state.owners.of(edited)
        ids = {*self.source.moved, *self.altered, *owners.values()}
        if len(ids) > most or len(owners) < len(edited):
            return None
        before = state.verdicts.left(ids)
        is_plain = all(each.kinds < 1 << len(PLAIN) for each in before.values())
        return before if is_plain and len(before) == len(ids) else None

    def _page_stands(self, known: Standing, before: Mapping[int, Verdict]) -> bool:
        """Whether the findings of all other scenes are still there."""
        with PageFile(self.last.data_dir, self.last.warn) as page:
            if page.get_value(LAST).get("at") != known.at:
                return False
            found = Counter(page.findings.count_by_type())
            found.subtract(each.type for each in page.findings.of_scenes(before).values())
        found.subtract(known.findings)
        for left in before.values():
            kinds = _kinds(left.kinds) if left.outcome in _BY_OUTCOME else []
            found.update([_TYPES[kind] for kind in kinds if kind in _TYPES][:1])  # what is told
        return not any(found.values())

    def _judge(self, before: Mapping[int, Verdict]) -> bool:
        """Judge the scenes anew; whether all of them could be."""
        sweep = self.sweep
        try:
            for ids in chunks(before, WHOLE):
                sweep.judge_fetched(self.source.whole(ids))
            self.source.complain()
            sweep.look_again(saved_map(self.last.state))
            sweep.finish()
        except (StashError, PlexServerDown):
            return False
        return len(sweep.seen) == len(before) and not sweep.findings.troubles()

    def _are_on_their_own(self, before: Mapping[int, Verdict], reach: Reach) -> bool:
        """Whether no other scene is concerned by what was found."""
        sweep, found = self.sweep, self.sweep.findings
        votes = PrefixVotes()
        for left in before.values():
            votes.note_folders(left.taught)
        return (
            self._claims_stand(before)
            and votes == sweep.learning.votes
            and max(found.kinds_of(before).values(), default=0) < 1 << len(PLAIN)
            # Others are outside every library, which is told elsewhere.
            and all(reach.covers(e.paths) for e in found.told(found.missing.among(before)).values())
        )

    def _claims_stand(self, before: Mapping[int, Verdict]) -> bool:
        """Whether the scenes claim what they claimed, and where others had wanted an item, too, for
        the same reasons."""
        had = [(i, claim) for i, left in before.items() for claim in left.claims]
        made = list(self.sweep.claims.each())
        lost = self.last.state.get_value(CONTESTED)
        losers = self.last.state.verdicts.left(lost)
        wanted = {claim.ref for left in losers.values() for claim in left.claims}
        # What might be any of several copies makes no claim, nor is it known here which they are.
        wants_any = not all(left.claims for left in losers.values())
        owners = {claim.ref: i for i, claim in made}
        if len(losers) < len(lost) or len(owners) < len(made):
            return False
        return owners == {claim.ref: i for i, claim in had} and all(
            claim in made for claim in had if wants_any or claim[1].ref in wanted
        )

    def _conclude(
        self, known: Standing, before: Mapping[int, Verdict], reach: Reach, at: float
    ) -> GapDetectionResult:
        log.debug("what the last run has found stands but for %d scenes", len(before))
        sweep, side, state = self.sweep, self.sweep.side, self.last.state
        self.last.forget()  # until all is kept
        new = GapDetectionResult(scenes_checked=len(before))
        gaps = GapQueue(self.last.queue, side, reach, state.written_of, self.on_gaps)
        gaps.fill(sweep.findings, None, new)
        new.count(sweep.findings)
        result = _total(known, before, new)
        sweep.save_verdicts(saw_all=False)
        sweep.moves.save(state.records, state.pins)
        verified = sweep.verified()
        state.set_value(VERIFIED, verified)
        PageFindings(sweep, side, reach, result).keep_some(self.last.data_dir, at)
        report = state.get_value(REPORT)
        state.set_value(REPORT, {**report, "at": at})
        result.details = {kind: list(report.get(kind) or ())[:DETAILS] for kind in TOLD}
        unlisted = state.get_value(UNLISTED)
        result.unlisted = dict(unlisted)
        self.last.keep(result, verified.items if verified is not None else 0, at, known.roots)
        return result


def _kinds(bits: int) -> list[str]:
    return [kind for place, kind in enumerate(PLAIN) if bits >> place & 1]


def _total(
    known: Standing, before: Mapping[int, Verdict], new: GapDetectionResult
) -> GapDetectionResult:
    """The figures of the last run, with those of some scenes in the place of what they had."""
    figures = Counter(known.figures)
    figures["skipped_already_queued"] += figures["scenes_to_sync"]
    figures["scenes_to_sync"] = figures["enqueued_count"] = 0
    for left in before.values():
        kinds = _kinds(left.kinds)
        is_ungated = left.outcome == GapOutcome.UNGATED and not kinds  # and no gap
        figures.subtract(["scenes_checked", *(_FIGURES[kind] for kind in kinds)])
        if left.outcome in _BY_OUTCOME:
            figures.subtract(
                [_BY_OUTCOME[left.outcome], *([] if is_ungated else ["scenes_with_gaps"])]
            )
        if not kinds:
            figures.subtract(["ungated_count" if is_ungated else "in_order_count"])
    figures.update({name: n for name, n in new.as_dict().items() if type(n) is int})
    counts: dict[str, Any] = dict(figures)
    result = GapDetectionResult(**counts)
    result.add_up()
    return result
