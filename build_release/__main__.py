"""`python -m build_release`: writes dist/Stash2Plex.zip and dist/index.yml.

It counts as made when the last commit was, or when SOURCE_DATE_EPOCH says. With `--constraints` it
writes constraints.txt instead.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from build_release.build import build
from build_release.contents import libraries_of
from build_release.vendored import CONSTRAINTS, ReleaseError, check, constraints

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(prog="build_release", description=__doc__)
    parser.add_argument("--constraints", action="store_true", help="write constraints.txt anew")
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="the folder, dist/")
    asked = parser.parse_args()
    try:
        libraries = libraries_of(ROOT)
        if asked.constraints:
            text = "".join(f"{line}\n" for line in constraints(libraries))
            (ROOT / CONSTRAINTS).write_bytes(text.encode())
            return 0
        check(ROOT, libraries)
        made = build(ROOT, libraries, asked.output, _epoch())
    except ReleaseError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    print(f"{made} ({made.stat().st_size / 1e6:.1f} MB) and {made.with_name('index.yml')}")  # noqa: T201
    return 0


def _epoch() -> int:
    told = os.environ.get("SOURCE_DATE_EPOCH")
    if told is None:
        command = ["git", "log", "-1", "--format=%ct"]
        told = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return int(told)


if __name__ == "__main__":
    sys.exit(main())
