"""What the benchmarks hand over: tables and goals, and how these look on a screen and in a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text


@dataclass(frozen=True, slots=True)
class Goal:
    """A number to beat: at most `limit`. `is_timed`: it depends on the machine."""

    what: str
    measured: float
    limit: float
    unit: str = ""
    is_timed: bool = False

    @property
    def met(self) -> bool:
        return self.measured <= self.limit


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table. Columns whose names begin with ">" are numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of one benchmark. `plot`: an SVG that belongs to it."""

    sheets: tuple[Sheet, ...] = ()
    goals: tuple[Goal, ...] = ()
    plot: str = ""


def figure(value: float, unit: str = "") -> str:
    """A number with about three digits and its unit."""
    digits = 0 if abs(value) >= 100 or value == int(value) else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}{f' {unit}' if unit else ''}"


def goals_sheet(goals: Sequence[Goal]) -> Sheet:
    """The goals as a table."""
    rows = tuple(
        (
            goal.what,
            figure(goal.measured, goal.unit),
            figure(goal.limit, goal.unit),
            "yes" if goal.met else "no",
        )
        for goal in goals
    )
    return Sheet("Targets", ("what", ">measured", ">at most", "met"), rows)


def on_screen(sheets: Sequence[Sheet]) -> Group:
    """The tables for a terminal."""
    return Group(*(Padding(_table(sheet), (1, 0, 0, 0)) for sheet in sheets))


def _table(sheet: Sheet) -> Table:
    table = Table(
        title=sheet.title,
        title_justify="left",
        title_style="bold",
        caption=sheet.note or None,
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        header_style="dim",
    )
    for column in sheet.columns:
        right = column.startswith(">")
        table.add_column(column.removeprefix(">"), justify="right" if right else "left")
    styles = {"yes": "green", "no": "bold red"}
    for row in sheet.rows:
        table.add_row(*(Text(cell, style=styles.get(cell, "")) for cell in row))
    return table


def in_markdown(sheets: Sequence[Sheet]) -> str:
    """The tables for a file."""
    return "\n".join(_markdown(sheet) for sheet in sheets)


def _markdown(sheet: Sheet) -> str:
    names = [column.removeprefix(">") for column in sheet.columns]
    rulers = ["---:" if column.startswith(">") else "---" for column in sheet.columns]
    rows = [names, rulers, *sheet.rows]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    note = f"\n{sheet.note}\n" if sheet.note else ""
    return f"## {sheet.title}\n\n{table}\n{note}"
