"""Runs acceptance tests against other kinds of Plex: `python -m tests.variants`, `make variants`.

The simulated Plex is by default what recordings show. Where evidence conflicts there is a switch,
and the plugin has to be right however it stands. Each variant turns one of them, and runs tests
that say nothing of it themselves.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
ACCEPTANCE = "tests/acceptance"
FIRST_SYNC = f"{ACCEPTANCE}/test_first_sync.py"
UNDO = f"{ACCEPTANCE}/test_undo.py"
TESTS = (
    FIRST_SYNC,
    f"{ACCEPTANCE}/test_changes_in_stash.py",
    f"{ACCEPTANCE}/test_hand_edits.py",
    f"{ACCEPTANCE}/test_covers.py",
    UNDO,
    f"{ACCEPTANCE}/test_release.py",
    f"{ACCEPTANCE}/test_moves.py",
)
# The one that each run of the tests affords.
SAMPLE = (f"{ACCEPTANCE}/test_release.py::test_our_locks_go_and_nothing_else_changes",)
VARIANTS: dict[str, dict[str, Any]] = {
    "totalSize always": {"total_size": "always"},
    "a size without a start counts": {"size_without_start": "used"},
    "small pages": {"size_cap": 50, "metadata_page_cap": 20},
    "no size is refused": {"missing_size": "400", "over_cap": "400"},
    "excludes ignored": {"honour_excludes": False},
    "any order": {"shuffle_metadata": True},
    "replacing": {"edit_section": "replacing"},
    "one removal at a time": {"single_removal": True},
    "removals last": {"removal_last": True},
    "exact tag case": {"exact_tag_case": True},
    "labels as they are": {"capital_labels": False},
    "pictures do not lock": {"pictures_lock": False},
    "text is trimmed": {"strip_text": True},
    "edits move content": {"edits_move_content": True},
    "no butler": {"butler": False},
    "scans empty the trash": {"auto_empty_trash": True},
}
# These tests turn what makes it impossible: an edit is told from two, and a server with small pages
# must not refuse to be asked for large ones.
WITHOUT = {
    "one removal at a time": (UNDO,),
    "small pages": (FIRST_SYNC,),
}
SAMPLED = ("pictures do not lock",)


def run(name: str, tests: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    """The tests against one variant, with what they said."""
    variable = {"PLEX_SIM_SWITCHES": json.dumps(VARIANTS[name])}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **variable},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def main(names: list[str]) -> int:
    failed = 0
    for name in names or VARIANTS:
        began = time.monotonic()
        ended = run(name, tuple(test for test in TESTS if test not in WITHOUT.get(name, ())))
        verdict = ended.stdout.strip().splitlines()[-1] if ended.stdout.strip() else ended.stderr
        print(f"{name:32} {time.monotonic() - began:5.0f} s  {verdict}", flush=True)
        if ended.returncode:
            failed += 1
            print(ended.stdout)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
