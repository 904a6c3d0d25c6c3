"""Measure the plugin against the simulated servers.

python -m benchmarks            everything, into docs/performance.md; takes some minutes
python -m benchmarks --quick    small libraries, once, on the screen only
python -m benchmarks --short    reconciles alone; fails where requests or memory are too many
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from benchmarks.amounts import FULL, ONCE_ABOVE, QUICK, SHORT, Plan, Say
from benchmarks.covers import measure_covers
from benchmarks.drain import measure_drain
from benchmarks.enqueue import measure_enqueueing
from benchmarks.hooks import measure_hooks
from benchmarks.library import measure_libraries
from benchmarks.meter import ROOT
from benchmarks.page import measure_page
from benchmarks.performance_page import kept
from benchmarks.rename import measure_rename
from benchmarks.result_tables import Goal, Report, Sheet, goals_sheet, in_markdown, on_screen
from benchmarks.simulated_servers import LATENCY, BenchmarkError
from simulators.launch import StartError

MEANING = (
    "What it means for a library: a first reconcile reads all of both servers, and works while "
    "they send; a real Stash needs about a millisecond for each scene. Later ones read what has "
    "changed. Memory hardly grows with the library: 500 scenes at a time are held against Plex, "
    "and all else waits in files. A library of Plex in which an item came or went is listed whole, "
    "since nothing that Plex offers tells safely which one went.\n\n"
)
MISSED = 2  # the exit status where a goal was missed
PAGE = ROOT / "docs" / "performance.md"
# In the order of the report. A new benchmark is a function here and a field of Plan.
BENCHMARKS: tuple[Callable[[Plan, Say], Report], ...] = (
    measure_libraries,
    measure_enqueueing,
    measure_hooks,
    measure_drain,
    measure_covers,
    measure_rename,
    measure_page,
)


def main(arguments: Sequence[str] | None = None) -> int:
    chosen = _parser().parse_args(arguments)
    plan = _plan(chosen)
    console, notes = Console(highlight=False), Console(stderr=True, highlight=False)

    def say(text: str) -> None:
        notes.print(text, style="dim", markup=False)

    benchmarks = (measure_libraries,) if chosen.short else BENCHMARKS
    try:
        reports = [benchmark(plan, say) for benchmark in benchmarks]
    except (BenchmarkError, StartError) as error:
        notes.print(str(error), style="red", markup=False)
        return 1
    sheets = in_order(reports)
    console.print(on_screen(sheets))
    target = chosen.output or (PAGE if plan == FULL else None)
    if target is not None:
        text = page(sheets, _command(arguments)) + kept(target)
        target.write_text(text, encoding="utf-8")
        for report in reports:
            if report.plot:
                target.with_suffix(".svg").write_text(report.plot, encoding="utf-8")
        console.print(f"\nWritten to {target}.", markup=False)
    return MISSED if chosen.short and missed(reports) else 0


def missed(reports: Sequence[Report]) -> list[Goal]:
    """The goals that were missed, whatever the machine."""
    goals = (goal for report in reports for goal in report.goals)
    return [goal for goal in goals if not goal.met and not goal.is_timed]


def in_order(reports: Sequence[Report]) -> list[Sheet]:
    """The targets first: they are what most readers came for."""
    goals = [goal for report in reports for goal in report.goals]
    return [goals_sheet(goals), *(sheet for report in reports for sheet in report.sheets)]


def page(sheets: Sequence[Sheet], command: str) -> str:
    """The whole file."""
    return (
        "# Performance\n\n"
        f"Made by `{command}`, which measures the plugin as Stash starts it: a process for each "
        "task, against both simulated servers on the same machine, "
        f"{1000 * LATENCY:g} ms for each request. Times depend on the machine; requests and "
        "memory hardly do.\n\n"
        f"Machine: {machine()}.\n\n"
        "The *floor* is what a bare client needs, in the same run, to fetch the same pages from "
        "the same servers one after the other and decode them. It lets the servers pack their "
        "answers, as requests does by itself; the plugin asks those of its own machine not to, "
        "which is part of what it spares. Runs of the plugin and of the floor alternate, and "
        "medians are shown; libraries of more than "
        f"{ONCE_ABOVE:,} scenes are measured once. Pictures are switched off.\n\n"
        + MEANING
        + in_markdown(sheets)
    )


def machine() -> str:
    """The machine in a few words."""
    cores = os.cpu_count() or 1
    plural = "" if cores == 1 else "s"
    system = f"{platform.system()} on {platform.machine()}"
    return f"{cores} core{plural}, {system}, Python {platform.python_version()}"


def _command(arguments: Sequence[str] | None) -> str:
    given = sys.argv[1:] if arguments is None else list(arguments)
    return " ".join(["python -m benchmarks", *given]) if given else "make bench"


def _plan(chosen: argparse.Namespace) -> Plan:
    plan = SHORT if chosen.short else QUICK if chosen.quick else FULL
    if chosen.sizes:
        sizes = tuple(sorted(chosen.sizes))
        synced = tuple(size for size in sizes if size <= plan.judged) or sizes[:1]
        plan = replace(plan, sizes=sizes, synced=synced)
    if chosen.rounds:
        plan = replace(plan, rounds=chosen.rounds)
    return plan


def _sizes(text: str) -> list[int]:
    return [int(size) for size in text.split(",")]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure the plugin against simulated servers."
    )
    parser.add_argument("--quick", action="store_true", help="small libraries, once")
    parser.add_argument("--short", action="store_true", help="for continuous integration")
    parser.add_argument("--sizes", type=_sizes, help="other libraries, like 1000,10000")
    parser.add_argument("--rounds", type=int, help="how often each reconcile is measured")
    parser.add_argument("--output", type=Path, help="the file to write (all: docs/performance.md)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
