"""Rules for the repository as a whole: what must be in it, and what must not."""

from __future__ import annotations

import ast
import os
import re
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
ALIKE = 10  # lines that two places of the product must not share
IDLE = re.compile("#|from |import ")
DEF = re.compile(r"( *)(?:async )?def (\w+)")
TEXT = re.compile(r'^ *"""[\s\S]*?"""\n', re.MULTILINE)
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


@pytest.fixture(scope="module")
def code(files: list[Path]) -> dict[str, list[str]]:
    """The lines of each file of Python, without texts for people."""
    scripts = [path for path in files if path.suffix == ".py"]
    texts = {p.relative_to(ROOT).as_posix(): TEXT.sub("", p.read_text("utf-8")) for p in scripts}
    return {name: text.splitlines() for name, text in texts.items() if name[:6] != "tests/"}


def functions(lines: list[str]) -> Iterator[tuple[str, int]]:
    """Each function with its number of lines; by indentation, far quicker than by parsing."""
    for start, line in enumerate(lines):
        found = DEF.match(line)
        if found is not None:
            outer = re.compile(rf" {{0,{len(found[1])}}}[^ )]")
            ends = (n for n in range(start + 1, len(lines)) if outer.match(lines[n]))
            inner = "\n".join(lines[start : next(ends, len(lines))])
            yield found[2], len(inner.rstrip().splitlines())


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
    names = [path.relative_to(ROOT).as_posix() for path in files if path.suffix == ".py"]
    lengths = {name: len((ROOT / name).read_text("utf-8").splitlines()) for name in names}

    most = {name: 400 if name.startswith("tests/") else 350 for name in names}
    assert {name: n for name, n in lengths.items() if n > most[name]} == {}
    assert lengths["Stash2Plex.py"] < 100


def test_no_function_is_longer_than_a_screen(code: dict[str, list[str]]) -> None:
    whole = {name: (ROOT / name).read_text("utf-8").splitlines() for name in code}
    lengths = {f"{name}: {f}": n for name, lines in whole.items() for f, n in functions(lines)}
    assert {name: n for name, n in lengths.items() if n > 40} == {}


def test_no_two_places_are_alike(code: dict[str, list[str]]) -> None:
    seen: dict[tuple[str, ...], tuple[str, int]] = {}
    for name, lines in code.items():
        told = [text for line in lines if (text := line.strip()) and not IDLE.match(text)]
        for place in range(len(told) - ALIKE + 1):
            here = tuple(told[place : place + ALIKE])
            assert seen.setdefault(here, (name, place)) == (name, place), "\n".join(here)


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
