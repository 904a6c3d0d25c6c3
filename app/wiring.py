"""The composition root: from what Stash handed over to adapters, stores, engine and drain."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from app import stopping
from app.directories import PLUGIN_ID, data_dir_of
from app.own_files import OwnFiles
from app.patience import Growing, TaskPatience
from app.setup.token import SETTING, resolve_token
from core.settings import ReadSettings, Settings, read_settings
from shell import logs
from shell.protocol import PluginInput
from stash.client import LEAST_SILENCE, StashClient
from stash.connection import StashConnection
from stash.plugin_settings import change_plugin_settings
from stash.scenes import plugin_settings
from transport.pacing import PAUSES
from transport.patience import Patience
from transport.retrying import Retrying

if TYPE_CHECKING:  # loaded by whoever needs it
    from plex.client import PlexClient
    from reconciliation.detection_state import FoundGap
    from reconciliation.engine import GapDetectionEngine
    from sync_queue.queue import SyncQueue

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds until a connection stands, without a sign of the server, and from a first try on,
    after which there is no other, whatever pause a busy server asks for."""

    connect: float
    silence: float
    longest: float


@dataclass(frozen=True, slots=True)
class Context(OwnFiles):
    """What a task needs.

    Attributes:
        saved: the names of the settings that are saved in Stash.
        stored: these settings, as Stash has them.
        env: the environment.
        faults: by setting, what is wrong with it; not empty only for tasks that bear it.
        notify: tells people elsewhere what has happened, if they wish to know.
        has_new_settings: asks Stash whether other settings are saved there by now; raises
            StashError.
        retrying: how requests to Plex are repeated; None: as ever.
        is_stopped: whether the user wants the task to end early.
        patience: whether answers of Plex are waited for any longer.
    """

    stash: StashClient
    settings: Settings
    data_dir: Path
    args: Mapping[str, object]
    on_progress: Callable[[float], None]
    clock: Callable[[], float] = time.time
    saved: frozenset[str] = frozenset()
    has_new_settings: Callable[[], bool] = lambda: False
    retrying: Retrying | None = None
    stored: Mapping[str, object] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    notify: Callable[[], None] = lambda: None
    is_stopped: Callable[[], bool] = lambda: False
    checked: set[str] = field(default_factory=set)
    patience: Patience = field(default_factory=Patience)

    def __post_init__(self) -> None:
        self.stash.reads_groups = self.settings.placing_rules().groups

    def report_scenes(self, done: int, total: int) -> None:
        self.on_progress(min(1.0, done / max(total, 1)))

    def report_batch(self, done: int, total: int) -> None:
        """Progress by scenes, where none is in hand, and `go_on`."""
        self.report_scenes(done, total)
        self.go_on()

    def go_on(self) -> None:
        """Between two steps, where nothing is in hand.

        Raises:
            RunStopped: the user wants the task to end early.
        """
        stopping.go_on(self.is_stopped)

    def report_step(self, share: float) -> None:
        """Progress, and `go_on`."""
        self.on_progress(share)
        self.go_on()

    @contextlib.contextmanager
    def open_plex(self, timeouts: Timeouts | None = None) -> Iterator[PlexClient]:
        """A client of Plex, closed at the end; with timeouts of its own it asks twice at most."""
        from plex.client import PlexClient

        settings, retrying = self.settings, self._retrying()
        if timeouts is not None:
            retrying = retrying.briefly(timeouts.longest)
            settings = replace(
                settings,
                connect_timeout=min(settings.connect_timeout, timeouts.connect),
                read_timeout=min(settings.read_timeout, timeouts.silence),
            )
        with contextlib.closing(PlexClient.by(settings, retrying)) as client:
            yield client

    def in_brief(self) -> Context:
        """For what somebody waits for at the page: what fails is tried once more and no further."""
        return replace(self, retrying=(self.retrying or Retrying()).briefly())

    def _retrying(self) -> Retrying:
        return (self.retrying or Retrying()).patient_as(self.patience)

    def engine(
        self,
        queue: SyncQueue | None,
        on_gaps: Callable[[Sequence[FoundGap]], None] = lambda _gaps: None,
    ) -> GapDetectionEngine:
        """The gap-detection engine; `on_gaps` is told what it enqueues, or would."""
        from reconciliation.engine import GapDetectionEngine

        return GapDetectionEngine(
            self.stash,
            self.settings,
            self.data_dir,
            queue,
            retrying=self._retrying(),
            clock=self.clock,
            on_progress=self.report_step,
            on_gaps=on_gaps,
            checked=self.checked,
        )


