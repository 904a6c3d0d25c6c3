"""Runs a plugin of `interface: js`, as Stash does in its own process (pkg/plugin/js.go).

The script is read and compiled anew for each call. It has `input`, `gql.Do`, `log`, `util.Sleep`
and `console`; the value of its last expression is the result, of which `Output` and `Error` count.
What it asks through `gql.Do` goes around the login, with the visited hooks of its cookie and
without its user: a task that is started so gets a cookie that lets nobody in where there is a
password. Progress blocks for ever but in tasks. Stash has goja, this has Duktape: ES5 both, and
little more here.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import dukpy  # type: ignore[import-untyped]

from simulators.stash.plugin_io import PluginOutput

Ask = Callable[[str, Mapping[str, Any]], Awaitable[tuple[int, Any]]]
Emit = Callable[[str, str], None]

_PRELUDE = """
var input = dukpy.input;
var gql = {Do: function (query, variables) {
    var told = call_python("gql_do", query, variables === undefined ? null : variables);
    if (told.error !== null) { throw new Error(told.error); }
    return told.data;
}};
var log = {}, console = {};
(function () {
    function line(level) {
        return function (what) {
            var text = what instanceof Object ? JSON.stringify(what) : String(what);
            call_python("emit", level, text);
        };
    }
    var levels = {Trace: "trace", Debug: "debug", Info: "info", Warn: "warning", Error: "error"};
    for (var name in levels) { log[name] = line(levels[name]); }
    log.Progress = line("progress");
    console.log = console.info = line("info");
    console.debug = line("debug");
    console.warn = line("warning");
    console.error = line("error");
})();
var util = {Sleep: function (milliseconds) { call_python("sleep", milliseconds); }};
null;
"""
_COMPILES = "new Function(dukpy.source); null;"


class EmbeddedScript:
    """One run of a script.

    Args:
        source: the script.
        given: what it finds as `input`.
        ask: answers `gql.Do`: the status, and the body.
        emit: takes level and text of what it logs.
        in_task: it runs as a task, the only place where progress is heard.
    """

    def __init__(
        self, source: str, given: Mapping[str, Any], ask: Ask, emit: Emit, *, in_task: bool
    ) -> None:
        self._source = source
        self._given = given
        self._ask = ask
        self._emit = emit
        self._in_task = in_task
        self._loop = asyncio.get_running_loop()

    async def run(self) -> PluginOutput:
        """The result. Cancelling leaves the script to itself."""
        done: asyncio.Future[PluginOutput] = self._loop.create_future()

        def settle(output: PluginOutput) -> None:
            if not done.done():
                done.set_result(output)

        def work() -> None:
            output = self._result()
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(settle, output)

        threading.Thread(target=work, daemon=True).start()
        return await done

    def _result(self) -> PluginOutput:
        engine = dukpy.JSInterpreter()
        for name, function in (
            ("gql_do", self._gql_do),
            ("emit", self._log),
            ("sleep", lambda milliseconds: time.sleep(milliseconds / 1000)),
        ):
            engine.export_function(name, function)
        try:
            engine.evaljs(_PRELUDE, input=self._given)
            told = engine.evaljs(self._source)
        except dukpy.JSRuntimeError as error:
            return PluginOutput(None, str(error).splitlines()[0], "")
        told = told if isinstance(told, dict) else {}
        failed = told.get("Error")
        return PluginOutput(told.get("Output"), None if failed is None else str(failed), "")

    def _gql_do(self, query: str, variables: Mapping[str, Any] | None) -> dict[str, Any]:
        asked = asyncio.run_coroutine_threadsafe(_awaited(self._ask, query, variables), self._loop)
        status, body = asked.result()
        error = None
        if status != 200:
            error = (
                f"graphQL query failed: {status} - {json.dumps(body)}. Query: {query}. "
                f"Variables: {variables}"
            )
        elif "errors" in body:
            error = f"graphql error: {json.dumps(body['errors'])}"
        return {"error": error, "data": body.get("data")}

    def _log(self, level: str, text: str) -> None:
        if level == "progress" and not self._in_task:
            threading.Event().wait()
        self._emit(level, text)


async def _awaited(ask: Ask, query: str, variables: Mapping[str, Any] | None) -> tuple[int, Any]:
    return await ask(query, variables or {})


def script_of(path: Path, compiled: set[str]) -> str:
    """A script that compiles.

    Args:
        compiled: the scripts that did so before; is added to.

    Raises:
        OSError: it cannot be read, or does not compile; in the words of Go.
    """
    try:
        source = path.read_text(encoding="utf-8")
    except OSError as error:
        why = f"open {path}: {str(error.strerror).lower()}"
        raise OSError(f"failed to read file: {why}") from None
    if source not in compiled:
        try:
            dukpy.evaljs(_COMPILES, source=source)
        except dukpy.JSRuntimeError as error:
            raise OSError(str(error).splitlines()[0]) from None
        compiled.add(source)
    return source
