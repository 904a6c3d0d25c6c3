"""The script that Stash starts: input from stdin, the log to stderr, one reply to stdout.

There is one reply whatever happens. Hooks take a short way, so nothing is imported early.
"""

from __future__ import annotations

import os
import sys

# Stash puts the folder of all plugins on PYTHONPATH, where a neighbour called `requests` would win.
HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - hooks can't wait for pathlib
_OWN = [path for path in (HERE, os.path.join(HERE, "vendor")) if os.path.isdir(path)]  # noqa: PTH112, PTH118
sys.path[:] = _OWN + [path for path in sys.path if path not in _OWN]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shell import protocol


def task(raw: bytes, frames: protocol.Frames) -> bytes:
    """The reply to the input of a task. Raises what the task raises."""
    from shell import logs, protocol

    plugin = protocol.parse_input(raw)
    logs.install(frames, [plugin.session_cookie, *logs.secrets_of(os.environ)])
    from app.task_runner import run_task

    return protocol.encode_reply(run_task(plugin, os.environ), logs.clean)


def crash(error: BaseException, frames: protocol.Frames) -> str:
    """What to tell of something that went wrong in an unknown way; the log has more."""
    from shell import logs, protocol

    frames.log(protocol.ERROR, logs.where_from())
    advice = "This is a bug in Stash2Plex; please report it with the log lines above this one."
    if isinstance(error, ModuleNotFoundError):
        advice = (
            "Install the plugin from its release zip, which brings the modules that it needs; or,"
        )
        advice += " in a checkout: python3 -m pip install --target vendor -r requirements.txt"
    return f"{type(error).__name__}: {error}. {advice}"


def main() -> int:
    """Run once. Returns the exit status: 0 if the reply is one that we meant to give."""
    raw = sys.stdin.buffer.read()
    if sys.version_info >= (3, 10) and b'"hookContext"' in raw:
        from shell import hook

        hook.run(raw, HERE)  # ends here, if it is one

    from core.errors import SyncError
    from shell import protocol, signals

    frames, status = protocol.stderr_frames(), 0
    stdout = protocol.take_stdout(frames)
    try:
        signals.listen()
        if sys.version_info < (3, 10):  # noqa: UP036 - whatever Python Stash found starts this
            raise SyncError(f"Stash2Plex needs Python 3.10 or later; this is {sys.version}")
        reply = task(raw, frames)
    except (Exception, SystemExit, signals.Stopped) as error:  # noqa: BLE001 - Stash waits
        from shell import logs

        status = 0 if isinstance(error, (SyncError, signals.Stopped)) else 1
        text = crash(error, frames) if status else str(error)
        if isinstance(error, signals.Stopped):
            frames.log(protocol.WARNING, text)
        reply = protocol.encode_reply({"error": text}, logs.clean)
    signals.ignore()
    with stdout:
        stdout.write(reply)
    return status


if __name__ == "__main__":
    sys.exit(main())
