"""The hook as Stash starts it: what it notes, what it loads and writes, what it says."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from shell import hook
from sync_queue.inbox import INBOX_FILE, HookInbox
from sync_queue.inbox_reader import Event, Inbox
from tests.stored import sql

ROOT = Path(__file__).parents[2]
ENTRY = ROOT / "Stash2Plex.py"
NOWHERE = {"Scheme": "http", "Host": "", "Port": 1, "SessionCookie": {"Value": "COOKIE"}}
TOO_SLOW_FOR_A_HOOK = {
    *("app", "core", "logs", "protocol", "settings", "storage"),
    *("dataclasses", "email", "enum", "http", "inspect", "json", "logging", "pathlib", "re"),
    *("random", "socket", "subprocess", "tempfile", "threading", "typing", "urllib"),
}
# Tells everything that the script opens, starts or connects to, and ends as it does.
WATCHED = """
import os, runpy, sys
sys.dont_write_bytecode = True
def watch(event, args):
    if event == "open" and (args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)):
        os.write(2, f"open {args[0]}\\n".encode())
    elif event in ("sqlite3.connect", "subprocess.Popen", "socket.connect", "os.mkdir"):
        name = os.fsdecode(args[0]) if isinstance(args[0], bytes) else args[0]  # Python 3.10
        os.write(2, f"{event} {name}\\n".encode())
sys.addaudithook(watch)
runpy.run_path(sys.argv.pop(1), run_name="__main__")
"""


def given(
    trigger: str = "Scene.Update.Post", num: Any = 5, sent: Any = None, **connection: Any
) -> bytes:
    """What Stash writes to a hook's stdin."""
    context = {"id": num, "type": trigger, "input": sent}
    told = {"args": {"hookContext": context}, "server_connection": {**NOWHERE, **connection}}
    return json.dumps(told, ensure_ascii=False).encode()


@dataclass(frozen=True)
class Ended:
    status: int
    reply: dict[str, Any]
    stderr: str


def run(*command: str, stdin: bytes, data: Path | str) -> Ended:
    """Start Python as Stash does; one reply must come."""
    env = {**os.environ, "STASH_PLUGIN_DATA": str(data), "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run(
        [sys.executable, *command],
        input=stdin,
        capture_output=True,
        cwd=os.sep,
        env=env,
        timeout=60,
        check=False,
    )
    return Ended(ended.returncode, json.loads(ended.stdout), ended.stderr.decode("utf-8"))


def events(data: Path) -> list[Event]:
    with Inbox(data) as inbox:
        return inbox.take()


def claimed(data: Path) -> None:
    """Let the next hook find that a task was asked for."""
    inbox = HookInbox(str(data))
    inbox.note("scene", 1, "update", by_user=True, now=time.time())
    inbox.close()


@pytest.mark.processes
@pytest.mark.usefixtures("measured")
def test_a_hook_loads_next_to_nothing(tmp_path: Path) -> None:
    claimed(tmp_path)

    # -S leaves out site-packages, whose .pth files import things of their own (coverage, say).
    ended = run("-S", "-X", "importtime", str(ENTRY), stdin=given(), data=tmp_path)

    assert (ended.status, ended.reply) == (0, {"output": "noted"})
    lines = ended.stderr.splitlines()
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}
    assert {"shell", "sync_queue", "sqlite3"} <= imported
    assert not imported & TOO_SLOW_FOR_A_HOOK
    ours = {"shell", "sync_queue", "imported package", "sitecustomize"}
    assert imported - set(sys.stdlib_module_names) <= ours


@pytest.mark.processes
@pytest.mark.usefixtures("measured")
def test_the_hook_that_asks_loads_the_standard_library_only(tmp_path: Path) -> None:
    ended = run("-S", "-X", "importtime", str(ENTRY), stdin=given(), data=tmp_path)

    lines = ended.stderr.splitlines()
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in lines if "|" in line}
    assert imported - set(sys.stdlib_module_names) <= {
        *("shell", "sync_queue", "stash", "imported package", "sitecustomize")
    }
    assert not imported & {"http", "logging", "dataclasses", "typing", "pathlib", "urllib"}


