"""Starts both simulators as processes of their own, for tests, the demo and the benchmarks.

    with Simulators(generate(400)) as both:
        both.stash.graphql("{ version { version } }")
        both.plex.faults([{"match": "PUT", "action": "status", "status": 503, "times": 3}])

No process outlives the block, whatever ends it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any
from urllib.parse import urlencode

import urllib3

from simulators.seed import Seed, Truth, write_seed

ROOT = Path(__file__).resolve().parent.parent
POLITE_SECONDS = 5.0
TAIL = 4000  # characters of a dead simulator's messages that are shown


class StartError(RuntimeError):
    """A simulator did not come up; the text holds the end of its messages."""


class RefusedError(RuntimeError):
    """A simulator answered with an error."""


class ServerProcess:
    """One simulator process, from start to `stop`.

    Args:
        module: what to run with `python -m`.
        messages: where its stderr goes; the caller closes it.
    """

    def __init__(self, module: str, arguments: Sequence[str], messages: IO[str]) -> None:
        self._module = module
        self._messages = messages
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=messages,
            text=True,
            encoding="utf-8",
            # A group of its own, so that stopping it reaches the plugins it has started.
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def ready(self, timeout: float) -> str:
        """Wait until it listens; its address.

        Raises:
            StartError: it ended, or said nothing for `timeout` seconds.
        """
        assert self._process.stdout is not None
        watchdog = threading.Timer(timeout, self._process.kill)
        watchdog.start()
        try:
            line = self._process.stdout.readline()
        finally:
            watchdog.cancel()
            watchdog.join()
        if not line:
            self._process.wait(POLITE_SECONDS)
            self._messages.seek(0)
            said = self._messages.read()[-TAIL:]
            raise StartError(f"{self._module} did not start:\n{said}")
        url: str = json.loads(line)["url"]
        return url

    def stop(self) -> None:
        """End it and everything that it started. A second call does nothing."""
        process = self._process
        if process.stdout is None or process.stdout.closed:
            return
        if sys.platform == "win32":
            # terminate() would leave the children; /T takes the whole tree.
            command = ["taskkill", "/T", "/F", "/PID", str(process.pid)]
            subprocess.run(command, capture_output=True, check=False)
        else:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(POLITE_SECONDS)
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        process.wait(POLITE_SECONDS)
        process.stdout.close()


class Handle:
    """The control surface of one running simulator; see `simulators.control`."""

    def __init__(self, url: str) -> None:
        self.move(url)

    def move(self, url: str) -> None:
        """From now on it is there."""
        self.url = url
        self._has_faults = False
        self._connections = urllib3.connection_from_url(url, maxsize=4)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Ask `/_sim/<path>`; the decoded answer. Raises RefusedError: the simulator refused."""
        return self._asked(method, f"/_sim/{path}", body)

    def _asked(
        self, method: str, target: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        answer = self._connections.request(
            method, target, json=body, headers=headers, timeout=120, retries=False
        )
        if answer.status >= 400:
            raise RefusedError(f"{answer.status} for {method} {target}: {answer.data[:200]!r}")
        return answer.json()

    def counters(self) -> dict[str, Any]:
        counted: dict[str, Any] = self.control("GET", "counters")
        return counted

    def reset(self) -> None:
        """Set the counters to zero."""
        self.control("POST", "counters/reset")

    def configure(self, **switches: Any) -> dict[str, Any]:
        """Change switches; all of them as they now are."""
        changed: dict[str, Any] = self.control("POST", "config", switches)
        return changed

    def faults(self, faults: Sequence[Mapping[str, Any]]) -> None:
        """Replace the list of faults; an empty one clears it, without a request if it is that."""
        if faults or self._has_faults:
            self.control("POST", "faults", list(faults))
        self._has_faults = bool(faults)

    def state(self) -> dict[str, Any]:
        dumped: dict[str, Any] = self.control("GET", "state")
        return dumped

    def close(self) -> None:
        self._connections.close()


class StashHandle(Handle):
    """The Stash simulator, and its GraphQL door."""

    def __init__(self, url: str, api_key: str) -> None:
        super().__init__(url)
        self.api_key = api_key

    def graphql(self, query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Run a query or mutation; its `data`. Raises RuntimeError: Stash answered with errors."""
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if self.api_key:
            headers["ApiKey"] = self.api_key
        body = {"query": query, "variables": dict(variables or {})}
        decoded: dict[str, Any] = self._asked("POST", "/graphql", body, headers)
        if decoded.get("errors"):
            raise RuntimeError(f"Stash answered with errors: {decoded['errors']}")
        data: dict[str, Any] = decoded["data"]
        return data


class PlexHandle(Handle):
    """The Plex simulator, and its JSON door."""

    def __init__(self, url: str, token: str) -> None:
        super().__init__(url)
        self.token = token

    def load(self, seed: Mapping[str, Any]) -> None:
        """Begin afresh with that library (a seed or its `plex` half): default switches, no faults,
        counters at zero."""
        self.control("POST", "seed", seed.get("plex", seed))
        self._has_faults = False

    def item(self, key: int) -> Any:
        """One item in full, as the server holds it."""
        return self.control("GET", f"items/{key}")

    def get(self, path: str, **parameters: Any) -> dict[str, Any]:
        """The `MediaContainer` of a path. Raises RefusedError: Plex refused."""
        headers = {"Accept": "application/json", "X-Plex-Token": self.token}
        target = f"{path}?{urlencode(parameters)}" if parameters else path
        container: dict[str, Any] = self._asked("GET", target, headers=headers)["MediaContainer"]
        return container


class Simulators:
    """Both servers of one library. Use as a context manager.

    Args:
        plugin_dir: Stash's plugin folder, or several.
        plugin_env: environment that plugins get besides their own.
        python: interpreter for Python plugins.
        password, api_key: Stash asks for them if set.
        timeout: seconds for each start; large libraries take their time to load.

    Raises:
        StartError: on entering, if one of them does not come up; the other is stopped then.
    """

    def __init__(
        self,
        seed: Seed,
        *,
        plugin_dir: Path | Sequence[Path] = (),
        plugin_env: Mapping[str, str] | None = None,
        python: str = sys.executable,
        username: str = "admin",
        password: str = "",
        api_key: str = "",
        token: str = "simulated-plex-token",
        stash_port: int = 0,
        plex_port: int = 0,
        timeout: float = 300.0,
    ) -> None:
        self.seed = seed
        self._stash_arguments = [
            *("--port", str(stash_port), "--python", python, "--username", username),
            *_stash_arguments(plugin_dir, plugin_env, password, api_key),
        ]
        self._plex_arguments = ["--port", str(plex_port), "--token", token]
        self._api_key, self._token, self._timeout = api_key, token, timeout
        self._exits = ExitStack()
        self.stash: StashHandle
        self.plex: PlexHandle
        self.processes: tuple[ServerProcess, ...] = ()

    def __enter__(self) -> Simulators:
        with ExitStack() as exits:
            folder = tempfile.TemporaryDirectory(prefix="library-", ignore_cleanup_errors=True)
            seed = Path(exits.enter_context(folder)) / "seed.json"
            write_seed(self.seed, seed)
            stash = _started(exits, "simulators.stash.server", seed, self._stash_arguments)
            plex = _started(exits, "simulators.plex.server", seed, self._plex_arguments)
            self.stash = StashHandle(stash.ready(self._timeout), self._api_key)
            exits.callback(self.stash.close)
            self.plex = PlexHandle(plex.ready(self._timeout), self._token)
            exits.callback(self.plex.close)
            seed.unlink()
            self.processes = (stash, plex)
            self._exits = exits.pop_all()
        return self

    @property
    def truth(self) -> Truth:
        return self.seed["truth"]

    def load(
        self,
        seed: Seed,
        *,
        plugin_dir: Path | Sequence[Path] = (),
        plugin_env: Mapping[str, str] | None = None,
        password: str = "",
        api_key: str = "",
    ) -> None:
        """Both begin afresh with another library, in their processes; Plex's token stays.

        Stash is at another address afterwards, and what it had started has ended.
        """
        arguments = _stash_arguments(plugin_dir, plugin_env, password, api_key)
        asked = {"stash": seed["stash"], "arguments": arguments}
        ready = self.stash.control("POST", "seed", asked)
        self.stash.close()
        self.stash.move(ready["url"])
        self.stash.api_key = api_key
        self.plex.load(seed)
        self.seed = seed

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._exits.close()


def _stash_arguments(
    plugin_dir: Path | Sequence[Path],
    plugin_env: Mapping[str, str] | None,
    password: str,
    api_key: str,
) -> list[str]:
    folders = [plugin_dir] if isinstance(plugin_dir, Path) else list(plugin_dir)
    arguments = [f"--plugin-dir={folder}" for folder in folders]
    arguments += [f"--plugin-env={name}={value}" for name, value in (plugin_env or {}).items()]
    if password:
        arguments += ["--password", password]
    if api_key:
        arguments += ["--api-key", api_key]
    return arguments


def _started(exits: ExitStack, module: str, seed: Path, arguments: list[str]) -> ServerProcess:
    log = seed.with_name(f"{module}.txt")
    messages = exits.enter_context(log.open("w+", encoding="utf-8", errors="replace"))
    process = ServerProcess(module, ["--seed", str(seed), *arguments], messages)
    exits.callback(process.stop)
    return process
