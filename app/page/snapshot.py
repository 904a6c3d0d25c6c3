"""How things stand: all that the overview and the published figures are made of, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.page.context import PageContext
from app.page.running_task import Running, running_now
from app.schedule.history import HISTORY
from app.sync_changes.watermark import WATERMARK
from core import reconcile_due
from core.circuit_breaker import Breaker
from core.finding_types import GAPS
from core.reconcile_due import INTERVALS, WantedSchedule
from core.run_kinds import RECONCILE
from core.scopes import BY_SETTING
from core.timestamps import DAY
from storage.page.log_lines import LogLine
from storage.page.page_facts import LAST, REFUSED_AT, SETTINGS
from storage.state import State
from storage.state_tables.outages import NAMES
from storage.state_tables.runs import Run
from sync_queue.inbox import INBOX_FILE

POINTS = 180  # of the chart
MANY = 5_000  # jobs
POINTS_DAYS = 30


@dataclass(frozen=True, slots=True)
class PageSnapshot:
    """Times are epoch seconds.

    Attributes:
        settings: as the last task read them; empty before the first one.
        last: of the last whole reconcile, see `storage.page.page_facts`.
        by_type: findings by type.
        next_due: when the next waiting job is due.
        edits_waiting: changes that hooks have noted and no task has looked at.
        unfinished: scenes that were in step, and of which something waits, is held or was given up
            on; without a finding, since they changed after the last reconcile.
        latest_reconcile: the newest run, whatever became of it.
        breakers: by service.
        errors: of the outages that last, by service.
        undone: scenes of which the last sync was undone.
        stopped: the run that a guard has stopped, if it can still be confirmed.
        is_used: something has been synced.
        seen_at: the latest change in Stash that a task has seen; None: no task has looked.
        failure: the error that the last task of its kind has ended with, if one has.
    """

    now: float
    settings: Mapping[str, Any]
    last: Mapping[str, Any]
    by_type: Mapping[str, int]
    refused_at: float
    undone: int
    waiting: int
    next_due: float | None
    dead_letters: int
    held: int
    edits_waiting: int
    unfinished: int
    latest_reconcile: Run | None
    next_reconcile_at: float | None
    breakers: Mapping[str, Breaker]
    errors: Mapping[str, str]
    stopped: Run | None
    points: list[dict[str, Any]]
    running: Running | None
    is_used: bool
    seen_at: float | None
    failure: LogLine | None

    @property
    def is_new(self) -> bool:
        """Nothing has been compared or synced so far."""
        return not (self.last or self.is_used)

    @property
    def gaps_by_type(self) -> dict[str, int]:
        return {kind: self.by_type.get(kind, 0) for kind in GAPS}

    @property
    def gaps(self) -> int:
        return sum(self.gaps_by_type.values())

    @property
    def scenes(self) -> int:
        return int(self.last.get("scenes") or 0)

    @property
    def left_alone(self) -> int:
        """Without a finding: those of the last reconcile, and what is undone by now."""
        return int(self.last.get("left_alone") or 0) + self.undone if self.last else 0

    @property
    def in_step(self) -> int:
        """The scenes that show in Plex what they should; those left alone are none."""
        apart = sum(self.by_type.values()) + self.left_alone + self.unfinished
        return max(0, self.scenes - apart)

    @property
    def is_automatic(self) -> bool:
        """Whether reconciles come by themselves, as far as is known."""
        return not self.settings or _interval(self.settings) is not None

    def away_since(self, service: str) -> float | None:
        """Since when a server does not answer; None where it does."""
        breaker = self.breakers[service]
        return breaker.since if breaker.failures else None


def snapshot(context: PageContext, *, with_points: bool = True) -> PageSnapshot:
    """How things stand now. Raises StateError: a file cannot be read."""
    now = context.clock()
    with context.open_queue() as queue:
        stats, next_due = queue.stats(now), queue.next_due(now)
        dead = sum(stats.dead.values())
        number = stats.waiting + stats.working + stats.held + dead
        unfinished = queue.unfinished_scene_ids() if number <= MANY else set[int]()
    with context.open_page() as page:
        settings, last = page.get_value(SETTINGS), page.get_value(LAST)
        by_type, refused_at = page.findings.count_by_type(), page.get_value(REFUSED_AT)
        unfinished -= page.findings.among(unfinished)
        failure = page.log.latest_error()
        # Of many, most are what a reconcile has found: the rest is told, and not looked for.
        more = number - sum(by_type.values()) if number > MANY else 0
    with context.open_state() as state:
        return PageSnapshot(
            now,
            settings,
            last,
            by_type,
            refused_at,
            state.records.count_undone(),
            stats.waiting,
            next_due,
            dead,
            stats.held,
            _edits(context),
            len(state.records.among(unfinished)) + max(0, more),
            state.runs.newest(RECONCILE),
            _next_reconcile(state, settings, now),
            {service: state.outages.breaker(service, now) for service in NAMES},
            {o.service: o.error for o in state.outages.outages(now) if o.ended_at is None},
            state.runs.stopped_latest(),
            _points(state, now) if with_points else [],
            running_now(context.data_dir, now),
            state.records.are_there(),
            mark.at if (mark := state.get_value(WATERMARK)) is not None else None,
            failure,
        )


def _edits(context: PageContext) -> int:
    if not (context.data_dir / INBOX_FILE).exists():
        return 0
    with context.open_inbox() as inbox:
        return inbox.count()


def _interval(settings: Mapping[str, Any]) -> float | None:
    is_on = settings.get("enabled") and settings.get("syncs")
    return INTERVALS.get(settings.get("reconcile_interval") or "") if is_on else None


def _next_reconcile(state: State, settings: Mapping[str, Any], now: float) -> float | None:
    scope = BY_SETTING.get(settings.get("reconcile_scope") or "", BY_SETTING["all"])
    history = reconcile_due.seen(state.get_value(HISTORY), now)
    return reconcile_due.due_at(history, WantedSchedule(_interval(settings), scope.name))


def _points(state: State, now: float) -> list[dict[str, Any]]:
    """Gaps and synced scenes over time, from the first whole reconcile on; where none ended, the
    gaps are those before."""
    since = state.runs.first_end(now - POINTS_DAYS * DAY)
    if since is None:
        return []
    width = max(1.0, (now - since) / POINTS)
    gaps: int | None = None
    points: list[dict[str, Any]] = []
    for stretch, synced, found in state.runs.sums(since, width):
        gaps = found if found is not None else gaps
        at = min((stretch + 1) * width, now)
        if gaps is None:
            continue
        points.append({"at": at, "gaps": gaps, "synced": synced})
    return points
