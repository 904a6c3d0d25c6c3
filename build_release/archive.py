"""The zip and the source index, the same bytes each time."""

from __future__ import annotations

import hashlib
import io
import stat
import time
import zipfile
from typing import Any

import yaml

from build_release.contents import PLUGIN
from build_release.vendored import Files

# Stash gives each file the mode that stands in the zip.
_MODE = (stat.S_IFREG | 0o644) << 16
_UNIX = 3
_EARLIEST = 315_532_800  # the first moment that a zip can tell: 1980-01-01


def zipped(files: Files, epoch: int) -> bytes:
    """A zip of `files`, all as of one moment in epoch seconds, sorted by path."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(files):
            entry = zipfile.ZipInfo(path, time.gmtime(max(epoch, _EARLIEST))[:6])
            entry.create_system, entry.external_attr = _UNIX, _MODE
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[path], compresslevel=9)
    return buffer.getvalue()


def index(manifest: dict[str, Any], version: str, archive: bytes, epoch: int) -> str:
    """The source index in the form of Stash (pkg/pkg/pkg.go): a later date is an update."""
    package = {
        "id": PLUGIN,
        "name": manifest["name"],
        "version": version,
        "date": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(epoch)),
        "path": f"{PLUGIN}.zip",
        "sha256": hashlib.sha256(archive).hexdigest(),
        "metadata": {"description": manifest["description"]},
    }
    return yaml.safe_dump([package], sort_keys=False, allow_unicode=True)
