"""The entry script: as a process of its own, or within this one where a process adds nothing."""

from __future__ import annotations

import functools
import gc
import importlib.util
import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from shell import protocol
from storage.files.token_file import TOKEN_FILE
from tests.pool import TOKEN

ROOT = Path(__file__).resolve().parents[2]
ENTRY = ROOT / "Stash2Plex.py"
COOKIE = "SESSION-COOKIE-not-for-logs"
API_KEY = "API-KEY-not-for-logs"
SECRETS = (TOKEN, COOKIE, API_KEY)
MAX_LINE = 8 * 1024
PATIENCE = 200.0  # seconds that any one task may take before the test gives up


@dataclass(frozen=True)
class Ended:
    """What Stash sees of a run that has ended."""

    status: int
    stdout: bytes
    stderr: bytes

    @property
    def reply(self) -> dict[str, Any]:
        """The one JSON object on stdout."""
        reply = json.loads(self.stdout)
        assert isinstance(reply, dict)
        assert list(reply) in (["output"], ["error"])
        return reply

    @property
    def output(self) -> dict[str, Any]:
        """The figures of a task that did its work."""
        assert "output" in self.reply, self.reply
        output: dict[str, Any] = self.reply["output"]
        return output

    @property
    def error(self) -> str:
        """The sentence for the user, of a task that could not do its work."""
        assert "error" in self.reply, self.reply
        error: str = self.reply["error"]
        return error

    @property
    def log(self) -> str:
        """The log without its marks, progress left out."""
        lines = self.stderr.decode("utf-8").splitlines()
        return "\n".join(line[3:] for line in lines if not line.startswith("\x01p"))

    @property
    def progress(self) -> list[float]:
        lines = self.stderr.decode("utf-8").splitlines()
        return [float(line[3:]) for line in lines if line.startswith("\x01p\x02")]

    def check_protocol(self) -> None:
        """Everything is framed as Stash wants it, and nothing of it is a secret."""
        for line in self.stderr.splitlines():
            assert line[:1] == b"\x01", line
            assert line[1:2] in b"tdiwep", line
            assert line[2:3] == b"\x02", line
            assert len(line) < MAX_LINE
        for secret in SECRETS:
            assert secret.encode() not in self.stdout + self.stderr


def stored(data: Path) -> dict[Path, bytes]:
    """What lies in a data folder, without the file that is there to hold the Plex token."""
    files = (path for path in data.rglob("*") if path.is_file() and path.name != TOKEN_FILE)
    return {path: path.read_bytes() for path in files}


def start(env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """The script as Stash starts it, waiting for its input."""
    pipe = subprocess.PIPE
    command = [sys.executable, str(ENTRY)]
    return subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=pipe, cwd=os.sep, env=dict(env)
    )


def run_process(stdin: bytes, env: Mapping[str, str]) -> Ended:
    """A run in a process of its own."""
    with start(env) as process:
        stdout, stderr = process.communicate(stdin, timeout=PATIENCE)
    return Ended(process.returncode, stdout, stderr)


def run_here(stdin: bytes, env: Mapping[str, str]) -> Ended:
    """The same within this process: all of the script but its start and its file descriptors.

    Args:
        stdin: the input of a task; a hook would end this process.
    """
    assert b'"hookContext"' not in stdin
    stdout, stderr = _Kept(), _Kept()
    with pytest.MonkeyPatch.context() as patch, _restored():
        patch.setattr(os, "environ", dict(env))
        patch.setattr(sys, "argv", [str(ENTRY)])
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        patch.setattr(sys, "stderr", io.TextIOWrapper(stderr))
        patch.setattr(protocol, "take_stdout", lambda _frames: stdout)
        status = _script().main()
    return Ended(status, stdout.getvalue(), stderr.getvalue())


def command_here(arguments: Sequence[str], env: Mapping[str, str]) -> Ended:
    """A command as a person types it, within this process, with its output going to a pipe."""
    stdout, stderr = _Kept(), _Kept()
    with pytest.MonkeyPatch.context() as patch, _restored():
        patch.setattr(os, "environ", dict(env))
        patch.setattr(sys, "argv", [str(ENTRY), *arguments])
        patch.setattr(sys, "stdout", io.TextIOWrapper(stdout, encoding="utf-8"))
        patch.setattr(sys, "stderr", io.TextIOWrapper(stderr, encoding="utf-8"))
        status = _script().main()
        sys.stdout.flush()
        sys.stderr.flush()
        return Ended(status, stdout.getvalue(), stderr.getvalue())


class _Kept(io.BytesIO):
    """A stream of which the content can be seen after its end."""

    def close(self) -> None:
        """Stay open."""


@functools.cache
def _script() -> ModuleType:
    """The entry script as a module."""
    path = sys.path[:]
    spec = importlib.util.spec_from_file_location("entry_script", ENTRY)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.path[:] = path  # as pytest has set it
    return module


@contextmanager
def _restored() -> Iterator[None]:
    """What a run changes in its process is as before, afterwards."""
    root, thresholds = logging.getLogger(), gc.get_threshold()
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        gc.set_threshold(*thresholds)
