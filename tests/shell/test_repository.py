"""Rules for the repository as a whole: what must be in it, and what must not."""

from __future__ import annotations

import ast
import os
import re
import stat
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
MOST_LINES = 400
# Homes and work folders of machines; what Stash's own Docker image has is a fact, not a leak.
MACHINE_PATH = re.compile(r"/(?:(?:work|home|Users)\b|root/(?!\.stash))[/\w]*/\w")
PACKAGE_INDEX = re.compile(r"\b(?:index-url|trusted-host|find-links|artifactory)\b")
HERE = Path(__file__)


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    paths = [ROOT / name for name in listed.stdout.decode("utf-8").split("\0") if name]
    return [path for path in paths if path.is_file()]


@pytest.fixture(scope="module")
def files() -> list[Path]:
    """The files under version control, where there is version control."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    return tracked()


def lines_with(pattern: re.Pattern[str], files: list[Path]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in files
        if path != HERE and path.suffix not in {".png", ".gif", ".ico"}
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if pattern.search(line)
    ]


def test_stash_finds_the_plugin_and_its_two_small_ones(files: list[Path]) -> None:
    """Stash takes every .yml below its plugin folder for a plugin (pkg/plugin/plugins.go), also in
    a checkout. It switches hooks by plugins alone, so those of scenes are two of their own."""
    names = {path.relative_to(ROOT).as_posix() for path in files if path.suffix == ".yml"}
    hooks = {f"scene_hooks/Stash2Plex{kind}Hooks.yml" for kind in ("Quick", "Scene")}
    assert names == {"Stash2Plex.yml", *hooks}


def test_no_file_of_code_is_longer_than_one_can_read(files: list[Path]) -> None:
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text("utf-8").splitlines())
        for path in files
        if path.suffix == ".py"
    }

    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}
    assert lengths["Stash2Plex.py"] < 100


def test_packages_do_nothing_when_they_are_imported(files: list[Path]) -> None:
    """Nor do they forward: a package holds a docstring that says what lives there, or nothing."""
    packages = [path for path in files if path.name == "__init__.py"]
    trees = {path: ast.parse(path.read_text("utf-8")) for path in packages}
    said = {path: int(ast.get_docstring(tree) is not None) for path, tree in trees.items()}
    assert [path for path, tree in trees.items() if len(tree.body) != said[path]] == []
    ours = [path for path in packages if path.relative_to(ROOT).parts[0] != "tests"]
    assert [path for path in ours if not said[path]] == []


def test_nothing_names_a_machine_or_a_package_index(files: list[Path]) -> None:
    assert lines_with(MACHINE_PATH, files) == []
    assert lines_with(PACKAGE_INDEX, files) == []


def test_the_version_stands_in_one_place() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    manifest = yaml.safe_load((ROOT / "Stash2Plex.yml").read_text("utf-8"))

    assert re.fullmatch(r"\d+\.\d+\.\d+", manifest["version"])
    # Those in its zip get it when that is built.
    for path in (ROOT / "scene_hooks").glob("*.yml"):
        assert "version" not in yaml.safe_load(path.read_text("utf-8"))
    assert not re.search(r"^version =", project, re.MULTILINE)


def test_nothing_is_published_that_was_not_tested() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/release.yaml").read_text("utf-8"))
    jobs = workflow["jobs"]

    assert "./.ci/run" in [step.get("run") for step in jobs["test"]["steps"]]
    assert "make package docs" in [step.get("run") for step in jobs["package"]["steps"]]
    assert (jobs["package"]["needs"], jobs["publish"]["needs"]) == ("test", "package")


def test_links_between_the_pages_lead_somewhere(files: list[Path]) -> None:
    pages = [path for path in files if path.suffix == ".md"]

    for page in pages:
        for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_commands_of_the_pages_exist() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))

    for page in ("README.md", "CONTRIBUTING.md"):
        named = set(re.findall(r"(?m)(?:^|`)make ([a-z]+)", (ROOT / page).read_text("utf-8")))
        assert named
        assert named <= targets


@pytest.mark.skipif(os.name == "nt", reason="Windows has no executable bit")
def test_continuous_integration_can_run_its_script() -> None:
    assert (ROOT / ".ci" / "run").stat().st_mode & stat.S_IXUSR
