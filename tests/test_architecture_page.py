"""docs/architecture.md names what there is, in no more than two screens beside the tree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/architecture.md").read_text("utf-8")
TREE = PAGE.split("## The tree")[1].split("```")[1].strip("\n")
WALKS = [
    walk
    for walk in PAGE.split("## Five walks")[1].split("## ")[0].split("\n\n")
    if walk.startswith("**")
]
PRODUCT = ("app", "core", "plex", "reconciliation", "shell", "stash", "storage", "sync_queue")
PACKAGES = (*PRODUCT, "cli", "transport", "worker", "simulators")


def files_in(text: str) -> list[str]:
    return re.findall(r"`((?:[\w.]+/)*\w+\.\w+)`", text)


def test_it_is_short() -> None:
    text = PAGE.replace(TREE, "")
    assert text.count("\n") <= 120
    assert max(map(len, PAGE.splitlines())) <= 100


def test_each_file_that_it_names_is_there() -> None:
    named = [name for name in files_in(PAGE) if "/" in name]
    assert [name for name in named if not (ROOT / name).is_file()] == []


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.split("**")[1])
def test_a_walk_names_no_file_twice(walk: str) -> None:
    files = files_in(walk)
    assert sorted(files) == sorted(set(files))


def test_there_are_five_walks() -> None:
    assert len(WALKS) == 5


def test_the_tree_has_each_package() -> None:
    drawn, above = set(), ""
    for line in TREE.splitlines():
        names = re.findall(r"(\w+)/(?=\s)", line[:22])
        if line[0] in "├└":
            drawn |= {f"{above}/{name}" for name in names}
        elif names:
            above = names[0]
            drawn.add(above)
    made = {p.parent for name in PACKAGES for p in (ROOT / name).rglob("__init__.py")}
    packages = {path.relative_to(ROOT).as_posix() for path in made}
    beside = {"benchmarks", "build_release", "scene_hooks", "tests", "ui"}
    assert packages - {"simulators/library/cases"} == drawn - beside


def test_each_word_of_the_glossary_stands_where_it_says() -> None:
    rows = re.findall(r"^\| ([a-zA-Z -]+) \| .* \| `(.+)` \|$", PAGE, re.MULTILINE)
    assert len(rows) > 30
    texts = {name: _plain((ROOT / name).read_text("utf-8")) for _, name in rows}
    assert [(word, name) for word, name in rows if _plain(word) not in texts[name]] == []


def _plain(text: str) -> str:
    return re.sub(r"[\s_-]", "", text).casefold()
