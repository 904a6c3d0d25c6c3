"""The plugin at work between a simulated Stash and a simulated Plex, for people to watch.

    python -m simulators.demo.__main__ [--scenes 500] [--seed 1] [--svg FILE] [--page]

On a terminal, or with --page, it ends with the plugin's page open to look at, until Ctrl-C. The
exit status is 1 if anything in Plex differs at the end from what it must be.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from threading import Event

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from simulators.demo.report import Page, leftovers, opening, outcome
from simulators.demo.run import (
    PLUGIN,
    DemoRun,
    TaskFailed,
    TaskRun,
    Traffic,
    judge,
    perform,
    plugin_folder,
    prepared,
)
from simulators.demo.scenes import stories
from simulators.launch import ROOT, ServerProcess, Simulators, StartError
from simulators.library.generate import generate
from simulators.seed import Seed

WIDTH = 80
START_SECONDS = 60.0
SVG_ID = "demo"  # the same picture has the same bytes


def main(arguments: Sequence[str] | None = None) -> int:
    chosen = _parser().parse_args(arguments)
    console = Console(highlight=False)
    seed = generate(chosen.scenes, chosen.seed)
    console.print(opening(seed))
    console.print()
    try:
        with plugin_folder() as plugins, prepared(seed, plugins) as both:
            with watching(console) as watcher:
                run = perform(both, watcher)
            status = show(console, seed, run, chosen.svg)
            if console.is_terminal or chosen.page:
                serve_page(console, both, plugins)
            return status
    except (StartError, TaskFailed) as error:
        console.print(str(error), style="red", markup=False)
        return 1
    except KeyboardInterrupt:
        return 130


def serve_page(console: Console, both: Simulators, plugins: Path) -> None:
    """Offer the plugin's page between both servers until somebody presses Ctrl-C.

    Raises:
        StartError: it could not be started.
    """
    published = plugins / PLUGIN / "public"
    published.mkdir(exist_ok=True)
    arguments = ["--stash", both.stash.url, "--plugin-dir", str(ROOT), "--assets", str(published)]
    with TemporaryFile("w+", encoding="utf-8", errors="replace") as messages:
        host = ServerProcess("simulators.host.server", arguments, messages)
        try:
            address = f"{host.ready(START_SECONDS)}/plugins/stash2plex"
            text = f"The plugin's page is at {address} until you press Ctrl-C."
            console.print(text, markup=False, soft_wrap=True)
            with suppress(KeyboardInterrupt):
                Event().wait()
        finally:
            host.stop()


def show(console: Console, seed: Seed, run: DemoRun, svg: Path | None = None) -> int:
    """Print the last page, save it as a picture too if asked; the exit status."""
    verdict = judge(run)
    page = Page(run, verdict, stories(run))
    console.print(page)
    if svg is not None:
        _save_picture(seed, page, svg)
        console.print(f"The picture is in {svg}.", markup=False)
    return 1 if verdict.problems or leftovers(run.tasks[-1]) else 0


class Bars:
    """A progress bar for each task: what the plugin tells Stash, and what the servers count."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._current: TaskID | None = None

    def started(self, task: str) -> None:
        self._current = self._progress.add_task(task, total=1.0, traffic="")

    def progress(self, share: float, traffic: Traffic) -> None:
        if self._current is not None:
            self._progress.update(self._current, completed=share, traffic=_requests(traffic))

    def ended(self, run: TaskRun) -> None:
        self.progress(1.0, run.traffic)


class Lines:
    """A line for each task: for files and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def started(self, task: str) -> None:
        """Say nothing: only what is finished has figures."""

    def progress(self, share: float, traffic: Traffic) -> None:
        """Say nothing either."""

    def ended(self, run: TaskRun) -> None:
        text = f"{run.task}: {outcome(run)}, {run.seconds:.1f} s, {_requests(run.traffic)}"
        self._console.print(text, markup=False, soft_wrap=True)


def _requests(traffic: Traffic) -> str:
    total = traffic.stash + traffic.plex_reads + traffic.plex_writes
    return f"{total:,} requests"


@contextmanager
def watching(console: Console) -> Iterator[Bars | Lines]:
    """Somebody to watch the tasks, as fits the console."""
    if not console.is_terminal:
        yield Lines(console)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("[dim]{task.fields[traffic]:>14}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, expand=True) as progress:
        yield Bars(progress)


def _save_picture(seed: Seed, page: Page, path: Path) -> None:
    console = Console(
        record=True, file=io.StringIO(), width=WIDTH, force_terminal=True, color_system="truecolor"
    )
    console.print(Text("$ make demo", style="bold"))
    console.print(opening(seed))
    console.print(page)
    svg = console.export_svg(title="make demo", unique_id=SVG_ID)
    path.write_text(svg, encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulators.demo.__main__",
        description="Sync a simulated Stash to a simulated Plex and show what happened.",
    )
    parser.add_argument("--scenes", type=int, default=500, help="scenes in Stash (500)")
    parser.add_argument("--seed", type=int, default=1, help="another number, another library")
    parser.add_argument("--svg", type=Path, help="save the last page as a picture")
    parser.add_argument("--page", action="store_true", help="keep the page open without a terminal")
    return parser


if __name__ == "__main__":
    sys.exit(main())
