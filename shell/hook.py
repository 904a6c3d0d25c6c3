"""What runs when Stash tells of a change: note it in the inbox, and reply.

Stash waits for this process inside the user's request, once for each scene of a bulk edit. So it
reads no settings, asks no server for data, and imports as little as can be: half of the time of the
plain way would go into `json`, for the regular expressions that only its error messages need.

The first event of a burst also asks Stash for the task that brings the changes to Plex.

The hooks inside Stash (`scene_hooks/quick.js`) start this as an operation, for the few edits that
no task waits for. They bring the cookie of the user along: what Stash itself gives to an operation
that was called from a hook inside it lets nobody in.
"""

from __future__ import annotations

import os
import sqlite3
import time

from sync_queue import inbox

TYPE_CHECKING = False
if TYPE_CHECKING:  # spares the hooks the import of typing
    from collections.abc import Mapping, Sequence
    from typing import Any, NoReturn

# What we listen to; the manifest's `hooks` lists the same.
LISTENS = {
    "Scene.Create.Post": ("scene", "create"),
    "Scene.Update.Post": ("scene", "update"),
    "Scene.Destroy.Post": ("scene", "destroy"),
    "Performer.Update.Post": ("performer", "update"),
    "Performer.Destroy.Post": ("performer", "destroy"),
    "Studio.Update.Post": ("studio", "update"),
    "Studio.Destroy.Post": ("studio", "destroy"),
    "Group.Update.Post": ("group", "update"),
    "Group.Destroy.Post": ("group", "destroy"),
    "Tag.Update.Post": ("tag", "update"),
    "Tag.Merge.Post": ("tag", "merge"),
    "Tag.Destroy.Post": ("tag", "destroy"),
}
NOTED = b'{"output": "noted"}'
SCENE_HOOKS = "scene_hooks"  # the folder of the small plugins that have nothing but hooks


def run(raw: bytes, plugin_dir: str) -> None:
    """Answer Stash and end the process, if `raw` (what came on stdin) is a hook's input.

    Returns only if it is none, or none that can be read.
    """
    try:
        reply = answer(raw, os.environ, plugin_dir)
    except Exception as error:  # noqa: BLE001 - the last line of a hook: Stash waits for a reply
        reply = _crashed(error)
    if reply is not None:
        leave(reply)


def _crashed(error: Exception) -> bytes:
    """What went wrong and where, without any value: one may be a secret."""
    import traceback

    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{os.path.basename(place.filename)}, line {place.lineno}"  # noqa: PTH119
    cause = "This is a bug in Stash2Plex; please report it."
    if isinstance(error, (ImportError, SyntaxError)):
        cause = "Stash may be updating the plugin just now."
    text = (
        f"A change could not be noted: {type(error).__name__} in {where}. {cause} "
        "The next reconcile finds the change."
    )
    _log(b"e", text)
    return _reply("error", text)


def leave(reply: bytes) -> NoReturn:
    """Write the reply and end at once, which leaves the inbox open on purpose (see there)."""
    _write(1, reply)
    os._exit(0)


def answer(raw: bytes, env: Mapping[str, str], plugin_dir: str) -> bytes | None:
    """Note the event and ask for the task if nobody has; the reply, or None for no hook.

    Args:
        plugin_dir: the folder of the plugin's code.
    """
    told = _decoded(raw)
    args = told.get("args") if isinstance(told, dict) else None
    context = args.get("hookContext") if isinstance(args, dict) else None
    if not isinstance(told, dict) or not isinstance(args, dict) or not isinstance(context, dict):
        return None
    trigger, num = context.get("type"), _id(context.get("id"))
    known = LISTENS.get(trigger) if isinstance(trigger, str) else None
    if known is None or num is None:
        what = f"{trigger} of {context.get('id')}"[:200]
        return _reply("output", f"ignored: {what} is nothing for Plex")
    connection = told.get("server_connection")
    server = connection if isinstance(connection, dict) else {}
    data_dir = _data_dir(env, server, plugin_dir)
    if isinstance(args.get("session"), dict):
        server = {**server, "SessionCookie": args["session"]}
    event = _event(*known, num, context.get("input"), args.get("quick") == "yes")
    try:
        return _noted(event, data_dir, server, env)
    # ValueError: a path that no system can have.
    except (OSError, ValueError, sqlite3.Error, inbox.DamagedInbox, inbox.NewerInbox) as error:
        text = (
            f"{known[0]} {num} has changed, but that could not be noted in {data_dir}: {error}. "
            f"{_advice(error)} The next reconcile finds the change."
        )
        return _reply("error", text)  # Stash puts it into its log


def _advice(error: Exception) -> str:
    if isinstance(error, inbox.NewerInbox):
        return "Update the plugin."
    if "locked" in str(error):
        return "Another process has held it for too long."
    return (
        "Is the disk full or read-only? Another folder can be named in the environment variable"
        " STASH_PLUGIN_DATA of Stash."
    )