def _settings_now(stash: StashClient, data_dir: Path, env: Mapping[str, str]) -> Settings:
    """As they are by now, with the token that counts; changes nothing in Stash."""
    stored = plugin_settings(stash, PLUGIN_ID)[0]
    return read_settings(resolve_token(stored, data_dir, None), env).settings


def sharing(context: Context, start: float, end: float) -> Context:
    """The context with its progress in a part of the bar."""

    def report(share: float) -> None:
        context.on_progress(start + (end - start) * share)

    return replace(context, on_progress=report)


def _stored_settings(stash: StashClient) -> dict[str, object]:
    """What Stash has saved. A task may outlive its session: the client gets the API key as well,
    which stays in memory and never reaches a file."""
    stored, api_key = plugin_settings(stash, PLUGIN_ID)
    logs.configure(debug=False, secrets=[api_key])
    stash.remember_api_key(api_key)
    return stored


def _read(
    in_force: Mapping[str, object], env: Mapping[str, str], *, bears_faults: bool
) -> ReadSettings:
    """Read the settings, with the token that counts, and log as they say; see `open_context`."""
    logs.configure(debug=False, secrets=[str(in_force.get(SETTING, ""))])
    read = read_settings(in_force, env)
    if not bears_faults:
        read.complain()
    _heed_in_log(read.settings)
    return read


def _heed_in_log(settings: Settings) -> None:
    """Log as the settings say, and what is to be said of them."""
    logs.configure(
        debug=settings.debug_logging,
        obfuscate_paths=settings.obfuscate_paths,
        secrets=[settings.plex_token, *settings.notify_url],
    )
    if settings.verify_tls is False and settings.plex_url.startswith("https:"):
        log.warning(
            "the certificate of Plex is not checked: whoever is between it and Stash can read "
            "the Plex token"
        )
    if settings.unknown_keys:
        log.info("settings without a meaning here: %s", ", ".join(settings.unknown_keys))


def _patience_by_hand(data_dir: Path, settings: Settings) -> TaskPatience:
    """That of a task which nobody carries on."""
    is_too_long = Growing(data_dir, PAUSES * settings.read_timeout)
    return TaskPatience(partial(stopping.is_requested, data_dir), is_too_long=is_too_long)


@contextlib.contextmanager
def open_context(
    plugin: PluginInput,
    env: Mapping[str, str],
    on_progress: Callable[[float], None],
    *,
    looks_only: bool = False,
    bears_faults: bool = False,
) -> Iterator[Context]:
    """Connect to Stash, read and check the settings. Raises ConfigError: these; StashError: Stash
    does not answer, or not as it should.

    Args:
        looks_only: a Plex token that was typed into the settings stays there.
        bears_faults: go on, with defaults in their place, where settings make no sense.
    """
    connection = StashConnection.from_plugin_input(plugin.server_connection, env)
    data_dir = data_dir_of(plugin, env)
    is_stopped = partial(stopping.is_requested, data_dir)
    stash = StashClient(connection, retrying=Retrying(patience=TaskPatience(is_stopped)))
    with contextlib.closing(stash):
        stored = _stored_settings(stash)
        save = None if looks_only else partial(change_plugin_settings, stash, PLUGIN_ID)
        read = _read(resolve_token(stored, data_dir, save), env, bears_faults=bears_faults)
        settings = read.settings
        stash.silence = max(LEAST_SILENCE, settings.read_timeout)
        yield Context(
            stash,
            settings,
            data_dir,
            plugin.args,
            on_progress,
            saved=frozenset(stored),
            has_new_settings=lambda: _settings_now(stash, data_dir, env) != settings,
            stored=stored,
            env=env,
            faults=read.faults,
            is_stopped=is_stopped,
            patience=_patience_by_hand(data_dir, settings),
        )
