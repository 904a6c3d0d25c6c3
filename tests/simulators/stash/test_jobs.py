"""Plugin tasks and operations as real processes, and the queue that they wait in."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from simulators.stash.times import parse_time
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

TASKS = """
tasks:
  - {name: Look, description: tells what it sees, defaultArgs: {mode: look, flag: true, n: 3}}
  - {name: Fail, description: returns an error, defaultArgs: {mode: fail}}
  - {name: Exit, description: dies, defaultArgs: {mode: exit}}
  - {name: Progress, description: logs, defaultArgs: {mode: progress}}
  - {name: Wait, description: waits to be killed, defaultArgs: {mode: wait}}
  - {name: Child, description: leaves a child on stdout, defaultArgs: {mode: child}}
  - {name: Long, description: writes a line that is too long, defaultArgs: {mode: long}}
settings:
  zeta: {displayName: Zeta, type: BOOLEAN}
  alpha: {displayName: Alpha, type: STRING}
"""
SCRIPT = """
mode = args.get("mode")
if mode == "look":
    server = {k: v for k, v in seen["server_connection"].items() if k != "SessionCookie"}
    cookie = sorted(seen["server_connection"]["SessionCookie"])
    env = {k: os.environ.get(k) for k in ("PYTHONPATH", "MARK")}
    answer({"args": args, "server": server, "cookie": cookie, "cwd": os.getcwd(), "env": env})
elif mode == "fail":
    answer(error="Plex is unreachable")
elif mode == "exit":
    sys.exit(3)
elif mode == "progress":
    say("i", "starting"); say("p", "0.25"); say("p", "7"); say("p", "soon")
    sys.stderr.write("Traceback of sorts\\n")
    answer("done")
elif mode == "wait":
    say("p", "0.5")
    time.sleep(60)
elif mode == "child":
    import subprocess
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(0.7)"])
    answer("the parent is done")
elif mode == "long":
    say("i", "x" * 70000)
    time.sleep(0.3)
    try:
        say("i", "never read")
    except OSError as error:
        answer(type(error).__name__)
elif mode == "raw":
    sys.stdout.write(args["text"])
elif mode == "status":
    sys.stdout.write(args["text"]); sys.stdout.flush(); os._exit(2)
