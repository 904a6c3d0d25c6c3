"""Runs the Plex simulator as a process of its own, for tests, the demo and the benchmarks."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import urllib3

ROOT = Path(__file__).resolve().parents[2]


class PlexProcess:
    """A running simulator. Use as a context manager; it ends with the block.

    Args:
        seed: a whole seed or its `plex` half, or the file it lies in; none starts an empty
            server (see `load`).
    """

    def __init__(
        self, seed: Mapping[str, Any] | Path | None = None, token: str = "plex-token"
    ) -> None:
        self.token = token
        self.url = ""
        self._seed = seed
        self._process: subprocess.Popen[str] | None = None
        self._connections: urllib3.HTTPConnectionPool | None = None

    def __enter__(self) -> PlexProcess:
        command = [sys.executable, "-m", "simulators.plex.server", "--token", self.token]
        with tempfile.TemporaryDirectory() as folder:
            if self._seed is not None:
                command += ["--seed", str(self._seed_file(Path(folder)))]
            self._process = subprocess.Popen(
                command, cwd=ROOT, stdout=subprocess.PIPE, text=True, encoding="utf-8"
            )
            assert self._process.stdout is not None
            line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the Plex simulator did not start; see its messages above")
        self.url = json.loads(line)["url"]
        self._connections = urllib3.connection_from_url(self.url)
        return self

    def _seed_file(self, folder: Path) -> Path:
        if isinstance(self._seed, Path):
            return self._seed
        assert self._seed is not None
        path = folder / "seed.json"
        half = self._seed.get("plex", self._seed)
        path.write_text(json.dumps(half, ensure_ascii=False), encoding="utf-8")
        return path

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        process = self._process
        assert process is not None
        if self._connections is not None:
            self._connections.close()
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert process.stdout is not None
        process.stdout.close()

    def sim(self, method: str, path: str, body: Any = None) -> Any:
        """Asks `/_sim/<path>`.

        Returns:
            The decoded JSON answer.
        """
        assert self._connections is not None
        answer = self._connections.request(
            method, f"/_sim/{path}", json=body, timeout=60, retries=False
        )
        assert answer.status < 400, answer.data
        return answer.json()

    def load(self, seed: Mapping[str, Any]) -> None:
        """Starts the server's library afresh, with default switches and empty counters."""
        self.sim("POST", "seed", seed)
        self.sim("POST", "faults", [])
        self.sim("POST", "counters/reset")

    def switch(self, **switches: Any) -> None:
        self.sim("POST", "config", switches)

    def item(self, key: int) -> Any:
        """One item in full, as the server holds it."""
        return self.sim("GET", f"items/{key}")
