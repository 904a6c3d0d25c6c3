"""Runs plugins: tasks, operations and hooks, each in a process of its own, or in this one.

Rules from Stash's pkg/plugin: a task's process and cookie are made when its job starts; hooks run
one after the other inside the request that caused them, and a plugin that cannot be started ends
the round; a (plugin, hook) pair that has been visited ten times on the way here is skipped.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from simulators.stash.embedded import EmbeddedScript, script_of
from simulators.stash.library import StashError
from simulators.stash.plugin_config import Operation, Plugin, read_plugins
from simulators.stash.plugin_io import LogSplitter, PluginOutput, go_json, logged, progress_of
from simulators.stash.process import RawProcess
from simulators.stash.schema import version_key
from simulators.stash.session import Caller, Sessions
from simulators.stash.times import Clock

PYTHON_NAMES = ("python", "python3")
LOG_LIMIT = 20_000
LOOPS_COUNTED = (0, 25)  # before, a plugin was never entered again on the way
ROOT = Path(os.sep).resolve()  # in which plugins are started, as in the official image


@dataclass(frozen=True, slots=True)
class HostOptions:
    """How plugin processes are started.

    Args:
        env: added to the server's own environment.
        config_dir: where Stash has its configuration.
    """

    folders: tuple[Path, ...]
    python: str
    env: Mapping[str, str]
    config_dir: Path


@dataclass(frozen=True, slots=True)
class HookEvent:
    """What happened: `input_fields` None or empty leaves the key out."""

    trigger: str  # "Scene.Update.Post"
    num: int
    input: Any = None
    input_fields: list[str] | None = None

    def context(self) -> dict[str, Any]:
        known = {"id": self.num, "type": self.trigger, "input": self.input}
        return {**known, "inputFields": self.input_fields} if self.input_fields else known


@dataclass(slots=True)
class ServerLog:
    """The server's log: GraphQL `logs`, /_sim/plugin_log."""

    clock: Clock
    entries: list[dict[str, Any]] = field(default_factory=list)

    def add(self, level: str, message: str, plugin: str | None = None) -> None:
        if len(self.entries) < LOG_LIMIT:
            time = self.clock.fine_text()
            self.entries.append(
                {"time": time, "level": level, "message": message, "plugin": plugin}
            )


