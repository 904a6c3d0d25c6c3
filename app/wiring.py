"""The composition root: from what Stash handed over to adapters, stores, engine and drain."""

from __future__ import annotations

import contextlib
import logging
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.models import Section
from core.paths import PathMap
from core.planning.item_plan import FirstSync
from core.settings import Settings, parse_settings
from plex.cache import PlexCache
from plex.client import PlexClient
from plex.images import PlexImages
from plex.library import synced_sections
from plex.scanning import PlexScans
from reconciliation.detector import Gap
from reconciliation.engine import GapDetectionEngine
from reconciliation.prefix_learning import saved_map
from shell import logs
from shell.protocol import PluginInput
from stash.client import StashClient
from stash.connection import StashConnection
from stash.scenes import plugin_settings
from storage.journal import JournalEntry
from storage.state import State
from sync_queue.queue import SyncQueue
from worker.executor.apply import Applier
from worker.executor.before_image import picture_extra
from worker.executor.bulk_edit import BulkEditor
from worker.executor.drain import Drain
from worker.executor.list_edit_probe import finish_probe
from worker.executor.outcomes import DrainRules
from worker.finalizer.finalizer import Finalizer
from worker.locating.locator import Locator
from worker.locating.scan_wait import ScanWaiting
from worker.pictures.poster_fit import Fit, PosterFitter
from worker.pictures.sync import ImageChange, ImageSyncer
from worker.scene_sync.preparer import Farewell, Policy, Preparer, leave_as_it_is

log = logging.getLogger(__name__)

PLUGIN_ID = "Stash2Plex"


def data_dir_of(plugin: PluginInput, env: Mapping[str, str]) -> Path:
    """`$STASH_PLUGIN_DATA`, or `data` in the plugin's own folder."""
    chosen = env.get("STASH_PLUGIN_DATA", "").strip()
    if chosen:
        return Path(chosen)
    told = plugin.server_connection.get("PluginDir")
    # Stash may tell a path relative to its own working directory, which need not be ours.
    if isinstance(told, str) and Path(told).is_absolute():
        return Path(told) / "data"
    return Path(__file__).resolve().parent.parent / "data"


@dataclass(frozen=True, slots=True)
class WriteSession:
    """What planning and writing need, open together.

    Attributes:
        applier: makes an applier of a run's id and of what is told after each scene.
    """

    plex: PlexClient
    state: State
    queue: SyncQueue
    preparer: Preparer
    applier: Callable[[int, Callable[[], None]], Applier]
    awaiting: ScanWaiting


