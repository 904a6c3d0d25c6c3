"""Commands that do something: check, sync, undo, report, watch, doctor."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from cli import in_stash
from cli.options import Command
from cli.session import Session
from core.errors import SyncError
from shell import protocol
from stash.connection import StashConnection

GAPS = 1
POLL = 2.0  # seconds between two looks whether a code was entered
F = TypeVar("F", bound=Callable[..., Any])


def _remote(function: F) -> F:
    return click.option(
        "--in-stash",
        is_flag=True,
        help="Let Stash run the task, in its own queue, and wait for its end.",
    )(function)


def _full(function: F) -> F:
    return click.option(
        "--full", is_flag=True, help="Read all scenes again, not only what has changed."
    )(function)


def _perform(
    session: Session, mode: str, what: str, *, in_stash_too: bool, **args: object
) -> Mapping[str, Any]:
    """Run a mode here, or in Stash; what Stash runs has no output."""
    if not in_stash_too:
        return session.run(mode, args, what=what)
    api = in_stash.connect(StashConnection.from_plugin_input({}, session.env))
    with session.terminal.bar(what):
        in_stash.run(api, mode, args, session.terminal.progress)
    session.terminal.say("Stash has run the task; its log says what was done.")
    return {"ran_in_stash": True}


@click.command(cls=Command)
@click.pass_obj
def doctor(session: Session) -> int:
    """Say whether all is set up well, and what to do if not."""
    found = session.run("health_check", what="Looking at Stash, Plex and the settings")
    session.terminal.reply(found)
    return GAPS if found.get("problems") else 0


@click.command(cls=Command)
@click.option(
    "--wait",
    type=click.IntRange(0, 900),
    default=900,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for you to enter the code.",
)
@click.pass_obj
def login(session: Session, wait: int) -> int:
    """Sign in to Plex by a code that you enter at plex.tv.

    The plugin keeps the token in its data folder. Exit status 0: signed in, and a server of yours
    answers; 1: not.
    """
    terminal = session.terminal
    asked = session.run("sign_in")
    told = f"Open {asked['link']} and enter the code {asked['code']}"
    # With JSON too: somebody has to enter it.
    terminal.log(protocol.WARNING, told)
    deadline = time.monotonic() + wait
    found = session.run("sign_in_check", {"id": asked["id"]})
    while found["state"] == "waiting" and time.monotonic() < deadline:
        time.sleep(min(POLL, max(0.0, deadline - time.monotonic())))
        found = session.run("sign_in_check", {"id": asked["id"]})
    terminal.reply(found)
    if found["state"] != "done":
        terminal.say("Not signed in: the code was not entered in time.")
        return GAPS
    terminal.say(f"Signed in as {found['connected_as']}; the token is kept in the data folder.")
    rows = [
        [server["name"], address["url"], address["text"]]
        for server in found["servers"]
        for address in server["addresses"]
    ]
    terminal.table(["server", "address", "from here"], rows, "The account has no Plex server.")
    best = next((server["best"] for server in found["servers"] if server["best"]), "")
    if best:
        terminal.say(f"In the plugin's settings, plex_url can be {best}")
    return 0 if best else GAPS


@click.command(cls=Command)
@_full
@click.pass_obj
def check(session: Session, full: bool) -> int:
    """Compare all of Plex with Stash and show what differs. Writes nothing.

    Exit status 0: Plex shows what Stash says; 1: there are gaps.
    """
    args = {"full": full or None}
    found = session.run("reconcile_preview", args, what="Comparing Plex with Stash")
    session.terminal.reply(found)
    return GAPS if found.get("total_gaps") or found.get("errors") else 0


@click.command(cls=Command)
@click.option("--recent", is_flag=True, help="Only what Stash has changed in the last 24 hours.")
@_full
@_remote
@click.pass_obj
def sync(session: Session, recent: bool, full: bool, in_stash: bool) -> int:
    """Compare Plex with Stash, then bring to Plex what differs.

    Exit status 0: done; 1: something was given up on, is held back or could not be compared.
    """
    mode, what = "sync_recent" if recent else "sync_everything", "Comparing, then writing to Plex"
    done = _perform(session, mode, what, in_stash_too=in_stash, full=full or None)
    found = done.get("reconcile", {})
    drained = {name: told for name, told in done.items() if name != "reconcile"}
    session.terminal.reply({"reconcile": found, "process_queue": drained})
    return GAPS if done.get("failed") or done.get("held") or found.get("errors") else 0


@click.command(cls=Command)
@click.argument("run_id", type=int, required=False)
@click.option("--dry-run", is_flag=True, help="Show what would be put back. Writes nothing.")
@_remote
@click.pass_obj
def undo(session: Session, run_id: int | None, dry_run: bool, in_stash: bool) -> int:
    """Put back what a run has changed in Plex.

    RUN_ID as `runs` tells it; without it, the last run that changed anything.
    """
    done = _perform(
        session,
        "undo_last_run",
        "Taking back",
        in_stash_too=in_stash,
        run_id=run_id,
        dry_run=dry_run or None,
    )
    session.terminal.reply(done)
    return GAPS if done.get("failed") else 0


@click.command(cls=Command)
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder for the files (default: reports in the data folder).",
)
@click.pass_obj
def report(session: Session, output: Path | None) -> None:
    """Write the last reconcile as a web page, as CSV and as JSON."""
    folder = None if output is None else str(output.resolve())
    written = session.run("report", {"folder": folder})
    session.terminal.reply(written)


@click.command(cls=Command)
@click.option(
    "--every",
    type=click.IntRange(5, 86_400),
    default=60,
    show_default=True,
    metavar="SECONDS",
    help="The pause between two looks.",
)
@click.option("--times", type=click.IntRange(1), hidden=True)
@click.pass_obj
def watch(session: Session, every: int, times: int | None) -> None:
    """Stay, and bring to Plex what changes in Stash.

    Ends when it is interrupted. Each look is the task Sync Changes; the reconcile of the settings
    runs when it is due. For those who want a clock of their own; cron can run `sync` or `check`
    instead.
    """
    looks = 0
    while times is None or looks < times:
        looks += 1
        try:
            done = session.run("sync_changes")
        except SyncError as error:
            # The next look may find it mended, and nothing is lost until then.
            session.terminal.fail(str(error))
        else:
            session.terminal.reply(done)
        if times is None or looks < times:
            time.sleep(every)


@click.command(cls=Command)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def demo(session: Session, arguments: tuple[str, ...]) -> int:
    """Show the plugin at work between two simulated servers.

    Needs a checkout of the project: the release does not carry the simulators.
    """
    if not (session.plugin_dir / "simulators").is_dir():
        raise click.ClickException("The demo needs a checkout of the project; there: make demo")
    import subprocess
    import sys

    command = [sys.executable, "-m", "simulators.demo.__main__", *arguments]
    return subprocess.run(command, cwd=session.plugin_dir, env=os.environ, check=False).returncode


COMMANDS = (doctor, login, check, sync, undo, report, watch, demo)