class PluginHost:
    """Knows the plugins and runs them."""

    def __init__(
        self,
        options: HostOptions,
        sessions: Sessions,
        log: ServerLog,
        switches: Mapping[str, Any],
    ) -> None:
        self._options = options
        self._switches = switches
        self._sessions = sessions
        self._log = log
        self._running: set[RawProcess] = set()
        self._closed = False
        self._compiled: set[str] = set()
        self.ask: Callable[[Caller, str, Mapping[str, Any]], Awaitable[tuple[int, Any]]]
        self.port = 0
        self.plugins: list[Plugin] = []
        self.disabled: set[str] = set()
        self.hook_runs: list[dict[str, Any]] = []
        self.reload()

    def reload(self) -> None:
        for folder in self._options.folders:
            self._log.add("debug", f"Reading plugin configs from {folder}")
        self.plugins, errors = read_plugins(self._options.folders)
        for error in errors:
            self._log.add("error", error)

    def close(self) -> None:
        """Starts nothing more, and ends what still runs, as the end of a container does."""
        self._closed = True
        for process in self._running:
            process.kill()

    def find(self, plugin_id: str) -> Plugin | None:
        return next((plugin for plugin in self.plugins if plugin.id == plugin_id), None)

    async def run_task(
        self,
        caller: Caller,
        plugin_id: str,
        task_name: str | None,
        args: Mapping[str, Any],
        progress: Callable[[float], None],
    ) -> PluginOutput:
        """Runs a task to its end.

        Raises:
            StashError: unknown or disabled plugin, unknown task, or it could not be started.
        """
        try:
            plugin = self._enabled(plugin_id)
            operation = None if task_name is None else plugin.task(task_name)
            if task_name is not None and operation is None:
                raise StashError(f"no task with name {task_name} in plugin {plugin.name}")
        except StashError as error:
            raise StashError(f"Error creating plugin task: {error}") from None
        try:
            return await self._run(plugin, operation, caller, dict(args), progress)
        except OSError as error:
            raise StashError(f"Error running plugin task: error running plugin: {error}") from None

    async def run_operation(self, caller: Caller, plugin_id: str, args: Mapping[str, Any]) -> Any:
        """Runs outside the job queue; default arguments do not apply.

        Raises:
            StashError: the plugin's error.
        """
        if self.find(plugin_id) is None and plugin_id not in self.disabled:
            raise StashError(
                "Internal system error. Error <runtime error: invalid memory address or nil "
                "pointer dereference>"
            )
        try:
            output = await self._run(self._enabled(plugin_id), None, caller, dict(args), None)
        except OSError as error:
            raise StashError(f"error running plugin: {error}") from None
        if output.error is not None:
            raise StashError(output.error)
        return output.output

    async def run_hooks(self, caller: Caller, event: HookEvent) -> None:
        """Runs every hook of the event, one after the other.

        Cancelling kills the one that runs; the rest never start.
        """
        never_twice = version_key(self._switches["version"]) < LOOPS_COUNTED
        for plugin in self.plugins:
            hooks = plugin.hooks_for(event.trigger)
            if plugin.id in self.disabled or not hooks:
                continue
            visit = (plugin.id, event.trigger)
            if caller.loops(visit, never_twice):
                loop = f"plugin ID '{plugin.id}' hook {event.trigger}"
                self._log.add("debug", f"cyclic loop detected: {loop}, not re-triggering")
                continue
            for hook in hooks:
                if not await self._run_hook(plugin, hook, caller.through(visit), event):
                    return

    async def _run_hook(
        self, plugin: Plugin, hook: Operation, caller: Caller, event: HookEvent
    ) -> bool:
        args: dict[str, Any] = {"hookContext": event.context()}
        run: dict[str, Any] = {"plugin": plugin.id, "hook": hook.name, "args": args}
        run["status"] = "running"
        self.hook_runs.append(run)
        try:
            output = await self._run(plugin, hook, caller, dict(args), None)
        except OSError as error:
            run["status"] = "not started"
            self._log.add("error", f"error executing post hooks: error running plugin: {error}")
            return False
        except asyncio.CancelledError:
            run["status"] = "killed"
            self._log.add("error", "error executing post hooks: operation cancelled")
            raise
        run.update(status="done", output=output.output, error=output.error)
        name = f"{event.trigger} [{plugin.name}]"
        if output.error is not None:
            self._log.add("error", f"{name}: returned error: {output.error}", plugin.id)
        elif output.output is not None:
            self._log.add("debug", f"{name}: returned: {logged(output)}", plugin.id)
        return True

    def _enabled(self, plugin_id: str) -> Plugin:
        if plugin_id in self.disabled:
            raise StashError(f"plugin {plugin_id} is disabled")
        plugin = self.find(plugin_id)
        if plugin is None:
            raise StashError(f"no plugin with ID {plugin_id}")
        return plugin

    async def _run(
        self,
        plugin: Plugin,
        operation: Operation | None,
        caller: Caller,
        args: dict[str, Any],
        progress: Callable[[float], None] | None,
    ) -> PluginOutput:
        for name, value in (operation.default_args if operation else {}).items():
            args.setdefault(name, value)
        if plugin.interface == "js":
            return await self._run_embedded(plugin, caller, args, progress)
        command, python = self._command(plugin, operation)
        env = {**os.environ, **self._options.env}
        if python:
            inherited = env.get("PYTHONPATH")
            shared = str(plugin.path.parent.parent.absolute())
            env["PYTHONPATH"] = f"{inherited}{os.pathsep}{shared}" if inherited else shared
        splitter = LogSplitter(plugin.err_log, self._logger(plugin, progress))
        if self._closed:
            raise OSError("the server is shutting down")
        process = RawProcess(self._payload(plugin, caller, args), splitter, self._log_warning)
        done = process.start(command, env, ROOT)
        self._log.add("debug", f"Plugin {plugin.name} started: {' '.join(command)}")
        done.add_done_callback(lambda ended: self._ended(plugin, ended.result(), progress))
        self._running.add(process)
        try:
            return await asyncio.shield(done)  # the end of what was killed is still logged
        except asyncio.CancelledError:
            process.kill()
            raise
        finally:
            self._running.discard(process)

    async def _run_embedded(
        self,
        plugin: Plugin,
        caller: Caller,
        args: Mapping[str, Any],
        progress: Callable[[float], None] | None,
    ) -> PluginOutput:
        if not plugin.exec:
            raise OSError("no script specified in exec")

        nobody = Caller(visited=caller.visited)
        script = EmbeddedScript(
            script_of(plugin.path.parent / plugin.exec[0], self._compiled),
            {"ServerConnection": self._connection(plugin, caller), "Args": dict(args)},
            partial(self.ask, nobody),
            self._logger(plugin, progress),
            in_task=progress is not None,
        )
        return await script.run()

    def _ended(
        self, plugin: Plugin, output: PluginOutput, progress: Callable[[float], None] | None
    ) -> None:
        """Log the end of a process, and the result if it was a task's, stopped or not."""
        self._log.add("debug", f"Plugin {plugin.name} finished")
        if progress is None:
            return
        if output.error is not None:
            self._log.add("error", f"Plugin returned error: {output.error}", plugin.id)
        elif output.output is not None:
            self._log.add("debug", f"Plugin returned: {logged(output)}", plugin.id)

    def _log_warning(self, message: str) -> None:
        self._log.add("warning", message)

    def _command(self, plugin: Plugin, operation: Operation | None) -> tuple[list[str], bool]:
        command = plugin.command(operation, str(plugin.path.parent))
        if not command:
            raise OSError("empty exec value")
        if command[0] in PYTHON_NAMES:
            return [self._options.python, *command[1:]], True
        found = shutil.which(command[0])
        return [found or str(plugin.path.parent / command[0]), *command[1:]], False

    def _payload(self, plugin: Plugin, caller: Caller, args: Mapping[str, Any]) -> bytes:
        connection = self._connection(plugin, caller)
        document = {"server_connection": connection, "args": dict(sorted(args.items()))}
        return go_json(document)

    def _connection(self, plugin: Plugin, caller: Caller) -> dict[str, Any]:
        return {
            "Scheme": "http",
            "Host": "0.0.0.0",
            "Port": self.port,
            "SessionCookie": self._sessions.plugin_cookie(caller),
            "Dir": str(self._options.config_dir),
            "PluginDir": str(plugin.path.parent),
        }

    def _logger(
        self, plugin: Plugin, progress: Callable[[float], None] | None
    ) -> Callable[[str, str], None]:
        def emit(level: str, text: str) -> None:
            message = f"[Plugin / {plugin.name}] {text}"
            if level != "progress":
                self._log.add(level, message, plugin.id)
                return
            try:
                value = progress_of(text)
            except ValueError:
                why = f'strconv.ParseFloat: parsing "{text}": invalid syntax'
                self._log.add("error", f"Error parsing progress value '{text}': {why}", plugin.id)
                return
            if progress is not None:
                progress(value)

        return emit
