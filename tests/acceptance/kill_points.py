"""A process that dies in the middle of a task, at a point that can be named and repeated.

What outlives a process changes by two kinds of things alone: a request that writes, and a statement
that makes a change to a file durable. Just before each of them is a point. Where between two of
them a process dies makes no difference, so the points of a task are all ways in which it can die.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import warnings
from collections.abc import Callable
from typing import Any

from transport.http import Http

_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE", "CREATE", "ALTER", "DROP")


CAN_FORK = sys.platform != "win32"  # whether this system can make a copy of a process


def killed_at(point: int, task: Callable[[], object]) -> bool:
    """Run a task in a copy of this process, and kill that at its n-th point, counted from 0.

    Returns:
        whether it was; False: the task had ended before.
    """
    assert sys.platform != "win32"
    child = _forked()
    if child == 0:
        _watch(_Counter(point))
        _run(task)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, "the task failed, for another reason than its death"
    return False


def points_of(task: Callable[[], object]) -> int:
    """How many points a task has: it is carried out, in a copy of this process."""
    ours, its = os.pipe()
    child = _forked()
    if child == 0:
        counter = _Counter(None)
        _watch(counter)
        _run(task, lambda: os.write(its, counter.met.to_bytes(4, "big")))
    os.close(its)
    told = os.read(ours, 4)
    os.close(ours)
    os.waitpid(child, 0)
    assert told, "the task failed"
    return int.from_bytes(told, "big")


def _forked() -> int:
    assert sys.platform != "win32"
    with warnings.catch_warnings():
        # Python warns of threads; the copy runs one task, and never comes back.
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _run(task: Callable[[], object], at_end: Callable[[], object] = lambda: None) -> None:
    status = 1
    try:
        task()
        at_end()
        status = 0
    except BaseException as error:
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
        raise
    finally:
        os._exit(status)


class _Counter:
    """Kills this process at one of its points."""

    def __init__(self, deadly: int | None) -> None:
        self._deadly = deadly
        self.met = 0

    def point(self) -> None:
        """This is one."""
        assert sys.platform != "win32"
        if self.met == self._deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        self.met += 1


def _watch(counter: _Counter) -> None:
    """Find the points of this process. There is no way back."""
    send, connect = Http.send, sqlite3.connect

    def watched_send(self: Http, method: str, target: str, **rest: Any) -> Any:
        if method != "GET" and "graphql" not in target:
            counter.point()
        return send(self, method, target, **rest)

    def watched_connect(*args: Any, **rest: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*args, **rest)
        is_writing = False

        def seen(statement: str) -> None:
            nonlocal is_writing
            first = statement.lstrip().upper()
            if first.startswith("BEGIN"):
                is_writing = "IMMEDIATE" in first
            elif (is_writing and first.startswith("COMMIT")) or (
                first.startswith(_WRITES) and not connection.in_transaction
            ):
                counter.point()

        connection.set_trace_callback(seen)
        return connection

    def audited(event: str, _args: object) -> None:
        if event in ("os.rename", "os.remove"):
            counter.point()

    Http.send = watched_send  # type: ignore[method-assign]
    sqlite3.connect = watched_connect  # type: ignore[assignment]
    sys.addaudithook(audited)
