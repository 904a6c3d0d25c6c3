"""The page's own unit tests run in node; its lint and types with what `make ui` installs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.processes

UI = Path(__file__).resolve().parents[2] / "ui"
NODE = shutil.which("node")


def told(*command: str) -> str:
    """What the command says; the test fails with it if the command does."""
    done = subprocess.run(command, cwd=UI, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_the_units_of_the_page_do_what_they_say() -> None:
    assert NODE is not None
    assert "# fail 0" in told(NODE, "--test", "--test-reporter=tap", "tests/")


@pytest.mark.skipif(NODE is None, reason="node is not installed")
@pytest.mark.skipif(not (UI / "node_modules").is_dir(), reason="`make ui` has not installed it")
@pytest.mark.parametrize(
    "command", [("eslint/bin/eslint.js", "."), ("typescript/bin/tsc", "-p", "tsconfig.json")]
)
def test_lint_and_types_of_the_page(command: tuple[str, ...]) -> None:
    assert NODE is not None
    told(NODE, f"node_modules/{command[0]}", *command[1:])