"""


@pytest.fixture(scope="module")
def plugins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("config") / "plugins"
    write_plugin(folder, "Demo", SCRIPT, TASKS)
    broken = folder / "Broken"
    broken.mkdir()
    (broken / "Broken.yml").write_text("name: Broken\ncolour: red\n", encoding="utf-8")
    (broken / "NoStart.yml").write_text("name: NoStart\nexec: [no-such-program]\n")
    return folder


@pytest.fixture(scope="module")
def stash(stash_process: StashProcess, plugins: Path) -> Iterator[Stash]:
    options = [f"--plugin-dir={plugins}", "--plugin-env=MARK=here"]
    options.append(f"--plugin-env=PYTHONPATH={plugins / 'elsewhere'}")
    with loaded(stash_process, seed(scene(1)), *options) as client:
        yield client


def start(stash: Stash, task: str | None = None, plugin: str = "Demo", **args: Any) -> str:
    query = """mutation ($p: ID!, $t: String, $a: Map) {
        runPluginTask(plugin_id: $p, task_name: $t, args_map: $a) }"""
    num: str = stash.data(query, p=plugin, t=task, a=args)["runPluginTask"]
    return num


def find(stash: Stash, num: str) -> Any:
    query = "query ($i: FindJobInput!) { findJob(input: $i) { id status progress error } }"
    return stash.data(query, i={"id": num})["findJob"]


def test_a_task_sees_what_stash_gives_it(stash: Stash, plugins: Path) -> None:
    job = stash.finished(start(stash, "Look", dry_run=False, n=5))
    output = job["output"]
    assert output["args"] == {"dry_run": False, "flag": "true", "mode": "look", "n": 5}
    assert list(output["args"]) == sorted(output["args"])
    port = int(stash.url.rsplit(":", 1)[1])
    assert output["server"] == {
        "Scheme": "http",
        "Host": "0.0.0.0",
        "Port": port,
        "Dir": str(plugins.parent),
        "PluginDir": str(plugins / "Demo"),
    }
    assert {"Name", "Value", "Quoted", "Unparsed"} <= set(output["cookie"])
    assert output["cwd"] == str(Path(os.sep).resolve())
    shared = f"{plugins / 'elsewhere'}{os.pathsep}{plugins}"
    assert output["env"] == {"PYTHONPATH": shared, "MARK": "here"}
    assert job["description"] == "Running plugin task: Look"
    assert job["progress"] == 0


def test_the_deprecated_arguments_keep_their_types(stash: Stash) -> None:
    query = """mutation { runPluginTask(plugin_id: "Demo", task_name: "Look", description: "Why",
        args: [{key: "a", value: {i: 1}}, {key: "b", value: {a: [{str: "x"}, {b: true}]}}]) }"""
    job = stash.finished(stash.data(query)["runPluginTask"])
    assert job["output"]["args"]["a"] == 1
    assert job["output"]["args"]["b"] == ["x", True]
    assert job["description"] == "Running plugin task: Why"


@pytest.mark.parametrize(
    ("task", "error"), [("Fail", "Plex is unreachable"), ("Exit", "exit status 3")]
)
def test_a_task_that_fails_still_ends_as_finished(stash: Stash, task: str, error: str) -> None:
    num = start(stash, task)
    assert stash.finished(num)["plugin_error"] == error
    assert find(stash, num) == {"id": num, "status": "FINISHED", "progress": 0, "error": None}
    messages = [entry["message"] for entry in stash.ask("plugin_log")]
    assert f"Plugin returned error: {error}" in messages


@pytest.mark.parametrize(
    ("plugin", "task", "error"),
    [
        ("Nobody", None, "no plugin with ID Nobody"),
        ("Demo", "Dance", "no task with name Dance in plugin Demo"),
        ("NoStart", None, "Error running plugin task"),
    ],
)
def test_a_task_that_cannot_start_is_queued_and_fails(
    stash: Stash, plugin: str, task: str | None, error: str
) -> None:
    num = start(stash, task, plugin)
    stash.finished(num)
    job = find(stash, num)
    assert job["status"] == "FAILED"
    assert error in job["error"]


def test_progress_and_log_lines(stash: Stash) -> None:
    stash.session.headers["Accept"] = "application/json"
    num = start(stash, "Progress")
    assert stash.finished(num)["progress"] == 1.0  # 7 is clamped
    entries = [(entry["level"], entry["message"]) for entry in stash.ask("plugin_log")]
    assert ("info", "[Plugin / Demo] starting") in entries
    assert ("error", "[Plugin / Demo] Traceback of sorts") in entries
    assert any(text.startswith("Error parsing progress value 'soon'") for _, text in entries)
    logs = stash.data("{ logs { level message } }")["logs"]
    assert {"level": "Info", "message": "[Plugin / Demo] starting"} in logs


def test_one_job_runs_at_a_time_and_stopping_is_immediate(stash: Stash) -> None:
    first, second, third = (start(stash, "Wait") for _ in range(3))
    until(lambda: find(stash, first)["progress"] == 0.5)
    queue = stash.data("{ jobQueue { id status progress startTime subTasks } }")["jobQueue"]
    assert [(job["id"], job["status"]) for job in queue] == [
        (first, "RUNNING"),
        (second, "READY"),
        (third, "READY"),
    ]
    assert queue[1]["progress"] == 0
    assert queue[1]["startTime"] is None
    assert queue[0]["subTasks"] is None
    stash.data("mutation ($j: ID!) { stopJob(job_id: $j) }", j=second)
    assert find(stash, second)["status"] == "CANCELLED"
    stash.data("mutation ($j: ID!) { stopJob(job_id: $j) }", j=first)
    until(lambda: find(stash, first)["status"] == "CANCELLED")
    until(lambda: find(stash, third)["status"] == "RUNNING")
    assert stash.data("mutation { stopAllJobs }") == {"stopAllJobs": True}
    stash.finished(third)
    assert stash.data("{ jobQueue { id } }") == {"jobQueue": None}


@pytest.mark.skipif(sys.platform == "win32", reason="looks the process up by its command line")
def test_a_stopped_task_is_killed_without_warning(stash: Stash, plugins: Path) -> None:
    num = start(stash, "Wait")
    script = str(plugins / "Demo" / "run.py")

    def process() -> psutil.Process | None:
        found = (p for p in psutil.process_iter(["cmdline"]) if script in (p.info["cmdline"] or ()))
        return next(found, None)

    victim = until(process)
    stash.data("mutation ($j: ID!) { stopJob(job_id: $j) }", j=num)
    psutil.wait_procs([victim], timeout=5)
    assert not victim.is_running()


def test_the_end_of_stdout_counts_not_the_exit(stash: Stash) -> None:
    num = start(stash, "Child")
    job = stash.finished(num)
    assert job["output"] == "the parent is done"
    lasted = parse_time(job["endTime"]) - parse_time(job["startTime"])
    assert lasted.total_seconds() >= 0.6


@pytest.mark.skipif(sys.platform == "win32", reason="a closed pipe raises another error")
def test_a_line_that_is_too_long_closes_the_log(stash: Stash) -> None:
    assert stash.finished(start(stash, "Long"))["output"] == "BrokenPipeError"
    assert all("never read" not in entry["message"] for entry in stash.ask("plugin_log"))


def test_only_the_last_ten_jobs_are_remembered(stash: Stash) -> None:
    first = start(stash, "Nowhere")
    for _ in range(10):
        last = start(stash, "Nowhere")
    stash.finished(last)
    assert find(stash, first) is None
    assert find(stash, last)["status"] == "FAILED"


def operate(stash: Stash, **args: Any) -> dict[str, Any]:
    query = 'mutation ($a: Map) { runPluginOperation(plugin_id: "Demo", args: $a) }'
    return stash.answer(query, a=args)


def test_an_operation_answers_at_once_and_without_default_arguments(stash: Stash) -> None:
    waiting = start(stash, "Wait")
    output = operate(stash, mode="look")["data"]["runPluginOperation"]
    assert output["args"] == {"mode": "look"}
    stash.data("mutation ($j: ID!) { stopJob(job_id: $j) }", j=waiting)


def test_an_operation_that_fails_is_a_graphql_error(stash: Stash) -> None:
    assert operate(stash, mode="fail") == {
        "errors": [{"message": "Plex is unreachable", "path": ["runPluginOperation"]}],
        "data": {"runPluginOperation": None},
    }
    unknown = 'mutation { runPluginOperation(plugin_id: "Nobody") }'
    assert stash.error(unknown).startswith("Internal system error")


def test_stdout_that_is_no_result_comes_back_as_text(stash: Stash) -> None:
    data = operate(stash, mode="raw", text='log line\n{"output": 1}')["data"]
    assert data["runPluginOperation"] == 'log line\n{"output": 1}'
    assert operate(stash, mode="raw", text="{}")["data"] == {"runPluginOperation": None}


def test_settings_are_replaced_whole_and_absent_until_set(stash: Stash) -> None:
    read = '{ configuration { plugins(include: ["Demo", "Other"]) } }'
    assert stash.data(read)["configuration"]["plugins"] == {}
    write = 'mutation ($v: Map!) { configurePlugin(plugin_id: "Demo", input: $v) }'
    stash.data(write, v={"alpha": "x", "zeta": True})
    assert stash.data(write, v={"beta": 3})["configurePlugin"] == {"beta": 3}
    assert stash.data(read)["configuration"]["plugins"] == {"Demo": {"beta": 3}}
    everything = stash.data("{ configuration { plugins } }")["configuration"]["plugins"]
    assert everything == {"Demo": {"beta": 3}}


def test_plugins_are_listed_with_sorted_settings_and_broken_ones_left_out(stash: Stash) -> None:
    query = (
        "{ plugins { id enabled tasks { name plugin { id } } hooks { name } settings { name } } }"
    )
    listed = {plugin["id"]: plugin for plugin in stash.data(query)["plugins"]}
    assert set(listed) == {"Demo", "NoStart"}
    assert [row["name"] for row in listed["Demo"]["settings"]] == ["alpha", "zeta"]
    assert listed["Demo"]["tasks"][0] == {"name": "Look", "plugin": {"id": "Demo"}}
    assert listed["NoStart"]["tasks"] is None
    assert listed["Demo"]["hooks"] is None
    messages = [entry["message"] for entry in stash.ask("plugin_log")]
    assert any("Broken.yml: field colour not found" in message for message in messages)


def test_a_disabled_plugin_fails_its_tasks(stash: Stash) -> None:
    switch = "mutation ($m: BoolMap!) { setPluginsEnabled(enabledMap: $m) }"
    stash.data(switch, m={"Demo": False})
    num = start(stash, "Look")
    stash.finished(num)
    assert "plugin Demo is disabled" in find(stash, num)["error"]
    stash.data(switch, m={"Demo": True})
    assert stash.finished(start(stash, "Look"))["status"] == "FINISHED"


@pytest.mark.processes
def test_the_end_of_the_server_ends_its_plugins(plugins: Path, tmp_path: Path) -> None:
    script = str(plugins / "Demo" / "run.py")
    with running(tmp_path, seed(scene(1)), f"--plugin-dir={plugins}") as client:
        first = start(client, "Wait")
        start(client, "Wait")
        until(lambda: client.job(first)["progress"])
    until(lambda: all(script not in line for line in command_lines()))


def command_lines() -> list[list[str]]:
    return [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
