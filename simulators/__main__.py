"""A library to play with: both simulators, started for use by hand until Ctrl-C.

python -m simulators --scenes 400 --plugin-dir /path/to/plugins
"""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from rich.console import Console
from rich.table import Table

from simulators.launch import Simulators, StartError
from simulators.library.generate import generate
from simulators.seed import Seed


def main(arguments: Sequence[str] | None = None) -> int:
    chosen = _parser().parse_args(arguments)
    console = Console()
    seed = generate(chosen.scenes, chosen.seed, mounts=chosen.mounts)
    stopped = threading.Event()
    # Both by name: a shell may start what it starts in the background deaf to Ctrl-C.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stopped.set())
    simulators = Simulators(
        seed,
        plugin_dir=chosen.plugin_dir,
        token=chosen.token,
        stash_port=chosen.stash_port,
        plex_port=chosen.plex_port,
    )
    try:
        with simulators, suppress(KeyboardInterrupt):
            console.print(summary_table(seed, simulators))
            console.print("Both are running. Stop them with Ctrl-C.")
            # A wait without end cannot be interrupted on Windows.
            while not stopped.wait(0.5):
                pass
    except StartError as error:
        console.print(str(error), style="red", markup=False)
        return 1
    console.print("Stopped.")
    return 0


def summary_table(seed: Seed, simulators: Simulators) -> Table:
    """Where the servers listen, the settings for this library, and how big it is."""
    table = Table(title="Simulators", show_header=False)
    table.add_column()
    table.add_column(overflow="fold")
    table.add_row("Stash", simulators.stash.url)
    table.add_row("Plex (plex_url)", simulators.plex.url)
    table.add_row("plex_token", simulators.plex.token)
    table.add_row("path_map", simulators.truth["path_map"] or "(none needed)")
    table.add_row("scenes", f"{len(seed['stash']['scenes']):,}")
    for section in seed["plex"]["sections"]:
        shown = f"{len(section['items']):,} in {section['title']}, agent {section['agent']}"
        table.add_row("items", shown)
    return table


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulators", description="A simulated Stash and Plex, until Ctrl-C."
    )
    parser.add_argument("--scenes", type=int, default=400, help="scenes in Stash (400)")
    parser.add_argument("--seed", type=int, default=1, help="another number, another library")
    parser.add_argument(
        "--mounts",
        choices=("simple", "different", "windows", "mixed"),
        default="mixed",
        help="how the paths of the two servers differ (mixed)",
    )
    parser.add_argument("--stash-port", type=int, default=9999)
    parser.add_argument("--plex-port", type=int, default=32400)
    parser.add_argument("--token", default="simulated-plex-token", help="Plex's token")
    parser.add_argument(
        "--plugin-dir",
        type=Path,
        action="append",
        default=[],
        help="a folder of Stash plugins; repeatable",
    )
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
