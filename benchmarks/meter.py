"""What one process costs: wall time, CPU time and peak memory.

A child inherits the peak memory of the process that starts it, and the benchmarks hold libraries of
many scenes. So the child is started by a small process of its own, this module run with `-m`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parent.parent
TIMEOUT = 1800.0  # seconds
SAMPLE = 0.01  # seconds between two looks, where the system keeps no account for us
MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024
# The first would keep each start from using what the one before has compiled, as Stash's do not.
_FOREIGN = ("PYTHONDONTWRITEBYTECODE", "STASH_URL", "STASH_API_KEY", "PLEX_URL", "PLEX_TOKEN")


@dataclass(frozen=True, slots=True)
class Usage:
    """One process, from its start to its end.

    Attributes:
        wall, cpu: seconds; `cpu` is user and system time together.
        peak_rss: bytes.
    """

    wall: float
    cpu: float
    peak_rss: int
    status: int
    stdout: str
    stderr: str


def plugin_environment(data_dir: Path) -> dict[str, str]:
    """The environment of a plugin as Stash starts it, without what this shell may have set."""
    kept = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    return {**kept, "STASH_PLUGIN_DATA": str(data_dir)}


def measure(command: Sequence[str], given: bytes, env: Mapping[str, str]) -> Usage:
    """Run a command and account for it; `given` is its stdin."""
    order = {"command": list(command), "stdin": given.decode("utf-8"), "env": dict(env)}
    meter = [sys.executable, "-m", "benchmarks.meter"]
    # Not captured: what goes wrong in the meter itself is to be seen.
    done = subprocess.run(
        meter, input=json.dumps(order).encode(), stdout=subprocess.PIPE, cwd=ROOT, check=True
    )
    return Usage(**json.loads(done.stdout))


def run(order: Mapping[str, Any]) -> Usage:
    """The measuring itself; to be called in a small process."""
    with (
        tempfile.TemporaryFile() as stdin,
        tempfile.TemporaryFile() as stdout,
        tempfile.TemporaryFile() as stderr,
    ):
        stdin.write(order["stdin"].encode("utf-8"))
        stdin.seek(0)
        start = time.perf_counter()
        process = subprocess.Popen(
            order["command"], stdin=stdin, stdout=stdout, stderr=stderr, env=order["env"]
        )
        watchdog = threading.Timer(TIMEOUT, process.kill)
        watchdog.start()
        try:
            cpu, peak = _accounted(process)
        finally:
            watchdog.cancel()
        wall = time.perf_counter() - start
        return Usage(wall, cpu, peak, process.returncode, _text(stdout), _text(stderr))


if sys.platform == "win32":

    def _accounted(process: subprocess.Popen[bytes]) -> tuple[float, int]:
        """Wait for the end; CPU seconds and peak bytes, as of the last look."""
        import psutil

        cpu, peak = 0.0, 0
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            try:
                times = watched.cpu_times()
                cpu, peak = times.user + times.system, watched.memory_info().peak_wset
            except psutil.NoSuchProcess:
                break
            time.sleep(SAMPLE)
        process.wait()
        return cpu, peak

else:

    def _accounted(process: subprocess.Popen[bytes]) -> tuple[float, int]:
        """Wait for the end; CPU seconds and peak bytes."""
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return used.ru_utime + used.ru_stime, used.ru_maxrss * MAXRSS_UNIT


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace")


if __name__ == "__main__":
    json.dump(asdict(run(json.load(sys.stdin))), sys.stdout)
