"""Which run is to be taken back, and what became of that."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, field
from typing import Any

from core.errors import ConfigError
from storage.runs import Run
from storage.state import KEPT_DAYS, State
from worker.executor import drain
from worker.preview import apply

log = logging.getLogger(__name__)

KIND = "undo"
KINDS = (drain.KIND, apply.KIND, KIND)
LISTED = 50  # lines of a kind that a reply carries; the counts are whole


@dataclass(slots=True)
class UndoResult:
    """What became of a run that was taken back, in fields and pictures unless it says otherwise.

    Attributes:
        run_id: of the undo itself, to undo that; None for a look that writes nothing.
        undone_run: the run that was taken back.
        restored: put back; `lines` says which, of a look.
        already: there already as they were before the run.
        changed_since: left alone, since they are no longer as the run left them.
        gone: items that are no longer in Plex.
        failed: those that Plex did not take.
        items_edited, scenes: how many were written to, and how many scenes that concerns.
    """

    run_id: int | None
    undone_run: int
    restored: int = 0
    already: int = 0
    changed_since: int = 0
    changed: list[str] = field(default_factory=list)
    gone: int = 0
    failed: int = 0
    failures: list[str] = field(default_factory=list)
    items_edited: int = 0
    scenes: int = 0
    lines: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The figures by name, as a task replies with them."""
        return asdict(self)

    def note_changed(self, line: str) -> None:
        """Count what changed since, and list it while there is room."""
        self.changed_since += 1
        if len(self.changed) < LISTED:
            self.changed.append(line)

    def note_failed(self, line: str) -> None:
        """Count what failed, and list it while there is room."""
        self.failed += 1
        log.warning("%s", line)
        if len(self.failures) < LISTED:
            self.failures.append(line)


def chosen_run(state: State, wanted: int | None) -> Run:
    """The run to take back: the one named, or the last that changed anything.

    The last one may be an undo that was interrupted: then that is to go on.

    Raises:
        ConfigError: there is none such, or it cannot be undone.
    """
    run_id = wanted if wanted is not None else state.journal.last_run(KINDS)
    run = state.runs.get(run_id) if run_id is not None else None
    if wanted is None and run is not None and is_unfinished(run):
        target = run.figures.get("undone_run")
        run = state.runs.get(target) if isinstance(target, int) else None
    if run is None:
        which = "no run that changed anything" if wanted is None else f"no run {wanted}"
        raise ConfigError(f"There is {which}. Runs are kept for {KEPT_DAYS} days.")
    if run.kind not in KINDS:
        raise ConfigError(f"Run {run.id} is a {run.kind}: it has changed nothing in Plex.")
    return run


def is_unfinished(run: Run) -> bool:
    """Whether a run is an undo that did not come to its end."""
    return run.kind == KIND and run.status in ("running", "failed")
