"""The entry script as Stash starts it: a real process, its pipes and its exit status."""

from __future__ import annotations

import json
import logging
import math
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from app import task_runner
from core.errors import ConfigError
from shell.protocol import PluginInput
from tests.acceptance import entry

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("measured")]

ROOT = Path(__file__).parents[2]
ENTRY = ROOT / "Stash2Plex.py"
COOKIE = "MTczNjU4fE5vdEZvckxvZ3M="
TOKEN = "token-of-the-environment"
CONNECTION = {"Scheme": "http", "Host": "0.0.0.0", "Port": 9999, "SessionCookie": {"Value": COOKIE}}
GIVEN = json.dumps({"server_connection": CONNECTION, "args": {"mode": "x"}}).encode()
Task = Callable[[PluginInput, Mapping[str, str]], Any]

# Runs the entry script with another function in the place of the tasks.
STAND_IN = """
import os, runpy, subprocess, sys, types
tasks = types.ModuleType("app.task_runner")
def run_task(plugin, env, *_more):
{body}
tasks.run_task = run_task
sys.modules["app.task_runner"] = tasks
runpy.run_path({entry!r}, run_name="__main__")
"""


@dataclass(frozen=True)
class Ended:
    """What Stash sees of a process that has ended."""

    status: int
    stdout: bytes
    stderr: str

    @property
    def reply(self) -> dict[str, Any]:
        reply = json.loads(self.stdout)
        assert isinstance(reply, dict)
        return reply


def run(*command: str, stdin: bytes | None = None, cwd: str = os.sep, **env: str) -> Ended:
    """Run Python with `command`, as Stash does: from a folder that is not ours."""
    ended = subprocess.run(
        [sys.executable, *command],
        input=GIVEN if stdin is None else stdin,
        capture_output=True,
        cwd=cwd,
        env=os.environ | {"PLEX_TOKEN": TOKEN} | env,
        timeout=60,
        check=False,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr.decode("utf-8"))


def run_with_task(body: str) -> Ended:
    return run("-c", stand_in(body))


def stand_in(body: str) -> str:
    return STAND_IN.format(body=textwrap.indent(textwrap.dedent(body), "    "), entry=str(ENTRY))


def test_the_reply_of_a_task_is_all_that_stdout_carries() -> None:
    ended = run_with_task(
        """
        print("from a library")
        sys.stdout.write("and another")
        os.write(1, b"from C\\n")
        subprocess.run([sys.executable, "-c", "print('from a child')"], check=True)
        return {"output": {"scenes": 3, "title": "größe"}}
        """
    )

    assert ended.reply == {"output": {"scenes": 3, "title": "größe"}}
    assert ended.status == 0
    assert "\x01d\x02from a library\n" in ended.stderr
    assert "from C\n" in ended.stderr
    assert "from a child" in ended.stderr


def run_here(raw: bytes = GIVEN, task: Task | None = None) -> Ended:
    """The same within this process, with another function in the place of the tasks."""
    with pytest.MonkeyPatch.context() as patch:
        if task is not None:
            patch.setattr(task_runner, "run_task", lambda plugin, env, *_more: task(plugin, env))
        ended = entry.run_here(raw, os.environ | {"PLEX_TOKEN": TOKEN})
    return Ended(ended.status, ended.stdout, ended.stderr.decode("utf-8"))


def test_a_task_gets_the_input_and_the_environment_and_can_log() -> None:
    def task(plugin: PluginInput, env: Mapping[str, str]) -> Any:
        logging.getLogger("app.task_runner").info("working with %s", env["PLEX_TOKEN"])
        return {"output": [plugin.mode, plugin.server_connection["Port"]]}

    ended = run_here(task=task)

    assert ended.reply == {"output": ["x", 9999]}
    assert ended.stderr == "\x01i\x02working with ***\n"


