"""Both simulated servers, a data directory, and the plugin run as Stash runs it.

Tests run the entry script within this process (`Site.run`) or as one of its own where that matters
(`Site.run_process`), with everything that Stash would see of it checked on the way; or they call a
task (`Site.do`) where time has to be set.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from app.health_check.task import look_after_change
from app.sync_changes.process_queue import process_queue
from app.tasks.reconcile import reconcile_all
from app.wiring import Context
from core.records import Record
from simulators.launch import Simulators
from simulators.seed import PlexItem, Truth
from stash.client import StashClient
from stash.connection import StashConnection
from storage.state import State
from sync_queue.operations import enqueue
from sync_queue.queue import SyncQueue
from tests.acceptance import entry
from tests.acceptance.entry import API_KEY as API_KEY
from tests.acceptance.entry import COOKIE, PATIENCE, ROOT, SECRETS, Ended
from tests.pool import TOKEN as TOKEN
from tests.settings import parse_settings
from tests.stored import owners
from transport.retrying import Retrying

FAR = 4e9  # a moment at which every job is due

Task = Callable[[Context], dict[str, Any]]


class Site:
    """One library on both servers, and what the plugin remembers of it in `data`."""

    def __init__(self, both: Simulators, data: Path) -> None:
        self.both = both
        self.data = data
        self.data.mkdir(parents=True, exist_ok=True)
        self.use()

    @property
    def truth(self) -> Truth:
        return self.both.truth

    def use(self, **settings: Any) -> None:
        """Save these settings in Stash, beside those without which nothing works.

        Pictures are left out: they have tests of their own, and would be most of the time here.
        """
        self.save(
            {
                "plex_url": self.both.plex.url,
                "plex_token": TOKEN,
                "path_map": self.truth["path_map"],
                "sync_poster": False,
                "sync_background": False,
                **settings,
            }
        )

    def save(self, settings: Mapping[str, Any]) -> None:
        """Save exactly these settings in Stash."""
        self._settings = dict(settings)
        mutation = 'mutation($map: Map!) { configurePlugin(plugin_id: "Stash2Plex", input: $map) }'
        self.both.stash.graphql(mutation, {"map": self._settings})

    def forget(self, data: Path) -> None:
        """Begin with an empty data directory."""
        data.mkdir(parents=True)
        self.data = data

    def inherit_timestamps(self) -> None:
        """Put there what an earlier plugin has left behind."""
        path = self.data / "sync_timestamps.json"
        path.write_text(json.dumps(self.truth["sync_timestamps"]), encoding="utf-8")

    # The entry script --------------------------------------------------------------------

    def input(self, mode: str, **args: Any) -> bytes:
        """What Stash writes to the plugin's stdin."""
        connection = {
            "Scheme": "http",
            "Host": "0.0.0.0",
            "Port": int(self.both.stash.url.rpartition(":")[2]),
            "SessionCookie": {"Name": "session", "Value": COOKIE},
            "Dir": "/root/.stash",
            "PluginDir": str(ROOT),
        }
        return json.dumps(
            {"server_connection": connection, "args": {"mode": mode, **args}}
        ).encode()

    def start(self, mode: str, **env: str) -> subprocess.Popen[bytes]:
        """Start a task as a process and leave it running; the caller ends it."""
        process = entry.start(self._environment() | env)
        assert process.stdin is not None
        process.stdin.write(self.input(mode))
        process.stdin.close()
        process.stdin = None
        return process

    def finish(self, process: subprocess.Popen[bytes]) -> Ended:
        """Wait for a started task."""
        with process:
            stdout, stderr = process.communicate(timeout=PATIENCE)
        return self._checked(Ended(process.returncode, stdout, stderr))

    def run(self, mode: str, **args: Any) -> Ended:
        """Run a task by the entry script, within this process."""
        return self.run_input(self.input(mode, **args))

    def run_input(self, stdin: bytes) -> Ended:
        """The same with any input."""
        return self._checked(entry.run_here(stdin, self._environment()))

    def run_process(self, mode: str, **args: Any) -> Ended:
        """Run a task as Stash does."""
        stdin = self.input(mode, **args)
        return self._checked(entry.run_process(stdin, self._environment()))

    def _environment(self) -> dict[str, str]:
        ours = ("PLEX_URL", "PLEX_TOKEN", "STASH_URL", "STASH_API_KEY")
        inherited = {name: value for name, value in os.environ.items() if name not in ours}
        return inherited | {"STASH_PLUGIN_DATA": str(self.data)}

    def _checked(self, ended: Ended) -> Ended:
        ended.check_protocol()
        for path, content in entry.stored(self.data).items():
            assert not [secret for secret in SECRETS if secret.encode() in content], path
        return ended

    # In this process ---------------------------------------------------------------------

    @contextlib.contextmanager
    def context(self, clock: Callable[[], float] = time.time, **args: object) -> Iterator[Context]:
        """What a task gets, with a clock of the test's."""
        port = int(self.both.stash.url.rpartition(":")[2])
        connection = StashConnection("http", "127.0.0.1", port)
        settings = parse_settings(self._settings, {})
        hasty = Retrying(lambda _seconds: None)
        with contextlib.closing(StashClient(connection, retrying=hasty)) as stash:
            yield Context(
                stash, settings, self.data, args, lambda _share: None, clock, retrying=hasty
            )

    def do(self, task: Task, clock: Callable[[], float] = time.time) -> dict[str, Any]:
        """Run a task here. Raises what it raises."""
        with self.context(clock) as context:
            return task(context)

    def look(self) -> None:
        """Look at the settings, so that no process begins with it."""
        with self.context() as context:
            look_after_change(context)

    def reconcile(self) -> dict[str, Any]:
        """Look for gaps and queue them, here."""
        return self.do(reconcile_all)

    def drain(self, clock: Callable[[], float] = time.time) -> dict[str, Any]:
        """Work through the queue, here."""
        return self.do(process_queue, clock)

    def enqueue(self, *scene_ids: int) -> None:
        """Queue scenes without looking."""
        with self.queue() as queue:
            for scene_id in scene_ids:
                enqueue(queue, scene_id, "metadata", {}, "asked for by a test")

    def queued(self) -> dict[int, str]:
        """The scenes that wait, due or not, and why."""
        with self.queue() as queue:
            return {job.scene_id: job.reason for job in queue.due(FAR)}

    def dead(self) -> dict[int, str]:
        """The scenes given up on, and their errors."""
        with self.queue() as queue:
            return {job.scene_id: job.error for job in queue.dead_letters()}

    def record(self, scene_id: int) -> Record | None:
        """What the plugin remembers of a scene."""
        with self.state() as state:
            return state.records.get_many([scene_id]).get(scene_id)

    @contextlib.contextmanager
    def queue(self) -> Iterator[SyncQueue]:
        with SyncQueue(self.data / "queue") as queue:
            yield queue

    @contextlib.contextmanager
    def state(self) -> Iterator[State]:
        with State(self.data, _no_warning) as state:
            yield state

    # The two sides ------------------------------------------------------------------------

    def reset_counters(self) -> None:
        self.both.stash.reset()
        self.both.plex.reset()

    def writes(self) -> int:
        """Edits that have reached Plex since the last reset."""
        writes: int = self.both.plex.counters()["writes"]
        return writes

    def edit_scene(self, scene_id: int, **values: Any) -> None:
        """Edit a scene as its page in Stash does."""
        self.both.stash.graphql(
            "mutation($input: SceneUpdateInput!) { sceneUpdate(input: $input) { id } }",
            {"input": {"id": str(scene_id), **values}},
        )

    def behind(self, action: str, **parameters: Any) -> dict[str, Any]:
        """Change Stash without any hook; see `simulators.stash.silent_changes`."""
        told = {"action": action, **parameters}
        done: dict[str, Any] = self.both.stash.control("POST", "edit", told)
        return done

    def scene(self, case: str) -> int:
        """The first scene of a case."""
        return self.scenes(case)[0]

    def scenes(self, case: str) -> list[int]:
        return sorted(int(s) for s, name in self.truth["cases"].items() if name == case)

    def items(self, scene_id: int) -> list[str]:
        """ "section:ratingKey" of the items that a scene owned at first."""
        return self.truth["matches"].get(str(scene_id), [])

    def key(self, scene_id: int) -> str:
        """The rating key of the scene's first item."""
        return self.items(scene_id)[0].partition(":")[2]

    def raw_item(self, key: str) -> PlexItem:
        """An item as the library was generated with it."""
        sections = self.both.seed["plex"]["sections"]
        return next(i for s in sections for i in s["items"] if str(i["rating_key"]) == key)

    def put_item(self, item: str, **changes: Any) -> str:
        """Put an item of the generated library into Plex once more; its key."""
        section, _, key = item.partition(":")
        raw = {**self.raw_item(key), **changes}
        made = self.both.plex.control("POST", "items", {"section": int(section), "item": raw})
        return str(made["ratingKey"])

    def drop_item(self, key: str) -> None:
        """Take an item out of Plex, as an emptied trash does."""
        self.both.plex.control("DELETE", f"items/{key}")

    def hand_edit(self, key: str, *, lock: bool = True, **values: Any) -> None:
        """A person's edit in Plex Web; lists are replaced."""
        told = {"key": key, "set": values, "lock": lock}
        self.both.plex.control("POST", "edit", told)

    def item(self, key: str) -> dict[str, Any]:
        """An item as Plex holds it."""
        shown: dict[str, Any] = self.both.plex.control("GET", f"items/{key}")
        return shown

    def rightful(self) -> dict[str, int]:
        """ "section:ratingKey" → the scene that owns the item and is worth to be synced."""
        ungated = set(self.truth["no_metadata"])
        return {
            item: int(scene)
            for scene, items in self.truth["matches"].items()
            for item in items
            if int(scene) not in ungated
        }

    def recorded(self) -> dict[str, int]:
        """ "section:ratingKey" → the scene that the plugin wrote it for, as it remembers."""
        return owners(self.data)


def _no_warning(message: str) -> None:
    raise AssertionError(f"the state of a test is damaged: {message}")


def sync(site: Site, **settings: Any) -> int:
    """Reconcile and drain with these settings; how many items were edited."""
    site.use(**settings)
    site.reconcile()
    drained = site.drain()
    assert drained["failed"] + drained["retried"] == 0
    edited: int = drained["items_edited"]
    return edited
