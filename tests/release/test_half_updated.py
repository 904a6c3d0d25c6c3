"""Stash replaces the files of a plugin one by one, and hooks and operations run meanwhile."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from build_release.contents import CONTENTS
from shell.crash import strange_files
from tests.release.conftest import Installed

pytestmark = pytest.mark.processes

TASK = json.dumps({"server_connection": {"Port": 1}, "args": {"mode": "process_queue"}}).encode()
HOOK = json.dumps({"args": {"hookContext": {"id": 1, "type": "Scene.Update.Post"}}}).encode()


def other_version(path: Path) -> None:
    """Without the last of its functions or classes, or cut off within a line."""
    text = path.read_text("utf-8")
    path.chmod(0o644)
    path.write_text(text[: text.rindex("def ") + 6], "utf-8")


@pytest.mark.parametrize(
    "name",
    [
        *("core/errors.py", "shell/protocol.py", "shell/crash.py", "app/task_runner.py"),
        *("plex/client.py", "vendor/urllib3/__init__.py", CONTENTS),
    ],
)
def test_a_task_of_a_tree_without_a_file_says_try_again(installed: Installed, name: str) -> None:
    path = installed.folder / name
    path.parent.chmod(0o755)
    path.unlink()

    ended = installed.run(TASK)

    if name == CONTENTS:  # all else is there, and Stash is not
        assert "Stash" in ended.error
        return
    assert "try again in a minute" in ended.error
    assert "Traceback" not in ended.log


@pytest.mark.parametrize("name", ["shell/signals.py", "app/wiring.py", "core/settings.py"])
def test_a_task_of_a_tree_of_two_versions_says_try_again(installed: Installed, name: str) -> None:
    other_version(installed.folder / name)

    ended = installed.run(TASK)

    assert "try again in a minute" in ended.error
    assert "Traceback" not in ended.log


@pytest.mark.parametrize("name", ["shell/hook.py", "sync_queue/inbox.py"])
def test_a_hook_of_a_tree_of_two_versions_says_so(installed: Installed, name: str) -> None:
    other_version(installed.folder / name)

    ended = installed.run(HOOK)

    assert "Stash may be updating" in ended.error
    assert "Traceback" not in ended.log


def test_what_is_whole_is_not_blamed(installed: Installed, tmp_path: Path) -> None:
    assert strange_files(installed.folder) == []
    assert strange_files(tmp_path) == [CONTENTS]
    (tmp_path / "pyproject.toml").touch()
    assert strange_files(tmp_path) == [], "a checkout lists nothing"
