"""What a running Stash (develop, cf3489efd) was seen to do with this plugin installed in it.

Each docstring names the fact; the rest is in the other test_stash_real files.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simulators.stash.plugin_io import decode_output, go_json, logged
from tests.simulators.stash.running import (
    Stash,
    StashProcess,
    loaded,
    running,
    scene,
    seed,
    until,
    write_plugin,
)

YML = """
tasks: [{name: Wait, defaultArgs: {mode: wait}}, {name: Say, defaultArgs: {mode: say}}]
hooks: [{name: slow, triggeredBy: [Tag.Update.Post]}]
"""
SCRIPT = """
mode = args.get("mode", "wait")
if mode == "wait":
    say("i", "waits")
    time.sleep(float(args.get("seconds", 60)))
elif mode == "fail":
    answer(error="no good")
else:
    sys.stdout.write("plain text")
"""
WAIT = """mutation ($s: String!) { runPluginTask(plugin_id: "Slow", task_name: "Wait",
    args_map: {seconds: $s}) }"""


@pytest.fixture(scope="module")
def stash(stash_process: StashProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stash]:
    folder = tmp_path_factory.mktemp("real") / "plugins"
    write_plugin(folder, "Slow", SCRIPT, YML)
    library = seed(*(scene(num) for num in range(1, 4)))
    with loaded(stash_process, library, f"--plugin-dir={folder}") as client:
        yield client


def said(stash: Stash, after: int = 0) -> list[tuple[str, str]]:
    """The log: levels and messages."""
    return [(entry["level"], entry["message"]) for entry in stash.ask("plugin_log")[after:]]


def begun(stash: Stash, seconds: float = 60) -> str:
    """A task that waits; its job, once the process runs."""
    before = len(said(stash))
    num: str = stash.data(WAIT, s=str(seconds))["runPluginTask"]
    until(lambda: ("info", "[Plugin / Slow] waits") in said(stash, before))
    return num


def stop(stash: Stash, num: str) -> None:
    stash.data("mutation ($j: ID!) { stopJob(job_id: $j) }", j=num)


@pytest.mark.parametrize(
    ("jobs", "left"), [(1, []), (2, []), (3, []), (4, [2]), (5, [2]), (6, [2, 4]), (7, [2, 4])]
)
def test_stopping_all_jobs_leaves_some(stash: Stash, jobs: int, left: list[int]) -> None:
    """stopAllJobs cuts the list that it walks: of four jobs or more, every other one is left."""
    queued = [begun(stash), *(stash.data(WAIT, s="0.05")["runPluginTask"] for _ in range(jobs - 1))]
    stash.data("mutation { stopAllJobs }")
    until(lambda: stash.data("{ jobQueue { id } }")["jobQueue"] is None)
    assert [queued.index(num) for num in queued if stash.job(num)["status"] != "CANCELLED"] == left


def test_a_stopped_task_is_gone_at_once_and_its_end_is_an_error_in_the_log(stash: Stash) -> None:
    """The answer to stopJob does not wait; the process is killed, which the log calls an error."""
    before = len(said(stash))
    num = begun(stash)
    stop(stash, num)
    until(lambda: stash.data("{ jobQueue { id } }")["jobQueue"] is None)
    end = [("debug", "Plugin Slow finished"), ("error", "Plugin returned error: signal: killed")]
    until(lambda: said(stash, before)[-2:] == end)
    assert stash.job(num)["error"] is None


def test_a_hook_that_is_killed_says_nothing_of_its_own_end(stash: Stash) -> None:
    """Of hooks and operations, the log has "operation cancelled" for hooks alone."""
    before = len(said(stash))
    update = {"query": 'mutation { tagUpdate(input: {id: "1", name: "N"}) { id } }'}
    with pytest.raises(OSError, match="timed out"):
        stash.session.post(f"{stash.url}/graphql", json=update, timeout=1)
    until(lambda: ("debug", "Plugin Slow finished") in said(stash, before))
    errors = [message for level, message in said(stash, before) if level == "error"]
    assert errors == ["error executing post hooks: operation cancelled"]


@pytest.mark.parametrize(
    ("mutation", "error"),
    [
        (
            'runPluginTask(plugin_id: "Slow", task_name: "No")',
            "no task with name No in plugin Slow",
        ),
        ('runPluginTask(plugin_id: "None")', "no plugin with ID None"),
    ],
)
def test_a_job_that_fails_is_logged(stash: Stash, mutation: str, error: str) -> None:
    """A task that cannot be made fails its job, and the log tells why."""
    before = len(said(stash))
    num = stash.data(f"mutation {{ {mutation} }}")["runPluginTask"]
    assert stash.finished(num)["error"] == f"Error creating plugin task: {error}"
    made = f"task failed due to error: Error creating plugin task: {error}"
    assert ("error", made) in said(stash, before)


def test_errors_of_requests_are_logged_with_their_place(stash: Stash) -> None:
    """What an operation answers as its error, and any other resolver's, stands in the log."""
    before = len(said(stash))
    operate = 'mutation { runPluginOperation(plugin_id: "Slow", args: {mode: "fail"}) }'
    assert stash.error(operate) == "no good"
    stash.error('mutation { a: stopJob(job_id: "x") }')
    logged = [message for level, message in said(stash, before) if level == "error"]
    assert logged[0] == "runPluginOperation: input: runPluginOperation no good"
    assert logged[1].startswith("a: input: a converting id: ")


