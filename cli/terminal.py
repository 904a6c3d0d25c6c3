"""What a person sees: lines, a bar, tables; or one JSON document. Plain where no terminal is."""

from __future__ import annotations

import datetime
import io
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from core.text import visible
from shell import logs, protocol

_STYLES = {
    protocol.ERROR: "red",
    protocol.WARNING: "yellow",
    protocol.DEBUG: "dim",
    protocol.TRACE: "dim",
}


class Terminal(protocol.Frames):
    """The way out of a command. Log lines and progress go to stderr, what was asked for to stdout.

    Args:
        as_json: stdout gets one JSON document and nothing else.
        quiet: only warnings and errors are logged.
    """

    def __init__(
        self, *, as_json: bool, quiet: bool, out: Console | None = None, err: Console | None = None
    ) -> None:
        self.as_json = as_json
        self._quiet = quiet
        if isinstance(sys.stdout, io.TextIOWrapper):
            # What Windows passes to a file or to another program has few letters.
            sys.stdout.reconfigure(errors="backslashreplace")
        self.out = out or Console(highlight=False, soft_wrap=False)
        self.err = err or Console(stderr=True, highlight=False)
        self._bar: Progress
        self._task: TaskID | None = None

    def log(self, level: str, text: str) -> None:
        """A line of the log; what is below a warning only where it is wanted."""
        if self._quiet and level not in (protocol.ERROR, protocol.WARNING):
            return
        for line in visible(text).splitlines():
            self.err.print(escape(line), style=_STYLES.get(level, ""), soft_wrap=True)

    def progress(self, fraction: float) -> None:
        """Move the bar; without a terminal there is none."""
        if self._task is not None:
            self._bar.update(self._task, completed=min(max(fraction, 0.0), 1.0))

    @contextmanager
    def bar(self, what: str) -> Iterator[None]:
        """Show a bar for a task; "" is one that takes no time."""
        if not what or self.as_json or not self.err.is_terminal:
            yield
            return
        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self.err, transient=True) as self._bar:
            self._task = self._bar.add_task(escape(what), total=1.0)
            try:
                yield
            finally:
                self._task = None

    def say(self, text: str, style: str = "") -> None:
        """A sentence of the answer; with JSON it is part of that instead."""
        if not self.as_json:
            self.out.print(escape(_clean(text)), style=style, soft_wrap=True)

    def fail(self, text: str) -> None:
        """Why a command has failed."""
        if self.as_json:
            self._dump({"error": text})
        else:
            self.err.print(escape(_clean(text)), style="red", soft_wrap=True)

    def reply(self, output: Mapping[str, Any]) -> None:
        """The whole answer, where JSON was asked for."""
        if self.as_json:
            self._dump(output)

    def _dump(self, document: Mapping[str, Any]) -> None:
        # As Python's print does it: no width, no markup.
        told = protocol.cleaned(document, _clean)
        self.out.file.write(json.dumps(told, ensure_ascii=True, indent=2) + "\n")

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> None:
        """Rows under their heads; tabs between them where no terminal is."""
        lines = [["" if cell is None else _clean(str(cell)) for cell in row] for row in rows]
        if self.as_json:
            return
        if not lines:
            self.say(empty)
        elif not self.out.is_terminal:
            for line in [list(heads), *lines]:
                cells = (" ".join(cell.split()) for cell in line)
                self.out.file.write("\t".join(cells) + "\n")
        else:
            table = Table(box=None, header_style="bold", pad_edge=False)
            for head in heads:
                table.add_column(head, overflow="fold")
            for line in lines:
                table.add_row(*map(escape, line))
            self.out.print(table)


def _clean(text: str) -> str:
    """As a reply to Stash has it: without secrets, and what cannot be seen."""
    return visible(logs.clean(text))


def moment(at: float | None) -> str:
    """A point in time (epoch seconds) in local time; "" for none."""
    if at is None:
        return ""
    local = datetime.datetime.fromtimestamp(at, tz=datetime.timezone.utc).astimezone()
    return local.strftime("%Y-%m-%d %H:%M")
