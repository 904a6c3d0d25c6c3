"""The plugin's own last lines in the log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.arguments import choice, text
from app.page.context import PageContext
from app.page.paging import Paging
from app.page.task_titles import title_of_mode
from storage.page.log_lines import LogLine

LEVELS = ("debug", "info", "warning", "error")


def page_log(context: PageContext) -> dict[str, Any]:
    """The lines, newest first, by `run`, `text` and `level`: that one and all that are worse."""
    args, paging = context.args, Paging.of(context.args)
    level, run = choice(args, "level", LEVELS), text(args, "run")
    part = text(args, "text").casefold()
    with context.open_page() as page:
        lines = page.log.newest()
    heard = LEVELS[LEVELS.index(level) :] if level else LEVELS
    chosen = [
        {**line._asdict(), "task": title_of_mode(line.task)}
        for line in lines
        if line.level in heard and run in ("", line.run) and part in line.text.casefold()
    ]
    return {**paging.cut(chosen), "runs": _runs(lines)}


def _runs(lines: Sequence[LogLine]) -> list[dict[str, Any]]:
    """The processes that wrote them, newest first, with when each wrote its first."""
    runs = {line.run: line for line in lines}
    return [
        {"run": line.run, "task": title_of_mode(line.task), "at": line.at} for line in runs.values()
    ]
