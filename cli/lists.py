"""Commands that show what the plugin knows or would make, and change the queue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from cli.options import Command, Group
from cli.session import Session
from cli.terminal import moment
from core.change_words import counted
from core.finding_types import TITLES

GAPS = 1
MOST = 200  # rows of one page of the plugin's answers


@click.command(cls=Command)
@click.pass_obj
def status(session: Session) -> None:
    """What waits, runs and was given up on; the next reconcile."""
    session.terminal.reply(session.run("queue_status"))


@click.command(cls=Command)
@click.option("--type", "gap_type", type=click.Choice(TITLES), help="Only gaps of this type.")
@click.option("--studio", help="Only scenes of this studio.")
@click.option("--library", help="Only scenes in this Plex library.")
@click.option("--text", help="Only scenes with this text in title, path or studio.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="Most rows.")
@click.pass_obj
def gaps(
    session: Session,
    gap_type: str | None,
    studio: str | None,
    library: str | None,
    text: str | None,
    limit: int,
) -> int:
    """The gaps of the last reconcile, each with its reason.

    Exit status 0: none; 1: there are some, or nothing has been compared yet.
    """
    found = _all(
        session, "page_gaps", limit, type=gap_type, studio=studio, library=library, text=text
    )
    rows = ([row["scene_id"], row["type"], row["title"], row["reason"]] for row in found["rows"])
    is_compared = found["as_of_at"] is not None
    none = "No gaps." if is_compared else "Nothing has been compared yet: sync does it first."
    session.terminal.table(["scene", "type", "title", "why"], rows, none)
    _rest(session, found)
    return GAPS if found["total"] or not is_compared else 0


@click.command(cls=Command)
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="Most rows.")
@click.pass_obj
def runs(session: Session, limit: int) -> None:
    """The last runs: what each did, and whether it can be undone."""
    found = _all(session, "page_runs", limit)
    rows = (
        [
            row["run_id"],
            row["title"],
            moment(row["started_at"]),
            row["status"],
            row["items_changed"],
            "yes" if row["can_undo"] else "",
            row["text"],
        ]
        for row in found["rows"]
    )
    heads = ["run", "what", "when", "ended", "items", "undo", "figures"]
    session.terminal.table(heads, rows, "No runs yet.")
    _rest(session, found)


@click.group(cls=Group)
def queue() -> None:
    """What waits for Plex, and what was given up on."""


@queue.command("list")
@click.option("--error", help="Only dead letters with this error, like PlexNotFound.")
@click.option("--text", help="Only dead letters with this text in title, path or error.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="Most rows.")
@click.pass_obj
def queue_list(session: Session, error: str | None, text: str | None, limit: int) -> int:
    """The scenes that were given up on, and why; how many wait. Exit status 1 if some were."""
    found = _all(session, "page_dead_letters", limit, error=error, text=text)
    found["waiting"] = session.run("page_overview")["tiles"]["waiting"]
    rows = (
        [row["scene_id"], moment(row["failed_at"]), row["error"], row["title"], row["reason"]]
        for row in found["rows"]
    )
    heads = ["scene", "when", "error", "title", "why"]
    session.terminal.table(heads, rows, "Nothing was given up on.")
    waiting = found["waiting"]
    session.terminal.say(f"{counted(waiting, 'scene waits', 'scenes wait')} for Plex.")
    _rest(session, found)
    return GAPS if found["total"] else 0


@queue.command("retry")
@click.argument("scenes", nargs=-1, type=int)
@click.option("--error", help="Only those whose error text holds this.")
@click.pass_obj
def queue_retry(session: Session, scenes: tuple[int, ...], error: str | None) -> None:
    """Try again what was given up on: SCENES (ids), or all."""
    session.terminal.reply(session.run("retry_dlq", {"ids": list(scenes) or None, "error": error}))


@queue.command("drop")
@click.argument("scenes", nargs=-1, type=int, required=True)
@click.pass_obj
def queue_drop(session: Session, scenes: tuple[int, ...]) -> None:
    """Forget what was given up on: SCENES (their ids)."""
    dropped = session.run("drop_dead_letters", {"scene_ids": [str(scene) for scene in scenes]})
    session.terminal.say(str(dropped.get("text", "")))
    session.terminal.reply(dropped)


@click.command(cls=Command)
@click.argument("tag_rules", metavar="[RULES]", required=False)
@click.option("--min-items", type=click.IntRange(1), help="Least scenes of a collection.")
@click.pass_obj
def rules(session: Session, tag_rules: str | None, min_items: int | None) -> int:
    """What RULES for tags and studios would make of the library.

    Without RULES those of the settings are tried.

    Exit status 0: they can be read; 1: one of them cannot.
    """
    args = {"tag_rules": tag_rules, "collection_min_items": min_items}
    found = session.run("page_rules", args, what="Asking Stash")
    session.terminal.say(str(found["text"]))
    for line in found["examples"]:
        session.terminal.say(f"- {line}")
    session.terminal.reply(found)
    return GAPS if found["problems"] else 0


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what makes SHELL complete commands and options.

    Source it from the start-up file of SHELL.
    """
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    root = context.find_root()
    assert found is not None
    complete = found(root.command, {}, "stash2plex", "_STASH2PLEX_COMPLETE")
    click.echo(complete.source())


def _all(session: Session, mode: str, limit: int, **args: object) -> dict[str, Any]:
    """The first `limit` rows of a paged answer."""
    found: dict[str, Any] = {"total": 0, "rows": []}
    page = 1
    while len(found["rows"]) < limit:
        told = session.run(mode, {"page": page, "per_page": min(limit, MOST), **args})
        rows = [*found["rows"], *told["rows"]]
        found = {**told, "rows": rows[:limit]}
        if not told["rows"] or len(rows) >= told["total"]:
            break
        page += 1
    return {key: value for key, value in found.items() if key not in ("page", "per_page")}


def _rest(session: Session, found: Mapping[str, Any]) -> None:
    session.terminal.reply(found)
    left = found["total"] - len(found["rows"])
    if left > 0:
        session.terminal.say(f"and {left} more; --limit shows more of them", "dim")


COMMANDS = (status, gaps, rules, queue, runs, completion)