def test_a_known_error_is_the_reply_and_no_crash() -> None:
    def task(plugin: PluginInput, env: Mapping[str, str]) -> Any:
        raise ConfigError(f"max_retries is -1; {plugin.session_cookie} {env['PLEX_TOKEN']}")

    ended = run_here(task=task)

    assert ended.reply == {"error": "max_retries is -1; *** ***"}
    assert (ended.status, ended.stderr) == (0, "")


def is_a_crash(ended: Ended, error: str) -> None:
    assert error in ended.reply["error"]
    assert list(ended.reply) == ["error"]
    assert ended.status == 1
    lines = ended.stderr.splitlines()
    assert lines[0] == "\x01e\x02Traceback (most recent call last):"
    assert all(line.startswith("\x01e\x02") for line in lines)
    assert COOKIE not in ended.stderr + ended.reply["error"]


def raising(error: BaseException) -> Task:
    def task(_plugin: PluginInput, _env: Mapping[str, str]) -> Any:
        raise error

    return task


def replying(output: Any) -> Task:
    return lambda _plugin, _env: {"output": output}


@pytest.mark.parametrize(
    ("task", "error"),
    [
        (raising(KeyError(COOKIE)), "KeyError: '***'. This is a bug in Stash2Plex"),
        (raising(RuntimeError("can't start new thread")), "The system lets this plugin have no"),
        (raising(MemoryError()), "There is no memory left. The system lets"),
        (raising(SystemExit("a library gave up")), "SystemExit: a library gave up. This is a bug"),
        (replying({1, 2}), "TypeError: Object of type set is not JSON serializable."),
        (replying(math.nan), "ValueError: Out of range float values"),
    ],
)
def test_a_crash_has_a_reply_a_traceback_and_a_bad_status(task: Task, error: str) -> None:
    is_a_crash(run_here(task=task), error)


def test_so_has_one_of_a_process() -> None:
    told = "No module named 'no_such_module'. Install the plugin from its"
    is_a_crash(run_with_task("import no_such_module"), told)


@pytest.mark.parametrize("stdin", [b"", b"{", b"[]", b"\xff", b'{"args": 5}'])
def test_malformed_input_is_answered_with_an_error(stdin: bytes) -> None:
    ended = run_here(stdin)

    assert "plugin input on stdin cannot be used" in ended.reply["error"]
    assert (ended.status, ended.stderr) == (0, "")


def test_an_unknown_mode_is_answered_with_the_known_ones() -> None:
    ended = run(str(ENTRY), stdin=b'{"args": {"mode": "reconcile_al"}}')

    assert "'reconcile_al'" in ended.reply["error"]
    assert "reconcile_all" in ended.reply["error"]
    assert ended.status == 0


def test_a_log_that_nobody_reads_does_not_spoil_a_good_run() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    body = """
        import logging
        for _ in range(3):
            logging.getLogger("app").warning("hello")
        print("hello")
        return {"output": "done"}
        """
    with os.fdopen(writing, "wb") as broken:
        ended = subprocess.run(
            [sys.executable, "-c", stand_in(body)],
            input=b'{"args": {}}',
            stdout=subprocess.PIPE,
            stderr=broken,
            timeout=60,
            check=False,
        )

    assert ended.stdout == b'{"output": "done"}'
    assert ended.returncode == 0


@pytest.mark.skipif(os.name == "nt", reason="it has no such numbers")
def test_without_anybody_at_stdout_the_task_does_its_work(tmp_path: Path) -> None:
    """Neither a file nor a server gets what is meant for whoever is not there."""
    body = f"""
        with open({str(tmp_path / "file")!r}, "w") as file:
            print("from a library")
            file.write("whole")
        return {{"output": "done"}}
        """
    reading, writing = os.pipe()
    os.close(reading)

    def close() -> None:
        os.close(1)
        os.close(2)

    for before, stdout, status in ((close, None, 0), (None, writing, 1)):
        ended = subprocess.run(
            [sys.executable, "-c", stand_in(body)],
            input=b'{"args": {}}',
            stdout=stdout,
            stderr=subprocess.PIPE,
            preexec_fn=before,
            timeout=60,
            check=False,
        )
        assert (tmp_path / "file").read_text() == "whole"
        assert (ended.returncode, b"Traceback" in ended.stderr) == (status, False)
    assert b"Stash does not take its reply" in ended.stderr
    os.close(writing)


