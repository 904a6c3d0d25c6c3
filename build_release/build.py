"""Puts the release into a folder: the zip and the source index, the same bytes each time."""

from __future__ import annotations

import hashlib
import io
import stat
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from build_release.contents import CONTENTS, ENTRY, PLUGIN, contents, manifest
from build_release.vendored import Files

INDEX, ZIP = "index.yml", f"{PLUGIN}.zip"
# Stash gives each file the mode that stands in the zip.
_MODE = (stat.S_IFREG | 0o644) << 16
_UNIX = 3
_EARLIEST = 315_532_800  # the first moment that a zip can tell: 1980-01-01


def build(
    root: Path,
    libraries: Mapping[str, Files],
    output: Path,
    epoch: int,
    version: str | None = None,
) -> Path:
    """Write the zip and the index of the project in `root`; the path of the zip.

    Args:
        libraries: the files of each distribution that it brings along.
        epoch: when the release counts as made, in epoch seconds.
        version: another one than the manifest's.
    """
    told = manifest(root)
    version = version or str(told["version"])
    archive = _zipped(contents(root, libraries, version), epoch)
    output.mkdir(parents=True, exist_ok=True)
    (output / ZIP).write_bytes(archive)
    (output / INDEX).write_bytes(_index(told, version, archive, epoch).encode())
    return output / ZIP


def _zipped(files: Files, epoch: int) -> bytes:
    """A zip of `files`, all as of one moment in epoch seconds.

    Stash removes and writes files in this order when it updates a plugin. So the script is missing
    for the shortest time; what it needs to say "try again" comes next.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(files, key=_rank):
            entry = zipfile.ZipInfo(path, time.gmtime(max(epoch, _EARLIEST))[:6])
            entry.create_system, entry.external_attr = _UNIX, _MODE
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[path], compresslevel=9)
    return buffer.getvalue()


def _rank(path: str) -> tuple[int, str]:
    early = (ENTRY, CONTENTS, "core/errors.py")
    first = early.index(path) if path in early else len(early)
    return (first, "") if path in early else (first + (not path.startswith("shell/")), path)


def _index(manifest: dict[str, Any], version: str, archive: bytes, epoch: int) -> str:
    """The source index in the form of Stash (pkg/pkg/pkg.go): a later date is an update."""
    package = {
        "id": PLUGIN,
        "name": manifest["name"],
        "version": version,
        "date": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(epoch)),
        "path": ZIP,
        "sha256": hashlib.sha256(archive).hexdigest(),
        "metadata": {"description": manifest["description"]},
    }
    return yaml.safe_dump([package], sort_keys=False, allow_unicode=True)
