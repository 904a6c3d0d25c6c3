"""The gap-detection engine: what does Plex not show that Stash says, and who is to repair it.

A reconcile lists each Plex section, page by page, into the saved index, fetches Stash in keyset
pages, looks up of some scenes at a time what their files may be in Plex, runs the pure detectors
and enqueues each scene that has a gap once. Its cost is pages, never scenes, and its memory does
not grow with the library. What it could not see, it does not judge: unknown is not absent.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Any

from core.errors import StashError, StashIncomplete
from core.matching.prefix_votes import LearnedPair, new_pairs, path_map_of
from core.paths import PathMap
from core.reconcile_due import is_full_pass_due
from core.scopes import scope_named
from core.settings import Settings, settings_of
from plex.cache import PlexCache
from plex.client import PlexClient
from plex.exceptions import PlexServerDown
from plex.library import PlexSnapshot
from reconciliation.detection_pass import Sweep
from reconciliation.detection_state import FoundGap
from reconciliation.enqueueing import GapQueue, Reach
from reconciliation.few_changes import FewChanges
from reconciliation.last_run import LastRun, altered_scenes, doubt_altered, inputs_of
from reconciliation.library_facts import LibraryPolicy
from reconciliation.listing_guard import EmptySideGuard, PathMapGuard, remember_scenes
from reconciliation.match_report import MatchReport
from reconciliation.page_findings import PageFindings
from reconciliation.plex_listing import LISTING_SHARE, PlexListing, remember_libraries
from reconciliation.prefetch import Prefetch
from reconciliation.prefix_learning import learn, saved_map
from reconciliation.renamed_files import forget_released, ignored_pins
from reconciliation.result import GapDetectionResult
from reconciliation.rules import CONTESTED, Rules, rules_of
from reconciliation.scene_source import FULL_PASS, SceneSource
from reconciliation.unseen_owners import offer_unseen
from reconciliation.verdict_cache import VERIFIED, verdicts_of
from stash.mapping import UnreadScene
from stash.scalars import WHOLE, fetch_many
from stash.scenes import StashApi, count_scenes, iter_unread_pages
from storage.files.scratch import Scratch
from storage.scene_reads import SceneReads
from storage.state import State
from storage.synced_libraries import KNOWN
from sync_queue.operations import AnyPath, BareQueue, full_queue
from sync_queue.queue import SyncQueue
from transport.retrying import Retrying

log = logging.getLogger(__name__)

EVERYTHING = 2**31  # pages ahead
Pages = Callable[[], Iterable[Sequence[UnreadScene]]]
PAGES_AHEAD = 2  # of Stash, fetched while others are judged


class GapDetectionEngine:
    """Finds the gaps between Stash and Plex and enqueues a job for each.

    Args:
        stash: anything with `find_scenes` and `call_GQL`.
        config: the settings, or what Stash has saved of them.
        data_dir: the plugin's data directory.
        queue: where gaps go, or its directory; None only detects.
        plex: a client to use instead of one made from the settings, with `retrying`.
        clock: epoch seconds.
        on_progress: told the share done, 0..1, after each page of a listing and every 50 scenes.
        on_gaps: told, some at a time, the gaps that have a job enqueued, or would have one with a
            queue.
        checked: the files that were found whole, so that none is looked through twice.
    """

    def __init__(
        self,
        stash: StashApi,
        config: Settings | Mapping[str, Any],
        data_dir: str | Path,
        queue: SyncQueue | BareQueue | AnyPath | None = None,
        *,
        plex: PlexClient | None = None,
        retrying: Retrying | None = None,
        clock: Callable[[], float] = time.time,
        on_progress: Callable[[float], None] = lambda _share: None,
        on_gaps: Callable[[Sequence[FoundGap]], None] = lambda _gaps: None,
        checked: set[str] | None = None,
    ) -> None:
        self.stash = stash
        self.config = settings_of(config)
        self.data_dir = Path(data_dir)
        self.queue = queue
        self._plex = plex
        self._retrying = retrying
        self._clock = clock
        self._on_progress = on_progress
        self._on_gaps = on_gaps
        self._checked = checked

    def run(
        self, scope: str = "all", only: frozenset[str] | None = None, *, full: bool = False
    ) -> GapDetectionResult:
        """Run once.

        Args:
            scope: all, recent (24 hours) or recent_7days: scenes created or updated in the window.
            only: enqueue only these gap types (the figures stay whole).
            full: a full pass, though none is due.

        Raises:
            ValueError: an unknown scope.
            GuardStopped: a side that was full lists nearly nothing, or a path map has lost most
                of its scenes; nothing was queued.
            SyncError: nothing could be learnt: a bad setting, a refused token, no answer. A server
                that goes away midway ends the run early, with what was found and `partial` set.
        """
        since = scope_named(scope).since(self._clock())
        with ExitStack() as stack:
            state = State(self.data_dir, log.warning, clock=self._clock, checked=self._checked)
            stack.enter_context(state)
            made = partial(PlexClient.by, self.config, self._retrying)
            plex = self._plex or stack.enter_context(closing(made()))
            cache = stack.enter_context(PlexCache(self.data_dir))
            reads = stack.enter_context(SceneReads(self.data_dir, log.warning))
            started, last = self._clock(), state.get_value(FULL_PASS)
            is_due = is_full_pass_due(last, started, self.config.full_pass_days)
            full = since is None and (full or is_due)
            source = SceneSource(self.stash, reads, state, self._clock, full=full)
            scratch = stack.enter_context(Scratch())
            queue = stack.enter_context(full_queue(self.queue))
            requests_before = plex.requests_made
            result = self._run(since, only, state, plex, cache, scratch, source, queue)
            result.plex_requests = plex.requests_made - requests_before
            if since is None:
                result.scenes_spared = max(0, result.scenes_checked - source.read_whole)
                remember_scenes(state, result.scenes_checked, is_partial=result.partial)
            if full and not result.partial:
                state.set_value(FULL_PASS, started)
            return result

    def _run(
        self,
        since: float | None,
        only: frozenset[str] | None,
        state: State,
        plex: PlexClient,
        cache: PlexCache,
        scratch: Scratch,
        source: SceneSource,
        queue: SyncQueue | None,
    ) -> GapDetectionResult:
        guard = EmptySideGuard(state, self._clock)
        expected = count_scenes(self.stash)
        if since is None:
            guard.check("scenes", "scenes in Stash", expected)
        library, known = self.config.plex_library, state.get_value(KNOWN)
        looks = PlexListing(plex, cache, guard, library, self._on_progress, source.full, known)
        side, pages, altered = self._listed(looks, source, since, expected, state)
        is_full = since is None
        with cache.unmoved():
            policy = LibraryPolicy(self.stash, self.config, state)
            rules = rules_of(self.config, policy, state, is_full)
            sweep = self._new_sweep(plex, side, rules, state, scratch, expected, is_full)
            last = LastRun(state, self.data_dir, log.warning, queue, inputs_of(sweep, rules))
            result = None
            if is_full and only is None and side.is_complete:
                few = FewChanges(last, sweep, source, rules, altered, self._on_gaps)
                result = few.result(expected, self._clock())
            if result is None:
                last.forget()
                if sweep.seen:  # it is no new one any more
                    sweep = self._new_sweep(plex, side, rules, state, scratch, expected, is_full)
                result = GapDetectionResult(errors=side.troubles())
                with Prefetch(pages, PAGES_AHEAD) as ahead, state.bulk():  # can be had again
                    self._judge_all(sweep, ahead, source, result)
                    self._conclude(sweep, last, is_full, only, guard.was_confirmed, result)
            self._on_progress(1.0)
        last.watch(cache)
        return result

    def _listed(
        self, looks: PlexListing, source: SceneSource, since: float | None, most: int, state: State
    ) -> tuple[PlexSnapshot, Pages, set[int] | None]:
        """The listing of Plex, what brings the scenes, and `altered_scenes`."""
        if since is not None:
            recent = partial(iter_unread_pages, self.stash, since=since)
            return looks.listed(self._clock()), recent, None
        with Prefetch(partial(source.survey, most), EVERYTHING) as survey:
            side = looks.listed(self._clock())
            read = state, looks.plex.full_items, self.config.sync_policy().enabled
            altered = altered_scenes(*read)
            if source.full:
                doubt_altered(*read, side, partial(self._on_progress, LISTING_SHARE))
            list(survey)  # it comes to its end
        return side, partial(source.pages, most), altered

    def _conclude(
        self,
        sweep: Sweep,
        last: LastRun,
        is_full: bool,
        only: frozenset[str] | None,
        is_excused: bool,
        result: GapDetectionResult,
    ) -> None:
        """Settle who owns what, enqueue the gaps, and tell and keep what was found."""
        side, state = sweep.side, last.state
        known = self.config.path_map
        maps = PathMapGuard(state, self._clock, side.sections, known, is_excused=is_excused)
        learned = self._look_again(sweep, state, maps if is_full else None, result)
        result.partial = bool(result.errors)
        roots = sweep.learning.votes.roots().pairs
        reach = Reach(
            PathMap(known),
            tuple(side.locations()),
            PathMap(roots if is_full else (*roots, *saved_map(state).pairs)),
        )
        gaps = GapQueue(last.queue, side, reach, state.written_of, self._on_gaps)
        gaps.fill(sweep.findings, only, result)
        saw_all = is_full and not result.partial
        self._count(sweep, result, saw_all=saw_all)
        suggested = new_pairs(learned, reach.path_map)
        ignored = ignored_pins(state.pins.all(), sweep.findings, side, saw_all=saw_all)
        report = MatchReport.of(sweep.findings, side, reach, suggested, ignored)
        report.tell(result)
        if not side.is_complete:  # then what is kept now was not held against all items
            state.set_value(VERIFIED, None)
        if saw_all:
            remember_libraries(state, side, result.unlisted)
        at = self._clock()
        self._remember(sweep, state, report if saw_all else None, at)
        told = PageFindings(sweep, side, reach, result)
        orphans = sweep.claims.orphans(side.counts, sweep.findings.contenders())
        told.keep(self.data_dir, at, orphans if saw_all else None)
        if saw_all and only is None and (verified := sweep.verified()) is not None:
            last.keep(result, verified.items, at, roots)

    def _new_sweep(
        self,
        plex: PlexClient,
        side: PlexSnapshot,
        rules: Rules,
        state: State,
        scratch: Scratch,
        expected: int,
        full: bool,
    ) -> Sweep:
        def on_matched(scenes: int) -> None:
            share = min(1.0, scenes / max(expected, 1))
            self._on_progress(LISTING_SHARE + (1 - LISTING_SHARE) * share)

        verdicts = verdicts_of(state, side, rules, scratch) if full else None
        return Sweep(side, rules, state, scratch, plex.full_items, on_matched, verdicts)

    def _judge_all(
        self,
        sweep: Sweep,
        pages: Iterable[Sequence[UnreadScene]],
        source: SceneSource,
        result: GapDetectionResult,
    ) -> None:
        """Judge every scene in scope; a server that goes away ends it with what was found."""
        waiting: list[int] = []  # have other items in Plex by now, and are to be read whole
        try:
            for page in pages:
                unread = sweep.judge_fetched(page)
                result.scenes_checked += len(page) - len(unread)
                waiting += unread
                if len(waiting) >= WHOLE:
                    result.scenes_checked += self._judge_whole(sweep, source, waiting)
                    waiting = []
            result.scenes_checked += self._judge_whole(sweep, source, waiting)
            source.complain()
        except (StashError, PlexServerDown) as error:
            if not result.scenes_checked:
                raise
            if isinstance(error, StashIncomplete) and error.is_unclear:
                sweep.doubt()
            self._end_early(error, sweep, result)

    def _judge_whole(self, sweep: Sweep, source: SceneSource, ids: Sequence[int]) -> int:
        scenes = source.whole(ids)
        sweep.judge_fetched(scenes)
        return len(scenes)

    def _look_again(
        self, sweep: Sweep, state: State, maps: PathMapGuard | None, result: GapDetectionResult
    ) -> Sequence[LearnedPair]:
        """Judge again what others have taught about, and without their items those that lost them.

        Returns what was learned of folders: only a run that saw everything learns.

        Args:
            maps: None after a run that was not to see every scene.
        """
        learned: Sequence[LearnedPair] = ()
        try:
            if maps is None:
                offer_unseen(sweep, sweep.side, state, self.stash)
            elif result.errors:
                sweep.look_again(saved_map(state))
            else:
                learned = learn(sweep.learning.votes, self.config.path_map, maps, state)
                sweep.look_again(path_map_of(learned))
            sweep.settle(sweep.contests(), lambda ids: fetch_many(self.stash, ids).values())
            sweep.finish()
            result.errors.extend(sweep.findings.troubles())
        except (StashError, PlexServerDown) as error:
            sweep.cut_off()  # whatever it was, some were not judged to their end
            self._end_early(error, sweep, result)
        return learned

    def _remember(self, sweep: Sweep, state: State, report: MatchReport | None, at: float) -> None:
        """Keep what the worker and later runs have to know of matches.

        Args:
            report: of a run that saw everything.
        """
        sweep.save_verdicts()
        # After that: a record with other names by now makes no verdict.
        sweep.moves.save(state.records, state.pins)
        if report is not None:
            lost = {*sweep.findings.contested, *sweep.findings.copied}
            state.set_value(CONTESTED, frozenset(lost))
            state.owners.replace(sweep.claims.holders())
            forget_released(state.pins, state.records)
            report.keep(state, at)
            state.set_value(VERIFIED, sweep.verified())

    def _end_early(self, error: Exception, sweep: Sweep, result: GapDetectionResult) -> None:
        if isinstance(error, StashIncomplete):
            result.errors.append(str(error))
            return
        sweep.cut_off()
        result.errors.append(f"The run ended early, after {result.scenes_checked} scenes: {error}")

    def _count(self, sweep: Sweep, result: GapDetectionResult, *, saw_all: bool) -> None:
        result.items_listed = sum(sweep.side.counts.values())
        result.count(sweep.findings)
        if saw_all:
            contenders = sweep.findings.contenders()
            result.orphan_count = sweep.claims.count_orphans(sweep.side.counts, contenders)
        result.add_up()
