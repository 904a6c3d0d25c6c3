"""What the release holds: all that runs, nothing else, and the same bytes each time."""

from __future__ import annotations

import hashlib
import json
import stat
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import pytest
import yaml

from build_release.build import INDEX, build
from build_release.contents import CONTENTS, VENDOR, manifest
from build_release.vendored import (
    COMPILED,
    Files,
    ReleaseError,
    check,
    check_purity,
    check_pythons,
    requirements,
)
from shell.crash import digest
from tests.acceptance.entry import ROOT
from tests.release.conftest import EPOCH

PRODUCT = {
    *("app", "cli", "core", "plex", "reconciliation", "shell", "stash", "storage", "sync_queue"),
    *("transport", "worker", "ui", "public", "scene_hooks", VENDOR),
}
PLUGINS = {
    "Stash2Plex.yml",
    "scene_hooks/Stash2PlexQuickHooks.yml",
    "scene_hooks/Stash2PlexSceneHooks.yml",
}
AT_ROOT = {"Stash2Plex.yml", "Stash2Plex.py", "LICENSE", CONTENTS}


@pytest.fixture(scope="module")
def entries(release: Path) -> list[zipfile.ZipInfo]:
    with zipfile.ZipFile(release) as archive:
        return archive.infolist()


@pytest.fixture(scope="module")
def names(entries: list[zipfile.ZipInfo]) -> list[str]:
    return [each.filename for each in entries]


def test_it_holds_what_runs_and_nothing_else(names: list[str]) -> None:
    paths = [PurePosixPath(name) for name in names]

    assert {str(path) for path in paths if len(path.parts) == 1} == AT_ROOT
    assert {path.parts[0] for path in paths if len(path.parts) > 1} <= PRODUCT
    assert {name for name in names if name.endswith(".yml")} == PLUGINS
    assert "scene_hooks/quick.js" in names
    assert [path for path in paths if path.suffix in {*COMPILED, ".pyc", ".pyi"}] == []
    assert [path for path in paths if {"tests", "__pycache__", ".."} & {*path.parts}] == []


def test_what_nobody_imports_does_not_travel(names: list[str]) -> None:
    """Nor is there a module of the product that nobody imports."""
    here = {
        path.relative_to(ROOT).as_posix()
        for package in PRODUCT - {VENDOR}
        for path in (ROOT / package).rglob("*.py")
        if "node_modules" not in path.parts  # of make ui
    }
    assert here <= set(names)


def test_every_library_comes_with_its_licence(libraries: Mapping[str, Files]) -> None:
    for name, files in libraries.items():
        licences = [path for path in files if ".dist-info/" in path and "METADATA" not in path]
        assert licences, name


def test_stash_can_read_every_file_of_it(entries: list[zipfile.ZipInfo]) -> None:
    """Stash gives each file the mode that stands in the zip (pkg/pkg/manager.go)."""
    assert {each.external_attr >> 16 for each in entries} == {stat.S_IFREG | 0o644}
    assert {each.date_time for each in entries} == {time.gmtime(EPOCH)[:6]}


def test_the_script_is_missing_for_the_shortest_time(names: list[str]) -> None:
    """Stash takes away what an older release listed, and writes a newer one, in this order."""
    assert names[:3] == ["Stash2Plex.py", CONTENTS, "core/errors.py"]
    assert names[3].startswith("shell/")


def test_it_says_what_it_brings(release: Path) -> None:
    with zipfile.ZipFile(release) as archive:
        told = json.loads(archive.read(CONTENTS))
        digests = {
            name: digest(archive.read(name)) for name in archive.namelist() if name != CONTENTS
        }

    assert told == {"version": manifest(ROOT)["version"], "files": digests}


def test_the_index_is_one_that_stash_reads(release: Path) -> None:
    (package,) = yaml.safe_load(release.with_name(INDEX).read_text("utf-8"))

    assert package["id"] == "Stash2Plex"
    assert package["version"] == manifest(ROOT)["version"]
    assert package["date"] == "2026-01-01 00:00:00"
    assert package["sha256"] == hashlib.sha256(release.read_bytes()).hexdigest()
    assert release.with_name(package["path"]) == release


def test_building_it_twice_gives_the_same_bytes(
    release: Path, libraries: Mapping[str, Files], tmp_path: Path
) -> None:
    again = build(ROOT, libraries, tmp_path, EPOCH)

    assert again.read_bytes() == release.read_bytes()
    assert (tmp_path / INDEX).read_bytes() == release.with_name(INDEX).read_bytes()


@pytest.mark.processes
def test_another_version_of_it_is_told_everywhere(
    libraries: Mapping[str, Files], tmp_path: Path
) -> None:
    made = build(ROOT, libraries, tmp_path, EPOCH + 60, version="9.9.9")
    with zipfile.ZipFile(made) as archive:
        told = [yaml.safe_load(archive.read(name)) for name in sorted(PLUGINS)]
        assert json.loads(archive.read(CONTENTS))["version"] == "9.9.9"
        assert {manifest["version"] for manifest in told} == {"9.9.9"}
    (package,) = yaml.safe_load((tmp_path / INDEX).read_text("utf-8"))

    assert (package["version"], package["date"]) == ("9.9.9", "2026-01-01 00:01:00")


def test_the_libraries_are_those_that_were_chosen(libraries: Mapping[str, Files]) -> None:
    """If this fails after an update of libraries or a change of requirements: make constraints."""
    check(ROOT, libraries)
    assert {each.name.lower() for each in requirements(ROOT)} >= {"certifi", "filelock", "urllib3"}
    with pytest.raises(ReleaseError, match="make constraints"):
        check(ROOT, {**libraries, "certifi": {}})


def test_what_is_compiled_is_left_out_where_it_can_be() -> None:
    check_purity(
        "fast", map(PurePosixPath, ["fast/a.cpython-311-x86_64-linux-gnu.so", "fast/a.py"])
    )

    with pytest.raises(ReleaseError, match=r"wheel is not pure Python: it needs wheel/b\.pyd"):
        check_purity("wheel", map(PurePosixPath, ["wheel/b.pyd", "wheel/a.py"]))


def test_no_library_needs_a_later_python_than_the_plugin() -> None:
    check_pythons("old 1", "!=3.0.*,>=2.7")

    with pytest.raises(ReleaseError, match=r"new 4\.3 is for Python >=3\.11, .* for 3\.10 as well"):
        check_pythons("new 4.3", ">=3.11")
