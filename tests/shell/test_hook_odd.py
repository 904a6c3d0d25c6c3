"""Whatever a hook is given and whatever happens to it, there is one reply, and Stash goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("measured")]

ROOT = Path(__file__).parents[2]
ENTRY = ROOT / "Stash2Plex.py"
COOKIE = "COOKIE-not-for-anybody"
WHOLE: dict[str, dict[str, Any]] = {
    "args": {"hookContext": {"id": 5, "type": "Scene.Update.Post", "input": {"title": "x"}}},
    "server_connection": {"SessionCookie": {"Value": COOKIE}},
}


def reply_to(stdin: bytes, *command: str, **env: str) -> dict[str, Any]:
    """The one reply of a process of its own: in this one more is loaded than a hook has."""
    ended = subprocess.run(
        [sys.executable, "-S", *(command or (str(ENTRY),))],
        input=stdin,
        capture_output=True,
        cwd=os.sep,
        env={**os.environ, **env},
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert COOKIE.encode() not in ended.stdout + ended.stderr
    reply: dict[str, Any] = json.loads(ended.stdout)
    return reply


@pytest.mark.parametrize("cut", [1, 30, -1])
def test_an_input_that_was_cut_short_is_told(cut: int, tmp_path: Path) -> None:
    raw = json.dumps(WHOLE).encode()[:cut]
    if b"hookContext" not in raw:
        raw += b'"hookContext"'

    assert "The plugin input" in reply_to(raw, STASH_PLUGIN_DATA=str(tmp_path))["error"]


@pytest.mark.parametrize("folder", ["\0", "\ud800"])
def test_a_folder_that_no_system_can_have_is_told(folder: str, tmp_path: Path) -> None:
    connection = {**WHOLE["server_connection"], "PluginDir": str(tmp_path / folder)}
    raw = json.dumps({**WHOLE, "server_connection": connection}).encode()

    reply = reply_to(raw, STASH_PLUGIN_DATA="")

    assert reply["error"].startswith("scene 5 has changed, but that could not be noted in ")


def test_a_fault_of_ours_is_told_without_what_it_was_about() -> None:
    broken = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); from shell import hook\n"
        "def fail(raw, env, plugin_dir): raise LookupError(raw)\n"
        "hook.answer = fail\n"
        "hook.run(sys.stdin.buffer.read(), '')"
    )

    reply = reply_to(json.dumps(WHOLE).encode(), "-c", broken)

    assert reply["error"].startswith("A change could not be noted: LookupError in <string>, line 2")


def test_an_event_that_is_not_for_us_is_not_repeated_at_length(tmp_path: Path) -> None:
    raw = json.dumps({"args": {"hookContext": {"id": "x" * 100_000, "type": "Scene.Update.Post"}}})

    reply = reply_to(raw.encode(), STASH_PLUGIN_DATA=str(tmp_path))

    assert reply["output"].startswith("ignored: Scene.Update.Post of xxx")
    assert len(reply["output"]) < 300