def test_a_child_that_lives_on_does_not_keep_stash_waiting(tmp_path: Path) -> None:
    body = """
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        return {"output": child.pid}
        """
    with (tmp_path / "stderr").open("wb") as stderr:
        ended = subprocess.run(
            [sys.executable, "-c", stand_in(body)],
            input=b'{"args": {}}',
            stdout=subprocess.PIPE,
            stderr=stderr,
            timeout=40,  # less than the child lives
            check=False,
        )

    child = psutil.Process(json.loads(ended.stdout)["output"])
    assert child.is_running()
    child.kill()


@pytest.mark.skipif(os.name == "nt", reason="Windows ends processes without a word")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_told_to_end_it_tidies_up_and_says_so_in_one_line(name: str) -> None:
    body = """
        import logging, time
        log = logging.getLogger("app.task_runner")
        try:
            log.info("working")
            time.sleep(60)
        finally:
            time.sleep(0.2)
            log.info("tidied")
        """
    process = subprocess.Popen(
        [sys.executable, "-c", stand_in(body)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write(b'{"args": {"mode": "x"}}')
    process.stdin.close()
    process.stdin = None
    assert process.stderr.readline() == b"\x01i\x02working\n"
    for _ in range(2):  # impatience must not disturb the tidying up
        process.send_signal(getattr(signal, name))
        time.sleep(0.05)
    stdout, stderr = process.communicate(timeout=30)

    said = f"The task was stopped by {name}; what it had in hand waits for the next one."
    assert json.loads(stdout) == {"error": said}
    assert stderr.decode() == f"\x01i\x02tidied\n\x01w\x02{said}\n"
    assert process.returncode == 0


def test_a_python_that_is_too_old_is_told_so() -> None:
    ended = run("-c", "import sys; sys.version_info = (3, 9, 1)\n" + stand_in("return {}"))

    assert "Stash2Plex needs Python 3.10 or later; this is 3." in ended.reply["error"]


def test_what_the_plugin_brings_wins_over_its_neighbours(tmp_path: Path) -> None:
    plugin = tmp_path / "plug ins" / "Stash2Plex größe"
    plugin.mkdir(parents=True)
    shutil.copy(ROOT / "Stash2Plex.py", plugin)
    for name in ("shell", "core"):
        shutil.copytree(ROOT / name, plugin / name)
    (plugin / "app").mkdir()
    (plugin / "app" / "__init__.py").touch()
    (plugin / "app" / "dispatch.py").write_text(
        "import requests\ndef reply_to(plugin, env): return {'output': requests.WHOSE}\n"
    )
    (plugin / "vendor").mkdir()
    (plugin / "vendor" / "requests.py").write_text("WHOSE = 'ours'\n")
    for name in ("requests", "shell", "app", "core"):
        (plugin.parent / f"{name}.py").write_text("WHOSE = 'a neighbour of ours'\n")

    ended = run(str(plugin / "Stash2Plex.py"), PYTHONPATH=str(plugin.parent))

    assert ended.reply == {"output": "ours"}


@pytest.mark.skipif(os.name == "nt", reason="the system has no such limit")
@pytest.mark.parametrize("most", [20, 64])
def test_too_few_files_that_may_be_open_are_told_as_such(most: int) -> None:
    script = (
        "import resource, runpy; limit = resource.RLIMIT_NOFILE;"
        f" resource.setrlimit(limit, ({most // 2}, {most}));"
        f" runpy.run_path({str(ENTRY)!r}, run_name='__main__')"
    )

    ended = run("-c", script)

    told = f"open only {most} files at once, and it needs 32" in ended.reply["error"]
    assert told is (most < 32)