@dataclass(frozen=True, slots=True)
class Context:
    """What a task needs."""

    stash: StashClient
    settings: Settings
    data_dir: Path
    args: Mapping[str, object]
    on_progress: Callable[[float], None]
    clock: Callable[[], float] = time.time

    @contextlib.contextmanager
    def open_queue(self) -> Iterator[SyncQueue]:
        """The queue, closed at the end."""
        with SyncQueue(self.data_dir / "queue", clock=self.clock) as queue:
            yield queue

    @contextlib.contextmanager
    def open_state(self) -> Iterator[State]:
        """The state, closed at the end."""
        with State(self.data_dir, log.warning, clock=self.clock) as state:
            yield state

    @contextlib.contextmanager
    def open_plex(self) -> Iterator[PlexClient]:
        """A client of Plex, closed at the end."""
        settings = self.settings
        client = PlexClient(
            settings.plex_url,
            settings.plex_token,
            connect_timeout=settings.connect_timeout,
            read_timeout=settings.read_timeout,
            verify_tls=settings.verify_tls,
        )
        with contextlib.closing(client):
            yield client

    def engine(
        self,
        queue: SyncQueue | None,
        on_gaps: Callable[[Sequence[Gap]], None] = lambda _gaps: None,
    ) -> GapDetectionEngine:
        """The gap-detection engine; `on_gaps` is told what it enqueues, or would."""
        return GapDetectionEngine(
            self.stash,
            self.settings,
            self.data_dir,
            queue,
            clock=self.clock,
            on_progress=self.on_progress,
            on_gaps=on_gaps,
        )

    @contextlib.contextmanager
    def open_write_session(self) -> Iterator[WriteSession]:
        """What planning and writing need; who writes holds the drain lock."""
        with contextlib.ExitStack() as stack:
            plex = stack.enter_context(self.open_plex())
            sections = synced_sections(plex, self.settings.plex_library)
            state = stack.enter_context(self.open_state())
            queue = stack.enter_context(self.open_queue())
            cache = stack.enter_context(PlexCache(self.data_dir))

            def new_applier(run_id: int, on_scene: Callable[[], None]) -> Applier:
                finish_probe(plex, state)
                images = self._images(plex, state, run_id)
                bulk_editor = BulkEditor(plex, state)
                stores = state.records, state.journal
                return Applier(plex, *stores, bulk_editor, images, run_id, self.clock, on_scene)

            preparer = self._preparer(plex, sections, cache, state)
            awaiting = self._awaiting(plex, sections, state)
            yield WriteSession(plex, state, queue, preparer, new_applier, awaiting)

    @contextlib.contextmanager
    def open_drain(self, enough: Callable[[], bool] | None = None) -> Iterator[Drain]:
        """A drain over the queue; the caller holds the drain lock. `enough` ends it early."""
        with self.open_write_session() as session:
            yield Drain(
                session.queue,
                session.state,
                session.preparer,
                session.applier,
                session.awaiting,
                self._drain_rules(),
                clock=self.clock,
                jitter=random.random,
                on_progress=self.on_progress,
                enough=enough,
            )

    def _preparer(
        self, plex: PlexClient, sections: list[Section], cache: PlexCache, state: State
    ) -> Preparer:
        locator = Locator(
            plex,
            sections,
            cache,
            PathMap(self.settings.path_map),
            pins=state.pins.of_scenes,
            learned=saved_map(state),
            guess=not self.settings.strict_matching,
            clock=self.clock,
        )
        settings = self.settings
        policy = Policy(
            settings.sync_policy(),
            FirstSync(settings.first_sync),
            settings.preserve_plex_edits,
            settings.max_retries,
        )
        pins = state.pins.of_items
        farewell: Farewell = leave_as_it_is
        if settings.remove_on_destroy:
            farewell = Finalizer(
                self.stash, state.records, locator, policy, plex.full_items, state.owners.of, pins
            ).plan
        return Preparer(self.stash, state.records, locator, policy, state.owners.of, pins, farewell)

    def _awaiting(self, plex: PlexClient, sections: list[Section], state: State) -> ScanWaiting:
        return ScanWaiting(
            PlexScans(plex),
            state.scans,
            sections,
            PathMap(self.settings.path_map),
            saved_map(state),
            asks=self.settings.trigger_plex_scan,
            clock=self.clock,
        )

    def _images(self, plex: PlexClient, state: State, run_id: int) -> ImageSyncer | None:
        def journal(change: ImageChange) -> None:
            record = state.records.get_many([change.scene_id]).get(change.scene_id)
            entry = JournalEntry(
                change.scene_id,
                change.ref,
                change.field,
                change.before,
                change.after,
                self.clock(),
                change.locked_before,
                picture_extra(record, change.ref, change.field),
            )
            state.journal.write(run_id, [entry])

        return self.image_syncer(PlexImages(plex), journal)

    def image_syncer(
        self, plex: PlexImages, journal: Callable[[ImageChange], None]
    ) -> ImageSyncer | None:
        """What syncs pictures; None where none are wanted."""
        settings = self.settings
        if not settings.sync_policy().images:
            return None
        fitter = PosterFitter(Fit(settings.poster_fit))
        preserve = settings.preserve_plex_edits
        return ImageSyncer(self.stash, plex, fitter, journal, preserve=preserve)

    def _drain_rules(self) -> DrainRules:
        settings = self.settings
        return DrainRules(
            max_clear_percent=settings.max_clear_percent,
            max_retries=settings.max_retries,
            skip_not_found=settings.skip_not_found,
            first_sync=FirstSync(settings.first_sync),
        )


@contextlib.contextmanager
def open_context(
    plugin: PluginInput, env: Mapping[str, str], on_progress: Callable[[float], None]
) -> Iterator[Context]:
    """Connect to Stash, read and check the settings.

    Raises:
        ConfigError: the settings; StashError: Stash does not answer, or not as it should.
    """
    connection = StashConnection.from_plugin_input(plugin.server_connection, env)
    with contextlib.closing(StashClient(connection)) as stash:
        stored, api_key = plugin_settings(stash, PLUGIN_ID)
        # A task may outlive its session; the key stays in memory and never reaches a file.
        logs.configure(debug=False, secrets=[api_key])
        stash.remember_api_key(api_key)
        settings = parse_settings(stored, env)
        logs.configure(
            debug=settings.debug_logging,
            obfuscate_paths=settings.obfuscate_paths,
            secrets=[settings.plex_token],
        )
        if settings.verify_tls is False and settings.plex_url.startswith("https:"):
            log.warning(
                "verify_tls is off: whoever stands between Stash and Plex can read the Plex token"
            )
        if settings.unknown_keys:
            log.info("settings without a meaning here: %s", ", ".join(settings.unknown_keys))
        data_dir = data_dir_of(plugin, env)
        yield Context(stash, settings, data_dir, plugin.args, on_progress)
