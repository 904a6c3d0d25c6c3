"""Writes docs/reliability.md anew from what tests have found.

`python -m tests.reliability` (`make reliability`) writes its table of faults; with the argument
`soak` (`make soak`, about an hour) its figures of kills, random faults, boundless answers and real
time, or of those parts that are named after it. What stands between the page's markers is replaced;
it stays as it is where a test fails.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reliability.md"
ACCEPTANCE = "tests/acceptance"
SOAK = ("kills", "random_faults", "limits", "real_time")
# Part of the page → what finds its rows, the variable that names the file for them, others.
PARTS: dict[str, tuple[tuple[str, ...], str, dict[str, str]]] = {
    "faults": ((f"{ACCEPTANCE}/test_fault_matrix.py",), "RELIABILITY_PAGE", {}),
    **{name: ((f"{ACCEPTANCE}/test_{name}.py",), "SOAK_FIGURES", {"SOAK": "1"}) for name in SOAK},
}
# Tried with the kills, without figures of their own.
_NAMES = (
    *(
        "always_on",
        "always_on_bursts",
        "covers",
        "destroyed_scenes",
        "entity_changes",
        "failing_drain",
    ),
    *("failing_reconcile", "hand_edits", "large_library", "outages", "picture_outages"),
    *("preview", "proof", "raw_answers", "schedule_days", "settled", "start_up", "undo"),
    "undo_killed",
)
BESIDE = [f"{ACCEPTANCE}/test_{name}.py" for name in _NAMES]


def replaced(page: str, part: str, rows: str) -> str:
    """The page with other rows in one of its tables.

    Raises:
        ValueError: the page has no such part.
    """
    begin, end = f"<!-- {part}: begin -->\n", f"<!-- {part}: end -->"
    before, _, rest = page.partition(begin)
    table, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"{PAGE.name} has no part {part!r}")
    head = "".join(table.splitlines(keepends=True)[:2])
    return f"{before}{begin}{head}{rows}{end}{after}"


def measured(part: str) -> str | None:
    """The rows that the tests of a part write; None where one failed."""
    tests, variable, others = PARTS[part]
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder) / "rows.md"
        env = {**os.environ, **others, variable: str(rows)}
        more = BESIDE if part == SOAK[0] else []
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests, *more]
        ended = subprocess.run(command, cwd=ROOT, env=env, check=False)
        return None if ended.returncode else rows.read_text(encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Measure and write; the exit status."""
    failed = False
    for part in (arguments[1:] or SOAK) if arguments[:1] == ["soak"] else ("faults",):
        rows = measured(part)
        failed = failed or rows is None
        if rows is not None:
            page = PAGE.read_text(encoding="utf-8")
            PAGE.write_text(replaced(page, part, rows), encoding="utf-8")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
