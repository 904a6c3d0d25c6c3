"""The script that Stash starts: input from stdin, the log to stderr, one reply to stdout.

There is one reply whatever happens. Hooks take a short way, so nothing is imported early.
"""

from __future__ import annotations

import os
import sys

# Stash puts the folder of all plugins on PYTHONPATH, where a neighbour called `requests` would win.
HERE = os.path.dirname(os.path.abspath(__file__))
_OWN = [HERE, os.path.join(HERE, "vendor")]
sys.path[:] = _OWN + [path for path in sys.path if path not in _OWN]
INSTALLED = not os.path.exists(os.path.join(HERE, "pyproject.toml"))
if INSTALLED:  # nothing of Python's lies beside the code
    _data = os.environ.get("STASH_PLUGIN_DATA", "").strip() or os.path.join(HERE, "data")
    sys.pycache_prefix = os.path.join(_data, "pycache")
    try:
        os.makedirs(_data, 0o700, exist_ok=True)  # Python itself would leave it open to all
    except OSError:
        sys.dont_write_bytecode = True

TRY_AGAIN = (
    "Files of Stash2Plex are missing or of another version. Stash may be updating it just now: "
    "try again in a minute. If it stays so, install it again."
)
TYPE_CHECKING = False
if TYPE_CHECKING:
    from shell import protocol


def task(raw: bytes, frames: protocol.Frames) -> bytes:
    """The reply to the input of a task. Raises what the task raises."""
    from shell import logs, protocol

    plugin = protocol.parse_input(raw)
    logs.install(frames, [plugin.session_cookie, *logs.secrets_of(os.environ)])
    from app.dispatch import reply_to

    return protocol.encode_reply(reply_to(plugin, os.environ), logs.clean)


def run(raw: bytes) -> int:
    """Answer the input. Returns the exit status: 0 if the reply is one that we meant to give."""
    if sys.version_info >= (3, 10) and b'"hookContext"' in raw:
        from shell import hook

        hook.run(raw, HERE)  # ends here, if it is one

    # As the manifest asks, for the sake of hooks; who isolates Python as well means it.
    if sys.flags.no_site and not sys.flags.isolated:
        import site

        site.main()
    from core.errors import SyncError
    from shell import crash, logs, protocol, signals

    frames, status = protocol.stderr_frames(), 0
    stdout = protocol.take_stdout(frames)
    try:
        signals.listen()
        if sys.version_info < (3, 10):  # noqa: UP036 - whatever Python Stash found starts this
            raise SyncError(f"Stash2Plex needs Python 3.10 or later; this is {sys.version}")
        reply = task(raw, frames)
    except (Exception, SystemExit, signals.Stopped) as error:  # noqa: BLE001 - Stash waits
        status = 0 if isinstance(error, (SyncError, signals.Stopped)) else 1
        text = crash.explained(error, frames, HERE) if status else str(error)
        if isinstance(error, signals.Stopped):
            frames.log(protocol.WARNING, text)
        reply = protocol.encode_reply({"error": text}, logs.clean)
    signals.ignore()
    return status if protocol.hand_over(reply, stdout, frames) else 1


def main() -> int:
    """Run once, also where what was installed is not whole."""
    if None in (sys.stdin, sys.stdout, sys.stderr):
        from shell import closed_streams

        closed_streams.reopen()
    # Stash gives no arguments, and its input by a pipe; a person, or their shell, does not.
    if sys.argv[1:] or "_STASH2PLEX_COMPLETE" in os.environ or sys.stdin.isatty():
        from cli.main import run as run_command

        return run_command()
    try:
        return run(sys.stdin.buffer.read())
    except Exception:
        if INSTALLED:
            print(f'{{"error": "{TRY_AGAIN}"}}')
            return 1
        raise


if __name__ == "__main__":
    sys.exit(main())
