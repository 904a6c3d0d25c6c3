"""What travels in the zip, and from where."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from build_release.imports import needed_by
from build_release.vendored import Files, distributions, files_of
from shell.crash import digest

PLUGIN = "Stash2Plex"
MANIFEST, ENTRY = f"{PLUGIN}.yml", f"{PLUGIN}.py"
# Small plugins that travel in the same zip, each with a manifest of its own.
SCENE_HOOKS = "scene_hooks"
VENDOR = "vendor"
CONTENTS = "contents.json"  # the entry script knows it by this name


def manifest(root: Path) -> dict[str, Any]:
    """The plugin's manifest. The version of the project stands there and nowhere else."""
    read: dict[str, Any] = yaml.safe_load((root / MANIFEST).read_text("utf-8"))
    return read


def contents(root: Path, libraries: Mapping[str, Files], version: str) -> Files:
    """All files of the zip by their paths, with the list of them that the plugin checks itself by.

    Args:
        libraries: the files of each distribution.
    """
    hooks = _tracked(root, SCENE_HOOKS)
    paths = {root / MANIFEST, root / "LICENSE", *needed_by(root / ENTRY).own, *_page(root), *hooks}
    # As they are in version control, also where that has changed the ends of lines.
    files = {
        path.relative_to(root).as_posix(): path.read_bytes().replace(b"\r\n", b"\n")
        for path in paths
    }
    for path in files:
        if path.endswith(".yml"):
            files[path] = _with_version(files[path], version)
    for taken in libraries.values():
        files |= {f"{VENDOR}/{path}": content for path, content in taken.items()}
    digests = {path: digest(files[path]) for path in sorted(files)}
    told = json.dumps({"version": version, "files": digests}, indent=1)
    return {**files, CONTENTS: f"{told}\n".encode()}


def libraries_of(root: Path) -> dict[str, Files]:
    """The libraries to bring along."""
    names = distributions(root, needed_by(root / ENTRY).foreign)
    return {name: files_of(name) for name in names}


def _with_version(text: bytes, version: str) -> bytes:
    lines = text.decode("utf-8").splitlines(keepends=True)
    told = [line for line in lines if not line.startswith("version:")]
    return "".join([*told, f"version: {version}\n"]).encode()


def _page(root: Path) -> Iterator[Path]:
    """The files that the manifest has Stash hand to browsers: scripts, styles, folders."""
    ui = manifest(root).get("ui", {})
    for name in (*ui.get("javascript", ()), *ui.get("css", ())):
        if "://" not in name:
            yield root / name
    for folder in ui.get("assets", {}).values():
        yield from _tracked(root, folder)


def _tracked(root: Path, folder: str) -> Iterator[Path]:
    """What is in version control below a folder: the plugin itself puts files there as well."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", folder], cwd=root, capture_output=True, check=True
    )
    for name in filter(None, listed.stdout.decode("utf-8").split("\0")):
        yield root / name
