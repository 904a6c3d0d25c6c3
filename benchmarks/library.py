"""Reconcile and drain against libraries of several sizes, each started once for all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.amounts import Plan, Say
from benchmarks.floor import Floor
from benchmarks.growth import exponent, plot
from benchmarks.result_tables import Goal, Report, Sheet, figure
from benchmarks.simulated_servers import NO_SUCH_MODE, Stage, TaskCost, stage

MB, LARGE = 1_000_000, 100_000  # bytes; scenes
RECONCILE, DRAIN = "reconcile_all", "process_queue"
# Requests of a reconcile that do not grow with the library.
CONSTANT_REQUESTS, PAGE = 20, 500
# What a first and a repeated reconcile may take: of a large library, and of others.
LARGE_FLOORS, FLOORS = (2.0, 0.25), (3.0, 2.0)
LARGE_MB, MOST_MB = 120, 110
LARGE_REQUESTS, LARGE_AGAIN = 420, 230
# Exponents of growth, from this size on: 1 is in proportion, 0 is not at all.
GROWS_FROM, TIME_GROWTH, MEMORY_GROWTH = 10_000, 1.05, 0.1
FEW_CHANGED = 10  # requests more than where nothing has
LIBRARIES = 6  # of the generated library, and one more
READS_PER_CHANGE, WRITES_PER_CHANGE = 0.1, 1.1


@dataclass(frozen=True, slots=True)
class Series:
    """The rounds of one reconcile, and the floor measured between them."""

    costs: tuple[TaskCost, ...]
    floors: tuple[Floor, ...]

    @property
    def wall(self) -> float:
        return median(cost.usage.wall for cost in self.costs)

    @property
    def cpu(self) -> float:
        return median(cost.usage.cpu for cost in self.costs)

    @property
    def peak_mb(self) -> float:
        return max(cost.usage.peak_rss for cost in self.costs) / MB

    @property
    def floor(self) -> float:
        return median(each.wall for each in self.floors)

    @property
    def floor_halves(self) -> tuple[float, float]:
        """Of the floor, the part of Stash and that of Plex."""
        return median(each.stash for each in self.floors), median(each.plex for each in self.floors)

    @property
    def cpu_floors(self) -> float:
        return self.cpu / median(each.cpu for each in self.floors)

    @property
    def received_floors(self) -> float:
        """Bytes of the answers, in those of the floor."""
        return self.busiest.received / self.floors[0].received

    @property
    def times_floor(self) -> float:
        return self.wall / self.floor

    @property
    def busiest(self) -> TaskCost:
        return max(self.costs, key=lambda cost: cost.requests)


@dataclass(frozen=True, slots=True)
class Drained:
    """A drain; `changed` is how many scenes had an item to be changed."""

    cost: TaskCost
    changed: int

    @property
    def jobs(self) -> int:
        jobs: int = self.cost.output["processed"]
        return jobs

    @property
    def reads_per_change(self) -> float:
        return self.cost.plex_reads / max(self.changed, 1)

    @property
    def writes_per_change(self) -> float:
        return self.cost.plex_writes / max(self.changed, 1)


@dataclass(frozen=True, slots=True)
class LibraryFigures:
    """All that was measured with one library; `edited` is `again`, once `few` scenes were."""

    scenes: int
    first: Series
    again: Series | None = None
    edited: Series | None = None
    few: int = 0
    sync: Drained | None = None
    drain: Drained | None = None


@dataclass(frozen=True, slots=True)
class StartUp:
    """Starting the plugin and loading all of it: seconds of wall and CPU time."""

    wall: float
    cpu: float


def measure_libraries(plan: Plan, say: Say) -> Report:
    """Measure all sizes of the plan."""
    figures: list[LibraryFigures] = []
    start = StartUp(0.0, 0.0)
    for size in plan.sizes:
        say(f"starting the servers with {size:,} scenes")
        with stage(size) as here:
            if not figures:
                start = measure_start(here, plan.rounds)
            figures.append(measure_library(here, size, plan, say))
    return report_on(figures, start, plan.judged)


def measure_start(here: Stage, rounds: int) -> StartUp:
    """Start the plugin for nothing."""
    starts = [here.start(NO_SUCH_MODE) for _ in range(rounds)]
    return StartUp(median(each.wall for each in starts), median(each.cpu for each in starts))


def measure_library(here: Stage, size: int, plan: Plan, say: Say) -> LibraryFigures:
    """Measure with one library, from its first day on."""
    say(f"{size:,} scenes: reconcile for the first time")
    rounds = plan.rounds_of(size)
    first = _series(here, rounds, from_scratch=True)
    if size not in plan.synced:
        return LibraryFigures(size, first)
    say(f"{size:,} scenes: sync them all")
    sync = _drained(here.task(DRAIN))
    # The servers' own times move with every edit; this run notes them.
    here.task(RECONCILE)
    say(f"{size:,} scenes: reconcile again")
    again = _series(here, rounds, first.busiest.listings)
    say(f"{size:,} scenes: change {plan.few:,} and reconcile once more")
    _edit(here, plan.few)
    edited = _series(here, 1, first.busiest.listings)
    say(f"{size:,} scenes: change {plan.changed:,} and sync those")
    _edit(here, plan.changed)
    here.task(RECONCILE)
    drain = _drained(here.task(DRAIN))
    return LibraryFigures(size, first, again, edited, plan.few, sync, drain)


def report_on(figures: Sequence[LibraryFigures], start: StartUp, judged: int) -> Report:
    """The tables, and the targets for the library of `judged` scenes."""
    sheets = [_reconcile_sheet(figures, start), _drain_sheet(figures)]
    if len(figures) > 1:
        sheets.insert(1, _growth_sheet(figures))
    subject = next(each for each in figures if each.scenes == judged)
    return Report(tuple(sheets), tuple(_goals(subject, figures)), _plot(figures))


def _plot(figures: Sequence[LibraryFigures]) -> str:
    again = [(each.scenes, each.again) for each in figures if each.again is not None]
    return plot(
        {
            "Time in floors": {
                "first": [(each.scenes, each.first.times_floor) for each in figures],
                "again": [(scenes, series.times_floor) for scenes, series in again],
            },
            "Peak memory, MB": {
                "first": memory_of(figures),
                "again": [(scenes, series.peak_mb) for scenes, series in again],
            },
        }
    )


def grown_from(figures: Sequence[LibraryFigures]) -> list[LibraryFigures]:
    """Those libraries that growth is told of: small ones are mostly the start of the process."""
    return [each for each in figures if each.scenes >= GROWS_FROM]


def times_of(figures: Sequence[LibraryFigures]) -> list[tuple[float, float]]:
    """Scenes and seconds of the first reconcile."""
    return [(each.scenes, each.first.wall) for each in figures]


def memory_of(figures: Sequence[LibraryFigures]) -> list[tuple[float, float]]:
    """Scenes and megabytes of the first reconcile."""
    return [(each.scenes, each.first.peak_mb) for each in figures]


def _series(
    here: Stage, rounds: int, listings: tuple[str, ...] = (), *, from_scratch: bool = False
) -> Series:
    """Measure a reconcile; the floor fetches these pages of Plex, or those of the run itself."""
    costs, floors = [], []
    for _ in range(rounds):
        if from_scratch:
            here.forget()
        costs.append(here.task(RECONCILE))
        floors.append(here.floor(listings or costs[-1].listings))
    return Series(tuple(costs), tuple(floors))


def _edit(here: Stage, count: int) -> None:
    """Change scenes that own one item each."""
    owned = here.both.truth["matches"]
    scenes = [int(scene) for scene, items in owned.items() if len(items) == 1][:count]
    here.edit(scenes, f"Rewritten for the benchmark, with {count - 1} others.")


def _drained(cost: TaskCost) -> Drained:
    return Drained(cost, cost.output["items_edited"])


def _reconcile_sheet(figures: Sequence[LibraryFigures], start: StartUp) -> Sheet:
    rows = []
    for each in figures:
        runs = ("first", each.first), ("again", each.again), (f"{each.few:,} changed", each.edited)
        for name, series in runs:
            if series is None:
                continue
            cost = series.busiest
            halves = " + ".join(figure(half) for half in series.floor_halves)
            rows.append(
                (
                    f"{each.scenes:,}",
                    name,
                    f"{cost.stash_requests:,}",
                    f"{cost.plex_reads:,}",
                    figure(series.wall, "s"),
                    f"{halves} s",
                    figure(series.times_floor),
                    figure(series.cpu, "s"),
                    figure(series.cpu_floors),
                    figure(series.received_floors),
                    figure(series.peak_mb, "MB"),
                )
            )
    note = (
        "The floor is told by its halves, Stash and Plex. *times*: wall, CPU and bytes received in "
        "those of the floor, which fetches all pages. Starting the process is part of wall and "
        f"CPU: {figure(start.wall, 's')} and {figure(start.cpu, 's')}."
    )
    columns = (
        *(">scenes", "run", ">Stash", ">Plex", ">wall", ">floor", ">times"),
        *(">CPU", ">times", ">bytes, times", ">peak"),
    )
    return Sheet("Reconcile: requests, time, memory", columns, tuple(rows), note)


def _growth_sheet(figures: Sequence[LibraryFigures]) -> Sheet:
    smallest = figures[0]
    rows = tuple(
        (
            f"{each.scenes:,}",
            figure(each.first.wall, "s"),
            figure(1000 * 1000 * each.first.wall / each.scenes, "ms"),
            f"{each.scenes / smallest.scenes:.1f}",
            f"{each.first.wall / smallest.first.wall:.1f}",
        )
        for each in figures
    )
    columns = (">scenes", ">wall", ">for 1,000 scenes", ">times scenes", ">times wall")
    grown = grown_from(figures)
    note = "![Time and memory of a reconcile](performance.svg)"
    if len(grown) > 1:
        note = (
            f"From {grown[0].scenes:,} scenes on, time grows by the power of "
            f"{exponent(times_of(grown)):.2f} of the library, and memory by the power of "
            f"{exponent(memory_of(grown)):.2f} (least squares; 1 is in proportion, 0 is not at "
            f"all).\n\n{note}"
        )
    return Sheet("Growth of the first reconcile", columns, rows, note)


def _drain_sheet(figures: Sequence[LibraryFigures]) -> Sheet:
    rows = []
    for each in figures:
        for name, drained in (("all, first sync", each.sync), ("changed scenes", each.drain)):
            if drained is None:
                continue
            wall = drained.cost.usage.wall
            rows.append(
                (
                    f"{each.scenes:,}",
                    name,
                    f"{drained.jobs:,}",
                    f"{drained.changed:,}",
                    figure(wall, "s"),
                    f"{drained.jobs / wall:,.0f}",
                    f"{drained.writes_per_change:.2f}",
                    f"{drained.reads_per_change:.2f}",
                )
            )
    note = "Writes and reads are requests to Plex for each item that was changed."
    columns = (">scenes", "drain", ">jobs", ">changed", ">wall", ">jobs/s", ">writes", ">reads")
    return Sheet("Process Queue", columns, tuple(rows), note)


def _goals(judged: LibraryFigures, figures: Sequence[LibraryFigures]) -> list[Goal]:
    goals = [*_reconcile_goals(judged, "first", judged.first)]
    if judged.again is not None:
        goals += _reconcile_goals(judged, "repeated", judged.again)
    if judged.again is not None and judged.edited is not None:
        more = judged.edited.busiest.requests - judged.again.busiest.requests
        what = f"the same with {judged.few} scenes changed: requests more"
        goals.append(Goal(what, more, FEW_CHANGED))
    grown = grown_from(figures)
    if len(grown) > 1:
        span = f"first reconcile, {grown[0].scenes:,} to {grown[-1].scenes:,} scenes"
        time, memory = exponent(times_of(grown)), exponent(memory_of(grown))
        goals += [
            Goal(f"{span}: exponent of time", time, TIME_GROWTH, is_timed=True),
            Goal(f"{span}: exponent of memory", memory, MEMORY_GROWTH),
        ]
    if judged.drain is not None:
        drain = judged.drain
        goals += [
            Goal("Plex writes per changed scene", drain.writes_per_change, WRITES_PER_CHANGE),
            Goal("Plex reads per changed scene", drain.reads_per_change, READS_PER_CHANGE),
        ]
    return goals


def _reconcile_goals(judged: LibraryFigures, name: str, series: Series) -> list[Goal]:
    scenes, is_first = judged.scenes, name == "first"
    items = judged.first.busiest.output["items_listed"]
    if scenes >= LARGE:
        allowed, floors, most = LARGE_AGAIN, LARGE_FLOORS[1], LARGE_MB
        if is_first:
            allowed, floors = LARGE_REQUESTS, LARGE_FLOORS[0]
    else:
        listed = scenes + items if is_first else scenes
        allowed = listed // PAGE + CONSTANT_REQUESTS + (0 if is_first else 3 * LIBRARIES)
        floors, most = FLOORS[0 if is_first else 1], MOST_MB
    what = f"{name} reconcile of {scenes:,} scenes"
    return [
        Goal(f"{what}: requests", series.busiest.requests, allowed),
        Goal(f"{what}: time in floors", series.times_floor, floors, is_timed=True),
        Goal(f"{what}: peak memory", series.peak_mb, most, "MB"),
    ]
