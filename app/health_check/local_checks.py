"""What the plugin stands on: its folder, its files, the disk, Python, and what waits there."""

from __future__ import annotations

import importlib.util
import os
import shutil
import stat
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app.health_check.check_result import Checks
from app.wiring import Context
from core.change_words import counted
from core.errors import StateError
from core.run_kinds import PREVIEW, RECONCILE
from core.settings import Settings
from core.timestamps import in_words
from storage.files import data_folder
from storage.state import State
from storage.state_tables.outages import NAMES
from storage.synced_libraries import KNOWN
from sync_queue.jobs import QueueStats

MB = 1024 * 1024
LITTLE, VERY_LITTLE = 500 * MB, 50 * MB  # free on the disk
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def _free_bytes(path: Path) -> int:
    return shutil.disk_usage(path).free


def _has_module(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


@dataclass(frozen=True, slots=True)
class Machine:
    """The computer, as far as it is asked.

    Attributes:
        free_bytes: on the disk of a folder; raises OSError.
        has_module: whether Python can import one.
    """

    free_bytes: Callable[[Path], int] = _free_bytes
    has_module: Callable[[str], bool] = _has_module
    python: str = sys.version.split()[0]


@dataclass(slots=True)
class LocalState:
    """What our own files say.

    Attributes:
        has_compared: some reconcile or preview has seen the library.
        libraries: titles by key of the libraries of Plex that were synced.
    """

    stats: QueueStats | None = None
    has_compared: bool = False
    libraries: Mapping[str, str] = field(default_factory=dict)


def check_machine(checks: Checks, context: Context, machine: Machine) -> None:
    """The data folder, the disk and Python."""
    _check_folder(checks, context.data_dir)
    try:
        free = machine.free_bytes(context.data_dir)
    except OSError as error:
        free = None
        checks.warn("disk", f"The free space cannot be found out: {error}.", "Look at the disk.")
    if free is not None:
        _check_space(checks, free)
    _check_python(checks, context.settings, machine)
    _check_notifications(checks, context.settings, machine)


def _check_folder(checks: Checks, data_dir: Path) -> None:
    try:
        data_folder.try_writing(data_dir)
    except StateError as error:
        checks.problem("data_folder", error.what, error.advice)
        return
    if os.name != "nt" and data_dir.stat().st_mode & _OTHERS:
        checks.warn(
            "data_folder",
            f"The data folder {data_dir} can be written, but others can look into it.",
            "Take their rights away (chmod 700), or choose a folder of its own with"
            " STASH_PLUGIN_DATA.",
        )
    else:
        checks.ok("data_folder", f"The data folder {data_dir} can be written and is private.")


def _check_space(checks: Checks, free: int) -> None:
    text = f"{free // MB:,} MB are free on the disk of the data folder."
    if free < VERY_LITTLE:
        checks.problem("disk", text, "Make room on that disk.")
    elif free < LITTLE:
        checks.warn("disk", text, "Make room on that disk before it is full.")
    else:
        checks.ok("disk", text)


def _check_python(checks: Checks, settings: Settings, machine: Machine) -> None:
    if settings.poster_fit != "none" and not machine.has_module("PIL"):
        checks.warn(
            "python",
            f"Python {machine.python} runs the plugin and has no Pillow, so covers stay as wide as"
            " they are.",
            "Install Pillow into Stash's Python, or choose none in poster_fit.",
        )
    else:
        checks.ok("python", f"Python {machine.python} runs the plugin.")


def _check_notifications(checks: Checks, settings: Settings, machine: Machine) -> None:
    schemes = {address.partition(":")[0].lower() for address in settings.notify_url}
    others = sorted(schemes - {"http", "https"})
    if others and not machine.has_module("apprise"):
        checks.warn(
            "notifications",
            f"Nobody is told at addresses that begin with {', '.join(others)}, since Apprise is"
            " not installed.",
            "Install Apprise into Stash's Python, or enter the address of a webhook in notify_url.",
        )


def check_files(checks: Checks, context: Context) -> LocalState:
    """The state, the queue, and what they say of work and of outages."""
    kept, damage = LocalState(), list[str]()
    try:
        with context.open_state(damage.append) as state:
            kept.has_compared = any(
                run.kind in (RECONCILE, PREVIEW) for run in state.runs.latest_of_each_kind()
            )
            kept.libraries = state.get_value(KNOWN)
            _check_outages(checks, state, context.clock())
        with context.open_queue(damage.append) as queue:
            kept.stats = queue.stats(context.clock())
            _check_queue(checks, kept.stats)
    except StateError as error:
        checks.problem("state", str(error), "Do what it says, and start the health check again.")
        return kept
    for sentence in damage:
        checks.problem("state", sentence, "Nothing has to be done, unless it happens again.")
    if not damage:
        checks.ok("state", "The plugin's own files can be read.")
    return kept


def _check_outages(checks: Checks, state: State, now: float) -> None:
    for service, name in NAMES.items():
        breaker = state.outages.breaker(service, now)
        if not breaker.failures:
            continue
        since = f" for {in_words(now - breaker.since)}" if breaker.since is not None else ""
        checks.warn(
            "outage",
            f"When it was asked last, {name} did not answer{since}.",
            "Press 'Sync Changes' once it is back, or wait: all that waits is brought to Plex.",
        )


def _check_queue(checks: Checks, stats: QueueStats) -> None:
    dead = sum(stats.dead.values())
    if stats.held:
        checks.warn(
            "held",
            f"{_scenes(stats.held)} held back, because too much would be taken from Plex.",
            "Look at what is held back, and press 'Confirm Stopped Run' if it is right.",
        )
    if dead:
        checks.warn(
            "dead_letters",
            f"{_scenes(dead)} given up on.",
            "Look at the dead letters, mend what they say, and retry them.",
        )
    checks.ok("queue", f"{_scenes(stats.waiting)} waiting to be brought to Plex.")


def _scenes(count: int) -> str:
    return counted(count, "scene is", "scenes are")
