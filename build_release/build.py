"""Puts the release into a folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from build_release.archive import index, zipped
from build_release.contents import PLUGIN, contents, manifest
from build_release.vendored import Files

INDEX, ZIP = "index.yml", f"{PLUGIN}.zip"


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
    archive = zipped(contents(root, libraries, version), epoch)
    output.mkdir(parents=True, exist_ok=True)
    (output / ZIP).write_bytes(archive)
    (output / INDEX).write_bytes(index(told, version, archive, epoch).encode())
    return output / ZIP
