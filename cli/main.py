"""`python Stash2Plex.py COMMAND`: the group of commands and the options of all."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from cli import commands, lists
from cli.session import Session
from cli.terminal import Terminal
from core.errors import SyncError
from shell import crash, logs, protocol, signals

PROGRAM = "Stash2Plex.py"
# Exit statuses: 0 all is well, 1 there is something to do, 2 it could not be found out or done.
FAILED = 2
INTERRUPTED = 130
PLUGIN_DIR = Path(__file__).resolve().parent.parent


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 all is well; 1 there is something to do; 2 it failed, stderr says why.",
)
@click.option(
    "--stash-url",
    envvar="STASH_URL",
    metavar="URL",
    help="Where Stash is, like http://127.0.0.1:9999 (the default).",
)
@click.option(
    "--api-key",
    envvar="STASH_API_KEY",
    metavar="KEY",
    help="Stash's API key, if Stash has a password. Better given as STASH_API_KEY.",
)
@click.option(
    "--data-dir",
    envvar="STASH_PLUGIN_DATA",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="The plugin's data folder (default: data in the plugin's own folder).",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.option("-q", "--quiet", is_flag=True, help="Log warnings and errors only.")
@click.pass_context
def main(
    context: click.Context,
    stash_url: str | None,
    api_key: str | None,
    data_dir: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Keeps a Plex library in agreement with Stash.

    The settings are those that Stash has for the plugin.
    """
    env = dict(os.environ)
    env["STASH_URL"] = stash_url or "http://127.0.0.1:9999"
    env["STASH_API_KEY"] = api_key or ""
    if data_dir is not None:
        env["STASH_PLUGIN_DATA"] = str(data_dir.resolve())
    terminal = Terminal(as_json=as_json, quiet=quiet)
    logs.install(terminal, logs.secrets_of(env))  # for what fails before a task has begun
    context.obj = Session(terminal, env, PLUGIN_DIR)


for command in (*commands.COMMANDS, *lists.COMMANDS):
    main.add_command(command)


def _broken_off(error: Exception, terminal: Terminal) -> int:
    if isinstance(error, OSError):  # the output goes to a disk that is full, say
        terminal.log(protocol.ERROR, f"The output cannot be written: {error}")
        protocol.silence(sys.stdout.buffer)
    else:
        terminal.log(protocol.ERROR, crash.explained(error, terminal, str(PLUGIN_DIR)))
    return FAILED


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status."""
    signals.listen()
    terminal = Terminal(as_json="--json" in (arguments or sys.argv[1:]), quiet=False)
    try:
        code = main.main(
            args=None if arguments is None else list(arguments),
            prog_name=PROGRAM,
            complete_var="_STASH2PLEX_COMPLETE",
            standalone_mode=False,
        )
        sys.stdout.flush()
    except SyncError as error:
        terminal.fail(str(error))
        return FAILED
    except click.ClickException as error:
        if terminal.as_json:
            terminal.fail(error.format_message())
        else:
            error.show()
        return FAILED
    except (click.Abort, signals.Stopped):
        terminal.fail("Stopped; what was in hand waits for the next run.")
        return INTERRUPTED
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except Exception as error:  # noqa: BLE001 - Python's own status, 1, says another thing
        return _broken_off(error, terminal)
    return code if isinstance(code, int) else 0
