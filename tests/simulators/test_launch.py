"""Simulators start together, obey their switches, and leave no process behind."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from simulators.launch import ROOT, RefusedError, Simulators, StartError
from simulators.library.generate import generate
from tests.pool import Pool

pytestmark = pytest.mark.processes


def _processes(both: Simulators) -> list[psutil.Process]:
    return [psutil.Process(process.pid) for process in both.processes]


def _still_there(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that do not end within ten seconds."""
    alive: list[psutil.Process] = psutil.wait_procs(processes, timeout=10)[1]
    return [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


def test_handles_count_switch_break_and_dump(pool: Pool) -> None:
    with pool.both(generate(12), api_key="key", password="secret") as both:
        data = both.stash.graphql(
            "query($n: Int) { findScenes(filter: {per_page: $n}) { count } }", {"n": 1}
        )
        assert data["findScenes"]["count"] == 12
        assert both.stash.counters()["reads"] == 1
        both.stash.reset()
        assert both.stash.counters()["total"] == 0
        assert both.plex.configure(latency=0.01)["latency"] == 0.01
        both.plex.faults([{"match": "GET /library", "action": "status", "status": 503}])
        with pytest.raises(RefusedError):
            both.plex.get("/library/sections")
        assert both.plex.get("/library/sections")["size"] == 7
        assert len(both.stash.state()["scenes"]) == 12
        assert both.plex.state()["items"]
        with pytest.raises(RuntimeError, match="errors"):
            both.stash.graphql("{ nothing }")


def test_if_one_cannot_start_the_other_is_stopped() -> None:
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        simulators = Simulators(generate(1), plex_port=taken.getsockname()[1])
        with pytest.raises(StartError, match=r"plex\.server did not start"):
            simulators.__enter__()
    children = {child.pid for child in psutil.Process().children(recursive=True)}
    assert children <= before


def test_an_error_in_the_block_leaves_no_process_and_no_plugin(tmp_path: Path) -> None:
    folder = tmp_path / "sleeper"
    folder.mkdir()
    (folder / "sleeper.yml").write_text(
        "name: Sleeper\nexec: [python3, '{pluginDir}/sleeper.py']\ninterface: raw\n"
        "tasks:\n  - name: Sleep\n",
        encoding="utf-8",
    )
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.settimeout(20)
        (folder / "sleeper.py").write_text(
            "import socket, time\n"
            f"with socket.create_connection(('127.0.0.1', {door.getsockname()[1]})):\n"
            "    time.sleep(60)\n",
            encoding="utf-8",
        )
        started: list[psutil.Process] = []

        def fail() -> None:
            with Simulators(generate(1), plugin_dir=tmp_path) as both:
                both.stash.graphql(
                    'mutation { runPluginTask(plugin_id: "sleeper", task_name: "Sleep") }'
                )
                door.accept()[0].close()
                started.extend(_processes(both))
                started.extend(started[0].children(recursive=True))
                raise KeyError

        with pytest.raises(KeyError):
            fail()
    assert len(started) == 3
    assert _still_there(started) == []


@pytest.mark.skipif(sys.platform == "win32", reason="there is no Ctrl-C for one process there")
def test_by_hand_until_interrupted() -> None:
    command = [sys.executable, "-m", "simulators", "--scenes", "20"]
    command += ["--stash-port", "0", "--plex-port", "0"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, text=True, encoding="utf-8") as process:
        assert process.stdout is not None
        shown = ""
        for line in process.stdout:
            shown += line
            if "Stop them with Ctrl-C" in line:
                break
        children = psutil.Process(process.pid).children()
        process.send_signal(signal.SIGTERM)  # Ctrl-C is caught by the same
        shown += process.stdout.read()
    assert process.returncode == 0
    for words in ("simulated-plex-token", "/data/library=>", "items", "http://127", "Stopped."):
        assert words in shown
    assert len(children) == 2
    assert _still_there(children) == []
