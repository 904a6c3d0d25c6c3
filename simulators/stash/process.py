"""Runs one raw plugin process: stdin written, stdout read to its end, stderr streamed.

Stash waits for the end of stdout, not for the exit; killing is immediate and leaves children
alone; once the process is reaped, its stderr is closed, so that a surviving grandchild which kept
it gets a broken pipe. Threads do the blocking reads: they work alike on every system.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from simulators.stash.plugin_io import LogSplitter, PluginOutput, decode_output

CHUNK = 64 * 1024
POLL = 0.05  # seconds between looks at whether stderr was closed from this side


class RawProcess:
    """One run of a plugin.

    Args:
        payload: what the plugin reads on stdin.
        splitter: gets the bytes of stderr, in a thread of its own.
        complain: is told when the plugin did not read its stdin to the end.
    """

    def __init__(
        self, payload: bytes, splitter: LogSplitter, complain: Callable[[str], None]
    ) -> None:
        self._payload = payload
        self._splitter = splitter
        self._complain = complain
        self._process: subprocess.Popen[bytes] | None = None
        self._reaped = threading.Event()

    def start(
        self, command: Sequence[str], env: Mapping[str, str], cwd: Path
    ) -> asyncio.Future[PluginOutput]:
        """Starts the process; the future is done when stdout has ended and it was reaped.

        Raises:
            OSError: it cannot be started; in the words of Go.
        """
        pipe = subprocess.PIPE
        try:
            self._process = subprocess.Popen(
                command, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, env=dict(env), cwd=cwd
            )
        except OSError as error:
            raise OSError(f"fork/exec {command[0]}: {str(error.strerror).lower()}") from None
        loop = asyncio.get_running_loop()
        done: asyncio.Future[PluginOutput] = loop.create_future()
        reader = threading.Thread(target=self._read_stderr, args=(self._process,), daemon=True)
        for thread in (
            reader,
            threading.Thread(target=self._write_stdin, args=(self._process,), daemon=True),
            threading.Thread(
                target=self._collect, args=(self._process, reader, loop, done), daemon=True
            ),
        ):
            thread.start()
        return done

    def kill(self) -> None:
        """SIGKILL, or TerminateProcess: no grace, no children."""
        if self._process is not None:
            self._process.kill()

    def _write_stdin(self, process: subprocess.Popen[bytes]) -> None:
        stream = _pipe(process.stdin)
        rest = memoryview(self._payload)
        try:
            with stream:
                while rest:
                    rest = rest[stream.write(rest) :]
        except OSError as error:
            whole = len(self._payload)
            self._complain(
                f"error writing input to plugins stdin (wrote {whole - len(rest)} bytes out of "
                f"{whole}): write |1: {str(error.strerror).lower()}"
            )

    def _read_stderr(self, process: subprocess.Popen[bytes]) -> None:
        stream = _pipe(process.stderr)
        with stream, contextlib.suppress(OSError):
            while self._readable(stream):
                chunk = stream.read(CHUNK)
                if not chunk or not self._splitter.feed(chunk):
                    break
        self._splitter.end()

    def _readable(self, stream: IO[bytes]) -> bool:
        """Waits for bytes; False: the process is gone and nothing more is at hand."""
        if os.name != "posix":
            return True
        while not select.select([stream], [], [], POLL)[0]:
            if self._reaped.is_set():
                return False
        return True

    def _collect(
        self,
        process: subprocess.Popen[bytes],
        reader: threading.Thread,
        loop: asyncio.AbstractEventLoop,
        done: asyncio.Future[PluginOutput],
    ) -> None:
        parts = []
        with _pipe(process.stdout) as stream:
            while chunk := stream.read(CHUNK):
                parts.append(chunk)
        code = process.wait()
        self._reaped.set()
        reader.join(4 * POLL)
        result = decode_output(b"".join(parts), _exit_error(code))

        def settle() -> None:
            if not done.done():
                done.set_result(result)

        with contextlib.suppress(RuntimeError):  # the loop has closed: nobody waits any more
            loop.call_soon_threadsafe(settle)


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream


def _exit_error(code: int) -> str | None:
    """An exit in the words of Go's os/exec."""
    if code == 0:
        return None
    if code > 0:
        return f"exit status {code}"
    return "signal: killed" if code == -9 else f"signal: {-code}"