@pytest.mark.processes
@pytest.mark.usefixtures("measured")
def test_a_hook_writes_the_inbox_and_nothing_else(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    claimed(data)

    ended = run("-S", "-c", WATCHED, str(ENTRY), stdin=given(), data=data)

    assert ended.reply == {"output": "noted"}
    assert ended.stderr.split() == ["sqlite3.connect", str(data / INBOX_FILE)]
    files = {path.name for path in data.iterdir()}
    beside = {f"{INBOX_FILE}-wal", f"{INBOX_FILE}-shm"}  # gone where Python closes it at its end
    assert {INBOX_FILE} <= files <= {INBOX_FILE, *beside}
    assert not [path for path in data.iterdir() if b"COOKIE" in path.read_bytes()]
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


@pytest.mark.processes
@pytest.mark.usefixtures("measured")
def test_what_is_noted_is_there_though_nobody_closed_the_file(tmp_path: Path) -> None:
    before = time.time()
    run(str(ENTRY), stdin=given(sent={"id": "5"}), data=tmp_path / "new" / "data")

    (event,) = events(tmp_path / "new" / "data")
    assert (event.kind, event.id, event.action, event.by_user) == ("scene", 5, "update", True)
    assert before <= event.at <= time.time()


@pytest.mark.processes
@pytest.mark.usefixtures("measured")
def test_megabytes_of_cover_are_no_burden(tmp_path: Path) -> None:
    cover = "data:image/jpeg;base64," + "QUJD" * 4_000_000
    started = time.monotonic()

    ended = run(str(ENTRY), stdin=given(sent={"id": "5", "cover_image": cover}), data=tmp_path)

    assert time.monotonic() - started < 10
    assert ended.reply == {"output": "noted"}
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 200_000


@pytest.mark.processes
@pytest.mark.usefixtures("measured")
@pytest.mark.skipif(sys.platform == "win32", reason="no such limits there")
def test_a_full_disk_is_told_and_does_not_stop_stash(tmp_path: Path) -> None:
    limited = (
        "import resource, runpy, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)); "
        "runpy.run_path(sys.argv.pop(1), run_name='__main__')"
    )
    ended = run("-c", limited, str(ENTRY), stdin=given(), data=tmp_path)

    assert ended.status == 0
    assert "scene 5 has changed, but that could not be noted" in ended.reply["error"]
    assert "Is the disk full or read-only?" in ended.reply["error"]
    assert ended.stderr == ""  # Stash logs what a hook returns as its error


@pytest.fixture
def read_only() -> Iterator[Path]:
    """A folder with an inbox in which nobody may write."""
    folder = Path(tempfile.mkdtemp(prefix="inbox-"))
    hook_side = HookInbox(str(folder))
    hook_side.close()
    (folder / INBOX_FILE).chmod(0o444)
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


@pytest.mark.processes
@pytest.mark.usefixtures("measured")
@pytest.mark.skipif(sys.platform == "win32", reason="folders are always writable there")
def test_a_read_only_disk_is_told_and_does_not_stop_stash(read_only: Path) -> None:
    # Nothing is read-only for root, whom containers run as; and others may not see this checkout.
    as_nobody = (
        f"import os, sys; sys.path.insert(0, {str(ROOT)!r}); import json; from shell import hook; "
        "hook.answer(b'{}', {}, ''); os.geteuid() or os.setuid(65534); "
        "hook.run(sys.stdin.buffer.read(), '')"
    )
    ended = run("-c", as_nobody, stdin=given(), data=read_only)

    assert ended.status == 0
    assert "could not be noted" in ended.reply["error"]
    assert ended.reply["error"].startswith("scene 5")


@pytest.mark.processes
@pytest.mark.usefixtures("measured")
def test_a_busy_inbox_is_waited_for(tmp_path: Path) -> None:
    claimed(tmp_path)
    other = sqlite3.connect(tmp_path / INBOX_FILE, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.4, lambda: other.execute("COMMIT"))
    timer.start()

    ended = run(str(ENTRY), stdin=given(num=77), data=tmp_path)

    timer.join()
    other.close()
    assert ended.reply == {"output": "noted"}
    assert [event.id for event in events(tmp_path)] == [1, 77]


@pytest.mark.processes
@pytest.mark.usefixtures("measured")
def test_a_log_and_a_reply_that_nobody_reads_do_no_harm(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as broken:
        ended = subprocess.run(
            [sys.executable, str(ENTRY)],
            input=given(),
            stdout=broken,
            stderr=broken,
            env={**os.environ, "STASH_PLUGIN_DATA": str(tmp_path)},
            timeout=60,
            check=False,
        )

    assert ended.returncode == 0
    assert len(events(tmp_path)) == 1


# Without a process of its own --------------------------------------------------------------


def reply_of(raw: bytes, data: Path, **env: str) -> dict[str, Any] | None:
    reply = hook.answer(raw, {"STASH_PLUGIN_DATA": str(data), **env}, "/nowhere")
    return None if reply is None else json.loads(reply)


def test_the_manifest_asks_for_what_the_hook_listens_to() -> None:
    def listens(name: str) -> list[str]:
        (entry,) = yaml.safe_load((ROOT / name).read_text("utf-8"))["hooks"]
        found: list[str] = entry["triggeredBy"]
        return found

    of_scenes = listens("scene_hooks/Stash2PlexSceneHooks.yml")
    assert sorted(listens("Stash2Plex.yml") + of_scenes) == sorted(hook.LISTENS)
    assert listens("scene_hooks/Stash2PlexQuickHooks.yml") == of_scenes


@pytest.mark.parametrize("trigger", sorted(hook.LISTENS))
def test_each_event_is_noted_as_what_it_is(trigger: str, tmp_path: Path) -> None:
    assert reply_of(given(trigger, 12), tmp_path) == {"output": "noted"}

    (event,) = events(tmp_path)
    told = trigger.lower().split(".")[:2]
    assert [event.kind, event.action, event.id, event.by_user] == [*told, 12, False]


@pytest.mark.parametrize("sent", [{}, {"id": "5"}, [{"id": "5"}], {"ids": ["5"], "title": "é"}])
def test_an_input_means_that_somebody_edited(sent: Any, tmp_path: Path) -> None:
    reply_of(given(sent=sent), tmp_path)

    assert [event.by_user for event in events(tmp_path)] == [True]


@pytest.mark.parametrize(
    ("trigger", "sent", "gone"),
    [
        ("Tag.Merge.Post", {"source": ["7", "8"], "destination": "12"}, [7, 8]),
        ("Tag.Merge.Post", {"source": ["x", None, "7", -1], "destination": "12"}, [7]),
        ("Tag.Merge.Post", {"source": "7"}, []),
        ("Tag.Update.Post", {"source": ["7"]}, []),
    ],
)
def test_a_merge_takes_its_sources_with_it(
    trigger: str, sent: Any, gone: list[int], tmp_path: Path
) -> None:
    reply_of(given(trigger, 12, sent), tmp_path)

    noted = {event.id: (event.kind, event.action) for event in events(tmp_path)}
    assert noted.pop(12)[0] == "tag"
    assert noted == dict.fromkeys(gone, ("tag", "destroy"))


@pytest.mark.parametrize(
    ("trigger", "num"),
    [
        *(("Gallery.Update.Post", 5), ("Scene.Merge.Post", 5), (None, 5), ({}, 5), (["x"], 5)),
        *(("Scene.Update.Post", num) for num in (0, -1, None, "", "x", 1.5, True, 2**63, "٣")),
    ],
)
def test_what_is_not_for_us_gets_a_clear_reply(trigger: Any, num: Any, tmp_path: Path) -> None:
    reply = reply_of(given(trigger, num), tmp_path / "data")

    assert reply is not None
    assert reply["output"].startswith("ignored: ")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "raw",
    [
        *(b"", b"{", b"[]", b"null", b"\xff", b"{} {}", b'{"args": 5}', b'{"args": {}}'),
        *(b'{"args": {"hookContext": null}}', b'{"args": {"hookContext": []}}', b"[" * 100_000),
    ],
)
def test_what_is_no_hook_is_left_to_others(raw: bytes, tmp_path: Path) -> None:
    assert reply_of(raw, tmp_path) is None


def test_input_is_read_as_json_reads_it() -> None:
    told = {"a": [1, -2.5e3, True, None, "größe 😀\n"], "b": {"c": ""}, "9": 10**30}

    for text in (json.dumps(told), json.dumps(told, ensure_ascii=False, indent=1)):
        for raw in (text.encode(), b"\xef\xbb\xbf " + text.encode() + b"\r\n"):
            assert hook._decoded(raw) == told


def test_the_inbox_is_where_the_tasks_look(tmp_path: Path) -> None:
    plugin = tmp_path / "plugins" / "Stash2Plex"
    hook.answer(given(PluginDir=str(plugin)), {}, "/nowhere")
    hook.answer(given(PluginDir="plugins/relative"), {"STASH_PLUGIN_DATA": " "}, str(tmp_path))

    assert len(events(plugin / "data")) == 1
    assert len(events(tmp_path / "data")) == 1


def test_a_damaged_inbox_loses_nothing_that_comes_now(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / INBOX_FILE).write_bytes(b"no database at all " * 400)

    assert reply_of(given(), tmp_path) == {"output": "noted"}
    assert "\x01w\x02" in capfd.readouterr().err
    assert [event.id for event in events(tmp_path)] == [5]
    assert [path for path in tmp_path.iterdir() if ".corrupt-" in path.name]


def test_an_inbox_of_a_newer_version_is_told(tmp_path: Path) -> None:
    claimed(tmp_path)
    sql(tmp_path / INBOX_FILE, "PRAGMA user_version = 9")

    reply = reply_of(given(), tmp_path)

    assert reply is not None
    assert "newer Stash2Plex" in reply["error"]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    reply = reply_of(given(), tmp_path / "file" / "data")

    assert reply is not None
    assert "could not be noted" in reply["error"]
