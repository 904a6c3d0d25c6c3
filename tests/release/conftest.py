"""The release as it is built here, and unpacked as Stash does it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from build_release.build import build
from build_release.contents import ENTRY, libraries_of
from build_release.vendored import Files
from tests.acceptance.entry import PATIENCE, ROOT, Ended

EPOCH = 1_767_225_600
READ_ONLY = 0o555


@dataclass(frozen=True)
class Installed:
    """An unpacked release, and a data folder elsewhere."""

    folder: Path
    data: Path

    def run(self, stdin: bytes, *arguments: str, **env: str) -> Ended:
        """Run it with a Python that has no packages, in an environment that has next to nothing."""
        bare = {name: os.environ[name] for name in ("SYSTEMROOT", "TMPDIR") if name in os.environ}
        ended = subprocess.run(
            [sys.executable, "-I", "-S", str(self.folder / ENTRY), *arguments],
            input=stdin,
            capture_output=True,
            cwd=os.sep,
            env={"LANG": "C", "STASH_PLUGIN_DATA": str(self.data), **bare, **env},
            timeout=PATIENCE,
            check=False,
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    def files(self) -> Mapping[str, bytes]:
        """Everything in its folder."""
        found = (path for path in self.folder.rglob("*") if path.is_file())
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in found}


@pytest.fixture(scope="session")
def libraries() -> Mapping[str, Files]:
    """What it brings along."""
    return libraries_of(ROOT)


@pytest.fixture(scope="session")
def release(libraries: Mapping[str, Files], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip of what is here; the index lies beside it."""
    return build(ROOT, libraries, tmp_path_factory.mktemp("dist"), EPOCH)


@pytest.fixture(scope="session")
def shared_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder, so that not every process compiles everything."""
    return tmp_path_factory.mktemp("plugin data größe")


@pytest.fixture
def installed(release: Path, shared_data: Path, tmp_path: Path) -> Iterator[Installed]:
    """The release in an empty folder that cannot be written."""
    folder = tmp_path / "plug ins" / "Stash2Plex"
    with zipfile.ZipFile(release) as archive:
        archive.extractall(folder)
    folders = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    for path in folders:
        path.chmod(READ_ONLY)
    yield Installed(folder, shared_data)
    for path in folders:
        path.chmod(0o755)
