"""A real Stash with a few videos, a source of packages on loopback, and a browser that is timed."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import requests
import yaml
from playwright.sync_api import Locator

from tests.pool import TOKEN

START_SECONDS = 60.0
VIDEOS = 8
# What a practised person takes, in seconds: to find and press a thing, to type a letter.
PRESS, LETTER = 1.5, 0.28


@dataclass
class RealStash:
    """A running one; its files lie in `folder`."""

    url: str
    folder: Path

    def graphql(self, query: str, **variables: Any) -> Any:
        answer = requests.post(
            f"{self.url}/graphql", json={"query": query, "variables": variables}, timeout=60
        )
        told = answer.json()
        assert "errors" not in told, told
        return told["data"]

    def wait(self) -> None:
        """Until its queue is empty."""
        while self.graphql("{ jobQueue { id } }")["jobQueue"]:
            time.sleep(0.1)

    def edit(self, scenes: list[str], **values: Any) -> None:
        """Edit scenes as a user does who ticks them, and wait until nothing is left to do."""
        update = "mutation($i: BulkSceneUpdateInput!) { bulkSceneUpdate(input: $i) { id } }"
        self.graphql(update, i={"ids": scenes, **values})
        self.wait()

    def start(self, mode: str) -> None:
        """Queue a task of the plugin."""
        task = 'mutation($a: Map) { runPluginTask(plugin_id: "Stash2Plex", args_map: $a) }'
        self.graphql(task, a={"mode": mode})

    def enabled(self, plugin: str) -> bool:
        known = self.graphql("{ plugins { id enabled } }")["plugins"]
        return bool(next(each["enabled"] for each in known if each["id"] == plugin))

    def log(self, text: str) -> list[str]:
        """The warnings and errors of Stash's log that name something."""
        lines = self.graphql("{ logs { level message } }")["logs"]
        bad = [each["message"] for each in lines if each["level"] in ("Warning", "Error")]
        return [message for message in bad if text in message]

    def scan(self) -> list[dict[str, Any]]:
        """Take in all videos, and give each scene something to say; their files."""
        scan = "mutation($i: ScanMetadataInput!) { metadataScan(input: $i) }"
        self.graphql(scan, i={"paths": [str(self.folder / "media")]})
        self.wait()
        query = (
            "{ findScenes(filter: {per_page: -1}) { scenes { id files { path size duration } } } }"
        )
        scenes = self.graphql(query)["findScenes"]["scenes"]
        update = "mutation($i: SceneUpdateInput!) { sceneUpdate(input: $i) { id } }"
        for scene in scenes:
            about = {"title": f"Film {scene['id']}", "details": "What it is about."}
            self.graphql(update, i={"id": scene["id"], **about})
        return [scene["files"][0] for scene in scenes]


def shown(plex: str, name: str) -> list[Any]:
    """What the items of the first library have there."""
    address = f"{plex}/library/sections/1/all"
    headers = {"X-Plex-Token": TOKEN, "Accept": "application/json"}
    listed = requests.get(address, headers=headers, timeout=60).json()["MediaContainer"]
    return [each.get(name) for each in listed["Metadata"]]


@dataclass
class Person:
    """Presses and types as people do, and measures how long the machine lets them wait.

    Attributes:
        acting: seconds that somebody would take to press and to type.
        waiting: seconds until what was pressed had come to its end.
    """

    acting: float = 0.0
    waiting: float = 0.0
    steps: list[str] = field(default_factory=list)

    def press(self, what: Locator, until: Locator | None = None) -> None:
        """Press it, at a person's pace, and wait until something is to be seen."""
        self._take(PRESS)
        began = time.monotonic()
        what.click()
        if until is not None:
            until.wait_for()
        took = time.monotonic() - began
        self.waiting += took
        name = str(what).partition("selector=")[2][:70]
        self.steps.append(f"{took:5.2f} s  {name}")

    def type(self, where: Locator, text: str, *, pasted: bool = False) -> None:
        self._take(PRESS + (PRESS if pasted else LETTER * len(text)))
        where.fill(text)

    def _take(self, seconds: float) -> None:
        self.acting += seconds
        time.sleep(seconds)


@contextlib.contextmanager
def running(binary: str, folder: Path) -> Iterator[RealStash]:
    """A Stash with an empty library of its own, whose Python has no packages."""
    media, home = folder / "media", folder / "home"
    for each in (media, home, *(folder / name for name in ("plugins", "generated", "cache"))):
        each.mkdir(parents=True)
    make_videos(media)
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    config = folder / "config.yml"
    config.write_text(yaml.safe_dump(_config(folder, port)), encoding="utf-8")
    with (folder / "out.txt").open("w") as out:
        process = subprocess.Popen(
            [binary, "--config", str(config), "--nobrowser"],
            cwd=folder,
            env={**os.environ, "HOME": str(home)},
            stdout=out,
            stderr=out,
        )
        try:
            yield _ready(RealStash(f"http://127.0.0.1:{port}", folder))
        finally:
            process.terminate()
            process.wait(START_SECONDS)


def _config(folder: Path, port: int) -> dict[str, Any]:
    python = folder / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    return {
        "host": "127.0.0.1",
        "port": port,
        "stash": [{"path": str(folder / "media")}],
        "database": str(folder / "stash.sqlite"),
        "generated": str(folder / "generated"),
        "cache": str(folder / "cache"),
        "blobs_path": str(folder / "blobs"),
        "blobs_storage": "FILESYSTEM",
        "plugins_path": str(folder / "plugins"),
        "python_path": str(python),
        "notifications_enabled": False,
        "show_one_time_moved_notification": False,
        "plugins": {"package_sources": []},
        "ui": {"lastNoteSeen": 29991231},
    }


def _ready(stash: RealStash) -> RealStash:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(requests.ConnectionError):
            if stash.graphql("{ systemStatus { status } }")["systemStatus"]["status"] == "OK":
                return stash
        time.sleep(0.1)
    raise AssertionError((stash.folder / "out.txt").read_text()[-2000:])


def make_videos(folder: Path) -> None:
    """A few of a second each, no two alike."""
    for number in range(VIDEOS):
        source = f"testsrc=size=160x90:rate=5:duration=1,hue=h={number * 40}"
        command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, "-pix_fmt", "yuv420p"]
        subprocess.run([*command, str(folder / f"Video {number}.mp4")], check=True)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def source_of(folder: Path) -> Iterator[str]:
    """A folder with an index of packages, on loopback; the address of the index."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/index.yml"
        server.shutdown()


def told(person: Person) -> str:
    figures = {"acting": round(person.acting, 1), "waiting": round(person.waiting, 1)}
    return "\n".join([*person.steps, json.dumps(figures)])