def test_plain_text_is_no_text_in_the_log(stash: Stash) -> None:
    """Of stdout that is not the one JSON document, the log shows an address in memory."""
    before = len(said(stash))
    task = 'mutation { runPluginTask(plugin_id: "Slow", task_name: "Say") }'
    job = stash.finished(stash.data(task)["runPluginTask"])
    assert job["output"] == "plain text"
    (shown,) = (text for _level, text in said(stash, before) if text.startswith("Plugin returned"))
    assert shown.startswith("Plugin returned: 0x")
    assert logged(decode_output(b'{"output": "text"}', None)) == "text"


def test_the_input_has_escapes_for_the_sake_of_html() -> None:
    """<, >, & and two separators of lines come as escapes; all else that is not ASCII as UTF-8."""
    given = {"args": {"s": "<é> & \u2028\u2029 \U0001f600 \x7f"}}
    shown = '{"args":{"s":"\\u003cé\\u003e \\u0026 \\u2028\\u2029 \U0001f600 \x7f"}}'
    assert go_json(given).decode() == shown


def progress(stash: Stash, mutation: str) -> Any:
    return stash.finished(next(iter(stash.data(f"mutation {{ {mutation} }}").values())))["progress"]


def test_the_progress_of_a_scan(stash: Stash) -> None:
    """A scan ends at 1 though nothing is new."""
    assert progress(stash, "metadataScan(input: {})") == 1


@pytest.mark.processes
def test_a_key_alone_gives_hooks_and_tasks_a_good_cookie(tmp_path: Path) -> None:
    """A caller with an API key and no session: what Stash starts for it still has a session."""
    folder = tmp_path / "plugins"
    cookie = 'answer(seen["server_connection"]["SessionCookie"]["Value"])'
    write_plugin(folder, "Ask", cookie, "tasks: [{name: T}]\n")
    options = (f"--plugin-dir={folder}", "--username=anna", "--password=s", "--api-key=k")
    with running(tmp_path, seed(scene(1)), *options) as client:
        client.session.headers["ApiKey"] = "k"
        task = 'mutation { runPluginTask(plugin_id: "Ask", task_name: "T") }'
        given = client.finished(client.data(task)["runPluginTask"])["output"]
        headers = {"ApiKey": None, "Cookie": f"session={given}"}
        assert client.post("{ version { version } }", headers=headers).status_code == 200
