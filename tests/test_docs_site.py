"""The docs site: built strictly, and every command that docs and README name is there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.page.operations import READS
from app.setup.operations import OPERATIONS
from app.task_runner import MODES
from cli.main import main

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")


@pytest.mark.processes
def test_it_builds_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "mkdocs", "build", "--strict", "--quiet"]
    built = subprocess.run(
        [*command, "-f", "mkdocs.yaml", "-d", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert built.returncode == 0, built.stderr
    assert (tmp_path / "index.html").is_file()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_make_target_that_is_named_is_there(page: Path) -> None:
    named = re.findall(r"(?:`|^)make ([a-z-]+)", page.read_text("utf-8"), re.MULTILINE)
    assert [name for name in named if f"\n{name}:" not in MAKEFILE] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_command_that_is_named_can_be_run(page: Path) -> None:
    """With --help behind it, which is shown once all that stands before it is understood."""
    text = page.read_text("utf-8")
    for line in re.findall(r"Stash2Plex\.py ([a-z -]+?)[`\n]", text):
        ended = CliRunner().invoke(main, [*line.split(), "--help"])
        assert ended.exit_code == 0, ended.output
    for module in re.findall(r"python3? -m ([\w.]+)", text):
        assert find_spec(module) is not None, module


def test_the_page_of_commands_has_each() -> None:
    text = (ROOT / "docs/command-line.md").read_text("utf-8")
    assert [name for name in main.commands if f"`{name}" not in text] == []


def test_each_task_has_its_row() -> None:
    text = (ROOT / "docs/tasks.md").read_text("utf-8")
    operations = {name for name, mode in MODES.items() if mode.is_operation}
    told = text + (ROOT / "docs/operations.md").read_text("utf-8")
    assert [name for name in MODES if name not in operations and f"`{name}`" not in text] == []
    assert [name for name in (*operations, *READS, *OPERATIONS) if f"`{name}" not in told] == []
