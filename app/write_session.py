"""What writing to Plex needs, open together: one run over a maker of plans, whichever it is."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from app.plex_watch import PlexWatch
from app.wiring import Context
from core.errors import StashError
from core.images import Fit
from core.paths import PathMap
from core.planning.three_way_merge import FirstSync, MergeRules
from plex.cache import MatchCache, PlexCache
from plex.client import PlexClient
from plex.images import PlexImages
from plex.library import Libraries, synced_libraries
from plex.scanning import PlexScans
from reconciliation.library_facts import LibraryPolicy
from reconciliation.prefix_learning import saved_map
from stash.touched_scenes import latest
from storage.page.page_file import PageFile
from storage.state import State
from storage.synced_libraries import KNOWN
from sync_queue.lock import DrainLock
from sync_queue.queue import SyncQueue
from worker.destroyed_scenes.plan_source import Finalizer
from worker.executor.acknowledge import Acknowledger
from worker.executor.clear_guard import ClearGuard
from worker.executor.executor import Executor
from worker.executor.failed_jobs import RetryRules
from worker.executor.figures import Figures
from worker.executor.list_edit_probe import finish_probe
from worker.executor.outcome import Outcome
from worker.executor.run import Interruption, ResolveAbsent, RunKind, WriteRun, never
from worker.locating.locator import Locator
from worker.locating.scan_wait import ScanWaiting
from worker.pictures.poster_fit import PosterFitter
from worker.pictures.supply import SAMPLE, PictureSupply, others_than, sample
from worker.pictures.sync import PictureSync
from worker.pictures.writer import DryPictureEnd, PictureEnd, PictureWriter
from worker.preview.pictures import DryPictures
from worker.scene_sync.missing_scenes import resolve_absent
from worker.scene_sync.preparer import PlanDestroyed, Policy, Preparer, leave_as_it_is

LONG_AGO = 10 * 86_400.0  # before any time of a scene, epoch seconds


@dataclass(frozen=True, slots=True)
class Writer:
    """What carrying plans out needs; who writes holds the drain lock."""

    context: Context
    plex: PlexClient
    state: State
    queue: SyncQueue
    watch: PlexWatch
    page: PageFile

    def run(
        self,
        kind: RunKind,
        figures: Figures,
        *,
        on_scene: Callable[[], None] = lambda: None,
        guard: ClearGuard | None = None,
        resolve_absent: ResolveAbsent = lambda _absent, _acknowledger, _figures: None,
        interruption: Callable[[], Interruption] = never,
    ) -> WriteRun:
        """A run of some kind, to be given a maker of plans."""
        settings = self.context.settings
        rules = RetryRules(
            settings.max_retries, settings.skip_not_found, self.context.clock, random.random
        )
        return WriteRun(
            kind,
            self.state,
            self.queue,
            Acknowledger(self.queue, rules, figures, self.page.findings.note_done),
            figures,
            partial(self._executor, on_scene),
            guard=guard,
            resolve_absent=resolve_absent,
            clock=self.context.clock,
            interruption=partial(self._interruption, interruption),
            on_proven=self.watch.proven,
        )

    def _interruption(self, interruption: Callable[[], Interruption]) -> Interruption:
        return Interruption.END if self.context.is_stopped() else interruption()

    def _executor(
        self,
        on_scene: Callable[[], None],
        run_id: int,
        on_outcomes: Callable[[Sequence[Outcome]], None],
    ) -> Executor:
        finish_probe(self.plex, self.state)
        return Executor(
            self.plex,
            self.state,
            run_id,
            partial(PictureWriter, PlexImages(self.plex)),
            self.picture_sync,
            self.context.clock,
            on_outcomes,
            on_scene,
            self.watch.spares,
        )

    def picture_sync(self, end: PictureEnd) -> PictureSync | None:
        """What syncs pictures; None where none are wanted."""
        settings = self.context.settings
        if not settings.sync_policy().images:
            return None
        fitter = PosterFitter(Fit(settings.poster_fit))
        outages, clock = self.state.outages, self.context.clock
        stash = self.context.stash.patient_as(self.context.patience.of_another())
        supply = PictureSupply(stash, outages, self._scene_ids, clock)
        images = PlexImages(self.plex)
        return PictureSync(
            supply.fetch,
            images,
            fitter,
            end,
            preserve=settings.preserve_plex_edits,
            respect_overlays=settings.respect_overlays,
            ahead=supply.ahead,
        )

    def _scene_ids(self) -> set[int]:
        return others_than(self.context.stash, self._known_scenes)

    def _known_scenes(self) -> set[int]:
        known = {*sample(self.state.records.some), *sample(self.queue.some_queued)}
        if len(known) < 2:  # the one in question
            with contextlib.suppress(StashError):
                known.update(scene for scene, _ in latest(self.context.stash, LONG_AGO, SAMPLE))
        return known

    def dry_pictures(self) -> DryPictures:
        """Pictures that are looked at only."""
        return DryPictures(self.picture_sync(DryPictureEnd()))


@dataclass(frozen=True, slots=True)
class SceneWriter(Writer):
    """What planning scenes needs besides."""

    preparer: Preparer
    scans: ScanWaiting

    @property
    def guard(self) -> ClearGuard:
        return ClearGuard(self.context.settings.max_clear_percent)

    @property
    def resolve_absent(self) -> ResolveAbsent:
        """What becomes of scenes that Plex does not have."""
        return partial(resolve_absent, self.scans, self.queue)


def lock_for(context: Context, task: str) -> DrainLock:
    """The drain lock for a task that a user starts; where another run holds it he is told."""
    busy = f"Another run is writing to Plex. Start {task!r} again when it has ended."
    return DrainLock(context.data_dir, busy)


@contextlib.contextmanager
def open_writer(context: Context) -> Iterator[Writer]:
    """What carrying plans out needs, closed at the end."""
    with (
        context.open_plex() as plex,
        context.open_state() as state,
        context.open_queue() as queue,
        PlexWatch(state.outages, context.clock) as watch,
        context.open_page() as page,
    ):
        yield Writer(context, plex, state, queue, watch, page)


@contextlib.contextmanager
def open_scene_writer(context: Context) -> Iterator[SceneWriter]:
    """What planning scenes and carrying the plans out needs, closed at the end."""
    with (
        open_writer(context) as writer,
        PlexCache(context.data_dir) as cache,
        MatchCache(context.data_dir) as matches,
    ):
        plex, state = writer.plex, writer.state
        names, known = context.settings.plex_library, state.get_value(KNOWN)
        libraries = synced_libraries(plex, names, known)
        sections = libraries.there
        preparer = _preparer(context, plex, libraries, cache, matches, state)
        scans = ScanWaiting(
            PlexScans(plex),
            state.scans,
            sections,
            PathMap(context.settings.path_map),
            saved_map(state),
            asks=context.settings.trigger_plex_scan,
            clock=context.clock,
        )
        opened = (context, plex, state, writer.queue, writer.watch, writer.page)
        yield SceneWriter(*opened, preparer, scans)


def _preparer(
    context: Context,
    plex: PlexClient,
    libraries: Libraries,
    cache: PlexCache,
    matches: MatchCache,
    state: State,
) -> Preparer:
    settings = context.settings
    locator = Locator(
        plex,
        libraries.there,
        cache,
        PathMap(settings.path_map),
        pins=state.pins.of_scenes,
        learned=saved_map(state),
        matches=matches,
        guess=not settings.strict_matching,
        clock=context.clock,
    )
    rules = MergeRules(FirstSync(settings.first_sync), settings.preserve_plex_edits)
    sync_policy = LibraryPolicy(context.stash, settings, state).known()
    policy = Policy(sync_policy, rules, settings.max_retries, libraries.unlisted)
    contested = state.owners.of
    pins = state.pins.of_items
    plan_destroyed: PlanDestroyed = leave_as_it_is
    if settings.remove_on_destroy:
        plan_destroyed = Finalizer(
            context.stash, state, locator, policy, plex.full_items, contested, pins
        ).plan
    return Preparer(context.stash, state, locator, policy, contested, pins, plan_destroyed)