def _event(kind: str, action: str, num: int, sent: object, is_quick: bool) -> dict[str, Any]:
    """What `HookInbox.note` is to note.

    Args:
        sent: the input of Stash's mutation; None after a scan.
        is_quick: the hooks inside Stash tell of it.
    """
    # Stash tells of a merged tag only here: no hook says that it is gone.
    gone = _sources(sent) if action == "merge" else ()
    told = {"kind": kind, "num": num, "action": action, "by_user": sent is not None}
    return {**told, "gone": gone, "is_quick": is_quick}


def _sources(sent: object) -> Sequence[int]:
    source = sent.get("source") if isinstance(sent, dict) else None
    found = [_id(each) for each in source] if isinstance(source, list) else []
    return [each for each in found if each is not None]


def _noted(
    event: Mapping[str, Any], data_dir: str, server: Mapping[str, Any], env: Mapping[str, str]
) -> bytes:
    try:
        opened, ask = _note(event, data_dir)
    except inbox.DamagedInbox as error:
        _repair(data_dir, error)
        opened, ask = _note(event, data_dir)
    if ask is None:
        return NOTED
    try:
        return _asked(opened, ask, server, env)
    except sqlite3.Error as error:
        _log(b"d", f"the request to Stash could not be noted: {error}")
        return NOTED


def _asked(
    opened: inbox.HookInbox, ask: inbox.Ask, server: Mapping[str, Any], env: Mapping[str, str]
) -> bytes:
    from stash import task_request as asking

    try:
        job_id = asking.sync_changes(server, env, ask.job_id, is_beside=ask.token == inbox.BESIDE)
    except asking.AskFailed as failed:
        if (
            not failed.slow
        ):  # else the lease stays taken for a while, so that the next ones need not wait
            opened.not_asked(ask.token)
        _log(b"d", f"Stash could not be asked for the task {asking.TASK!r}: {failed}")
        return NOTED
    if not job_id:
        return NOTED
    opened.asked(ask.token, job_id)
    return b'{"output": "noted, and asked for Sync Changes"}'


def _note(event: Mapping[str, Any], data_dir: str) -> tuple[inbox.HookInbox, inbox.Ask | None]:
    opened = inbox.HookInbox(data_dir)
    return opened, opened.note(**event, now=time.time())


def _repair(data_dir: str, damaged: inbox.DamagedInbox) -> None:
    """The one case in which a hook loads more: what it has to tell must not be lost."""
    from pathlib import Path

    from core.errors import StateError
    from sync_queue.inbox_reader import Inbox

    try:
        Inbox(Path(data_dir), warn=lambda warning: _log(b"w", warning)).close()
    except StateError as error:
        raise inbox.DamagedInbox(str(error)) from damaged


def _data_dir(env: Mapping[str, str], server: Mapping[str, Any], plugin_dir: str) -> str:
    """Where the tasks find it too; see `app.wiring.data_dir_of`."""
    chosen = env.get("STASH_PLUGIN_DATA", "").strip()
    if chosen:
        return chosen
    told = server.get("PluginDir")
    # Stash may tell a path relative to its own working directory, which need not be ours.
    if isinstance(told, str) and os.path.isabs(told):  # noqa: PTH117 - no pathlib here
        parent, name = os.path.split(told)
        plugin_dir = parent if name == SCENE_HOOKS else told
    return os.path.join(plugin_dir, "data")  # noqa: PTH118


def _id(value: object) -> int | None:
    """Hooks tell numbers, all the rest of Stash texts."""
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**63:
        return None
    return value


class _Rules:
    """JSON's rules for the scanner of the standard library, those of `json.loads`."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float


def _decoded(raw: bytes) -> object:
    """The JSON document, or None: what is wrong with it is told by who needs it.

    A cover in the input can make it megabytes, but a bare scan for text is fast.
    """
    try:
        text = raw.decode("utf-8").strip(" \t\r\n\ufeff")
        try:
            from _json import make_scanner  # what `json` itself uses, where it was built in C
        except ImportError:
            import json

            return json.loads(text)
        document, end = make_scanner(_Rules)(text, 0)  # type: ignore[arg-type]
    # Without `json` loaded, the scanner of Python 3.10 and 3.11 has no words for what it finds.
    except (ValueError, StopIteration, RecursionError, SystemError):
        return None
    return document if end == len(text) else None


def _reply(key: str, text: str) -> bytes:
    import json

    return json.dumps({key: _one_line(text)}).encode("ascii")


def _log(level: bytes, text: str) -> None:
    """A line in the way of Stash (see `protocol`, which is too much to load here)."""
    line = _one_line(text).encode("utf-8", "backslashreplace")[:4000]
    _write(2, b"\x01" + level + b"\x02" + line + b"\n")


def _one_line(text: str) -> str:
    """Without controls and what has no width (`core.text` takes too long to load)."""
    return "".join(filter(str.isprintable, " ".join(text.split())))


def _write(target: int, data: bytes) -> None:
    try:
        while data:
            data = data[os.write(target, data) :]
    except OSError:  # nobody listens any more
        return
