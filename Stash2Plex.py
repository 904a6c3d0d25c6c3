"""The script that Stash starts: input from stdin, the log to stderr, one reply to stdout.

It sees to it that there is exactly one reply whatever happens, and none with a secret in it.
"""

from __future__ import annotations

import os
import sys

# Stash puts the folder of all plugins on PYTHONPATH, where a neighbour called `requests` would win.
HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - hooks can't wait for pathlib
_OWN = [path for path in (HERE, os.path.join(HERE, "vendor")) if os.path.isdir(path)]  # noqa: PTH112, PTH118
sys.path[:] = _OWN + [path for path in sys.path if path not in _OWN]

import protocol  # noqa: E402
from core.errors import SyncError  # noqa: E402


def answer(plugin: protocol.PluginInput, frames: protocol.Frames) -> dict[str, object]:
    """The reply to one input. Raises what the task raises."""
    if plugin.hook is not None:
        return {"output": "ignored: this version does not listen to hooks"}
    import logs

    logs.install(frames, [plugin.session_cookie, *logs.secrets_of(os.environ)])
    from app import tasks

    return tasks.run_task(plugin, os.environ)


def refusal(error: SyncError) -> dict[str, object]:
    """The reply for what went wrong in a way that we know."""
    import logs

    return {"error": logs.clean(str(error))}


def crash(error: BaseException, frames: protocol.Frames) -> dict[str, object]:
    """The reply for what went wrong in any other way; the traceback goes to the log."""
    import traceback

    import logs

    frames.log(protocol.ERROR, logs.clean(traceback.format_exc()))
    text = f"{type(error).__name__}: {error}"
    advice = "This is a bug in Stash2Plex; please report it with the log lines above this one."
    if isinstance(error, ModuleNotFoundError):
        advice = (
            "Install the plugin from its release zip, which brings all modules that it needs; or, "
            "in a checkout, run: python3 -m pip install --target vendor -r requirements.txt"
        )
    return {"error": logs.clean(f"{text}. {advice}")}


def main() -> int:
    """Run once. Returns the exit status: 0 if the reply is one that we meant to give."""
    frames = protocol.stderr_frames()
    stdout = protocol.take_stdout(frames)
    status = 0
    try:
        if sys.version_info < (3, 10):  # noqa: UP036 - whatever Python Stash found starts this
            raise SyncError(f"Stash2Plex needs Python 3.10 or later; this is {sys.version}")
        plugin = protocol.parse_input(sys.stdin.buffer.read())
        reply = protocol.encode_reply(answer(plugin, frames))
    except SyncError as error:
        reply = protocol.encode_reply(refusal(error))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the last line: Stash waits for a reply
        reply, status = protocol.encode_reply(crash(error, frames)), 1
    with stdout:
        stdout.write(reply)
    return status


if __name__ == "__main__":
    sys.exit(main())
