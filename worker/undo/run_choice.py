"""Which run is to be taken back."""

from __future__ import annotations

from core.errors import ConfigError
from core.run_kinds import UNDO, UNDOABLE
from storage.state import KEPT_DAYS, State
from storage.state_tables.runs import Run


def chosen_run(state: State, wanted: int | None) -> Run:
    """The run to take back: the one named, or the last that changed anything.

    The last one may be an undo that has not put everything back: then that is to go on.

    Raises:
        ConfigError: there is none such, or it cannot be undone.
    """
    ids = [wanted] if wanted is not None else state.journal.last_runs(UNDOABLE)
    run = state.runs.get(ids[0]) if ids else None
    if wanted is None and run is not None and is_unfinished(run):
        target = run.figures.get("undone_run")
        run = state.runs.get(target) if isinstance(target, int) else None
    if run is None:
        which = "no run that changed anything" if wanted is None else f"no run {wanted}"
        raise ConfigError(f"There is {which}. Runs are kept for {KEPT_DAYS} days.")
    if run.kind not in UNDOABLE:
        raise ConfigError(f"Run {run.id} is a {run.kind}: it has changed nothing in Plex.")
    return run


def is_unfinished(run: Run) -> bool:
    """Whether a run is an undo that was cut off, or of which something failed."""
    return run.kind == UNDO and run.status != "done"
