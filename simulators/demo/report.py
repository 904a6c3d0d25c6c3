"""The demo's pages: what a person sees at the end, on 80 columns, with colours or without."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from simulators.demo.run import PROCESS, DemoRun, TaskRun, Verdict
from simulators.demo.scenes import SceneStory, Shown
from simulators.library.match import VIDEO_TYPES
from simulators.library.oracle_text import name_key
from simulators.seed import Seed

TEXT_LIMIT = 44
SHOWN_PROBLEMS = 20

# key of the reply -> (what people call it, what becomes of such scenes)
REPAIRED = {
    "empty_metadata_count": ("empty in Plex", "filled in"),
    "stale_sync_count": ("changed since its last sync", "synced again"),
    "drift_count": ("different, or never compared", "compared; synced if they differ"),
    "missing_count": ("missing in Plex", "tried again until Plex has it"),
    "vanished_count": ("gone from Plex", "tried again until Plex has it"),
}
REPORTED = {
    "ambiguous_count": ("several Plex items fit", "reported, never guessed"),
    "contested_count": ("the item is another scene's", "reported"),
    "outside_count": ("outside every Plex library", "reported"),
    "skipped_no_metadata": ("no metadata in Stash", "left alone"),
    "orphan_count": ("Plex items without a scene", "reported, never touched"),
}
# Those that are still there after a sync, and rightly so, wait for Plex.
WAITING = ("missing_count", "vanished_count")


def lines(title: str) -> Table:
    """An empty table in the style of all of them."""
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        header_style="dim",
    )


def opening(seed: Seed) -> Text:
    """What there is before anything happens."""
    libraries = [each for each in seed["plex"]["sections"] if each["type"] in VIDEO_TYPES]
    items = sum(len(library["items"]) for library in libraries)
    return Text.assemble(
        "A Stash with ",
        (f"{len(seed['stash']['scenes']):,} scenes", "bold"),
        ", and a Plex with ",
        (f"{items:,} items in {len(libraries)} libraries", "bold"),
        ".\nBoth are simulated. They see the same files, but in different folders.\n\n",
        ("first_sync = mirror          ", "bold"),
        "make Plex equal to Stash\n",
        ("max_clear_percent = 100      ", "bold"),
        "this library has more leftovers than a guard\n",
        f"{'':29}lets one run remove otherwise",
    )


def tasks_table(runs: Sequence[TaskRun]) -> Table:
    """The tasks in order, and what they cost."""
    table = lines("Tasks, and their requests (each cover is one)")
    table.add_column("task")
    for name in ("time", "Stash", "Plex reads", "writes"):
        table.add_column(name, justify="right")
    table.add_column("outcome")
    for run in runs:
        traffic = run.traffic
        requests = (traffic.stash, traffic.plex_reads, traffic.plex_writes)
        figures = (f"{count:,}" for count in requests)
        table.add_row(run.task, f"{run.seconds:.1f} s", *figures, outcome(run))
    return table


def outcome(run: TaskRun) -> str:
    """What a task did, in a few words."""
    if run.task == PROCESS:
        return f"{run.output['items_edited']:,} items changed"
    return f"{run.output['enqueued_count']:,} scenes queued"


def gaps_table(before: TaskRun, after: TaskRun) -> Table:
    """Scenes by gap, before and after."""
    table = lines("Gaps, found by the first task and by the last")
    table.add_column("scenes that are")
    table.add_column("before", justify="right")
    table.add_column("after", justify="right")
    table.add_column("and what is done about them")
    for group, style in ((REPAIRED, "green"), (REPORTED, "")):
        for key, (name, outcome) in group.items():
            was, now = before.output[key], after.output[key]
            good = style and not now and was
            shown = Text(f"{now:,}", style="bold green" if good else "")
            table.add_row(name, f"{was:,}", shown, Text(outcome, style="dim"))
        table.add_section()
    return table


def verdict_text(verdict: Verdict, leftovers: Collection[str]) -> Text:
    """The last word, with what is wrong if something is."""
    right = verdict.scenes - verdict.wrong_scenes
    good = not verdict.problems and not leftovers
    text = Text()
    text.append(
        f"{right:,} scenes equal, {verdict.wrong_scenes:,} differ.",
        style="bold green" if good else "bold red",
    )
    text.append(f" Judged by the two servers' own data, on {verdict.items:,} Plex items")
    text.append("; nothing else was touched.\n" if good else ".\n")
    problems = [*leftovers, *verdict.problems]
    for problem in problems[:SHOWN_PROBLEMS]:
        text.append(f"- {problem}\n", style="red")
    if len(problems) > SHOWN_PROBLEMS:
        text.append(f"- and {len(problems) - SHOWN_PROBLEMS:,} more\n", style="red")
    return text


def leftovers(after: TaskRun) -> list[str]:
    """What the last task should not have found any more."""
    found = [
        f"{after.output[key]} scenes are still {name}"
        for key, (name, _) in REPAIRED.items()
        if key not in WAITING and after.output[key]
    ]
    return found + [str(error) for error in after.output["errors"]]


def scenes_page(stories: Sequence[SceneStory]) -> Group:
    """Some scenes field by field; only fields that changed."""
    parts: list[RenderableType] = [_story_table("Some of them, field by field")]
    for story in stories:
        table = _story_table()
        for row in story.rows:
            gone, fresh = _names(row.before, row.after), _names(row.after, row.before)
            table.add_row(
                Text(row.field, style="dim"),
                _cell(row.stash, "", frozenset()),
                _cell(row.before, "red", gone),
                _cell(row.after, "green", fresh),
            )
        heading = Text(f"Scene {story.scene_id}: {story.why}", style="italic")
        parts += [Padding(heading, (0 if story is stories[0] else 1, 0, 0, 0)), table]
    return Group(*parts)


def _story_table(title: str = "") -> Table:
    """One of several tables with the same columns: those with a title show the columns' names."""
    table = lines(title)
    table.show_header = bool(title)
    table.add_column("", width=10)
    for name in ("Stash", "Plex before", "Plex after"):
        table.add_column(name, width=21, overflow="fold")
    return table


def _names(value: Shown, other: Shown) -> frozenset[str]:
    """The entries that only `value` has, as keys; a text is one entry."""
    mine, theirs = (
        {name_key(each) for each in ([side] if isinstance(side, str) else side)}
        for side in (value, other)
    )
    return frozenset(mine - theirs)


def _cell(value: Shown, style: str, marked: frozenset[str]) -> Text:
    if not value:
        return Text("-", style="dim")
    text = Text()
    for number, each in enumerate([value] if isinstance(value, str) else value):
        text.append(", " if number else "")
        text.append(_short(each), style=style if name_key(each) in marked else "")
    return text


def _short(text: str) -> str:
    # Composed letters: not every terminal and font puts the others together.
    flat = unicodedata.normalize("NFC", " ".join(text.split()))
    return flat if len(flat) <= TEXT_LIMIT else flat[: TEXT_LIMIT - 1].rstrip() + "…"


class Page:
    """Everything below the progress bars."""

    def __init__(self, run: DemoRun, verdict: Verdict, stories: Sequence[SceneStory]) -> None:
        self._run = run
        self._verdict = verdict
        self._stories = stories

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        run = self._run
        first, last = run.tasks[0], run.tasks[-1]
        parts: list[RenderableType] = [
            tasks_table(run.tasks),
            gaps_table(first, last),
            scenes_page(self._stories),
            verdict_text(self._verdict, leftovers(last)),
        ]
        for part in parts:
            yield Padding(part, (1, 0, 0, 0))
