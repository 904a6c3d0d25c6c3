"""A running Stash simulator for its own tests: seeds, plugins, and a bare client."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).parents[3]
# What a test plugin's script may use: `seen` is its input, `say` logs, `answer` prints the result.
PRELUDE = """
import json, os, sys, time
seen = json.loads(sys.stdin.buffer.read())
args = seen["args"]
def say(level, text):
    sys.stderr.write(f"\\x01{level}\\x02{text}\\n")
    sys.stderr.flush()
def answer(output=None, error=None):
    print(json.dumps({"output": output, "error": error}))
def ask(query, variables=None, cookie=True):
    import http.client
    server = seen["server_connection"]
    headers = {"Content-Type": "application/json"}
    if cookie:
        headers["Cookie"] = f"session={server['SessionCookie']['Value']}"
    body = json.dumps({"query": query, "variables": variables or {}})
    connection = http.client.HTTPConnection("127.0.0.1", server["Port"], timeout=20)
    connection.request("POST", "/graphql", body, headers)
    return json.load(connection.getresponse())
"""


def scene(num: int, **changes: Any) -> dict[str, Any]:
    file = {
        "id": num,
        "path": f"/data/library/scene {num}.mp4",
        "size": 1000 + num,
        "duration": 60.5,
        "oshash": f"{num:016x}",
    }
    return {
        "id": num,
        "title": f"Scene {num}",
        "details": "",
        "director": "",
        "date": "2024-05-01",
        "rating100": None,
        "organized": False,
        "studio_id": None,
        "performer_ids": [],
        "tag_ids": [],
        "files": [file],
        "created_at": "2025-01-01T10:00:00Z",
        "updated_at": "2025-02-01T10:00:00Z",
        "cover": None,
        **changes,
    }


def seed(*scenes: Mapping[str, Any], version: str = "v0.30.1", **half: Any) -> dict[str, Any]:
    stash = {
        "studios": [
            {"id": 1, "name": "Northwater", "parent_id": None},
            {"id": 2, "name": "Quayside", "parent_id": 1},
        ],
        "performers": [
            {"id": 1, "name": "Ana Ruiz", "disambiguation": "", "gender": "FEMALE"},
            {"id": 2, "name": "Ana Ruiz", "disambiguation": "photographer", "gender": None},
            {"id": 3, "name": "Bo", "disambiguation": "", "gender": None},
        ],
        "tags": [{"id": 1, "name": "Night"}, {"id": 2, "name": "Outdoor"}, {"id": 3, "name": "4K"}],
        "scenes": list(scenes),
        "version": version,
        **half,
    }
    return {"stash": stash, "plex": {}, "truth": {}}


def write_plugin(folder: Path, name: str, script: str, yml: str) -> None:
    """A Python plugin `name` with one file; `yml` is what stands besides its exec line."""
    home = folder / name
    home.mkdir(parents=True)
    command = f'name: {name}\nexec: [python3, "{{pluginDir}}/run.py"]\ninterface: raw\n'
    (home / f"{name}.yml").write_text(command + textwrap.dedent(yml), encoding="utf-8")
    (home / "run.py").write_text(PRELUDE + textwrap.dedent(script), encoding="utf-8")


class Stash:
    """A client that adds and hides nothing."""

    def __init__(self, url: str, session: requests.Session) -> None:
        self.url = url
        self.session = session

    def post(self, query: str, headers: Mapping[str, str | None] | None = None) -> Any:
        """The bare answer to a query."""
        return self.session.post(
            f"{self.url}/graphql", json={"query": query}, headers=headers, timeout=30
        )

    def answer(self, query: str, **variables: Any) -> dict[str, Any]:
        """The decoded body, errors and all."""
        body = {"query": query, "variables": variables}
        headers = {"Accept": "application/json"}
        answer = self.session.post(f"{self.url}/graphql", json=body, headers=headers, timeout=30)
        decoded: dict[str, Any] = answer.json()
        return decoded

    def data(self, query: str, **variables: Any) -> Any:
        decoded = self.answer(query, **variables)
        assert "errors" not in decoded, decoded["errors"]
        return decoded["data"]

    def error(self, query: str, **variables: Any) -> str:
        message: str = self.answer(query, **variables)["errors"][0]["message"]
        return message

    def scene(self, num: int, fields: str = "id title updated_at") -> Any:
        return self.data(f"{{ findScene(id: {num}) {{ {fields} }} }}")["findScene"]

    def ids(self, scene_filter: Any = None, **paging: Any) -> list[int]:
        query = """query ($f: FindFilterType, $s: SceneFilterType) {
            findScenes(filter: $f, scene_filter: $s) { scenes { id } } }"""
        paging = {"per_page": -1, "sort": "id", **paging}
        found = self.data(query, f=paging, s=scene_filter)["findScenes"]["scenes"]
        return [int(row["id"]) for row in found]

    def ask(self, path: str) -> Any:
        return self.session.get(f"{self.url}/_sim/{path}", timeout=10).json()

    def tell(self, path: str, body: Any) -> Any:
        answer = self.session.post(f"{self.url}/_sim/{path}", json=body, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def edit(self, action: str, **parameters: Any) -> Any:
        return self.tell("edit", {"action": action, **parameters})

    @contextmanager
    def switched(self, **switches: Any) -> Iterator[None]:
        before = self.ask("config")
        self.tell("config", switches)
        try:
            yield
        finally:
            self.tell("config", {name: before[name] for name in switches})

    def job(self, num: str) -> Any:
        return next(job for job in self.ask("jobs") if job["id"] == num)

    def finished(self, num: str) -> Any:
        """Waits for the end of a job."""
        return until(lambda: self.job(num) if self.job(num)["endTime"] else None)


def until(look: Callable[[], Any], seconds: float = 10) -> Any:
    """What `look` gives as soon as it is true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError("it did not happen in time")


class StashProcess:
    """A process in which one server follows another.

    Attributes:
        url: where the latest one listens.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    def load(self, library: Mapping[str, Any], options: Sequence[str]) -> str:
        """Start the next one, with options of the command line; its address."""
        body = {"stash": library["stash"], "arguments": options}
        answer = requests.post(f"{self.url}/_sim/seed", json=body, timeout=30)
        answer.raise_for_status()
        self.url = answer.json()["url"]
        return self.url


@contextmanager
def started(*options: str) -> Iterator[str]:
    """The simulator in a process that ends with the block; its address."""
    command = [sys.executable, "-m", "simulators.stash.server", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["url"]
        finally:
            process.terminate()


@contextmanager
def running(folder: Path, library: Mapping[str, Any], *options: str) -> Iterator[Stash]:
    """The simulator with this seed in a process that ends with the block."""
    path = folder / "seed.json"
    path.write_text(json.dumps(library), encoding="utf-8")
    with started("--seed", str(path), *options) as url, requests.Session() as session:
        yield Stash(url, session)


@contextmanager
def loaded(server: StashProcess, library: Mapping[str, Any], *options: str) -> Iterator[Stash]:
    """The simulator with this seed, until the next one."""
    # The server's own process is measured, that of a plugin of three lines need not be.
    options = ("--plugin-env=COVERAGE_PROCESS_CONFIG=", *options)
    with requests.Session() as session:
        yield Stash(server.load(library, options), session)
