"""How many small errors in the code the tests notice: a random sample of mutants, part by part.

    make mutants PART=core COUNT=60

cosmic-ray makes the mutants, each in a clone of the commit, and the part's tests are run on it
until one fails. A folder given by --session keeps what was found: started again, it goes on.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 1200  # for the tests of one mutant: an endless loop counts as noticed
# `X | None` in annotations that nobody evaluates.
POINTLESS = "core/ReplaceBinaryOperator_BitOr_%"
CONFIG = """\
[cosmic-ray]
module-path = "{part}"
timeout = {seconds}.0
excluded-modules = []
test-command = "{python} {script} --judge {part}"
[cosmic-ray.distributor]
name = "local"
"""


@dataclass(frozen=True)
class Score:
    """Mutants that the tests noticed, and a line for each that they did not."""

    noticed: int
    missed: tuple[str, ...]

    def __str__(self) -> str:
        whole = self.noticed + len(self.missed)
        lines = [f"{self.noticed} of {whole} noticed ({self.noticed / max(whole, 1):.0%})"]
        return "\n  missed: ".join([*lines, *self.missed])


def tests_of(part: str) -> list[str]:
    """The tests that are to notice an error in a part, the quick ones first."""
    acceptance = [
        *("few_requests", "first_sync", "undo", "release", "guards", "destroyed_scenes"),
        *("preview", "shared_edits", "failing_drain", "covers", "undo_killed", "overlays"),
    ]
    beside = [f"tests/acceptance/test_{name}.py" for name in acceptance]
    return [f"tests/{part}", *(beside if Path(part).parts[0] == "worker" else [])]


def judge(part: str) -> int:
    """Run the tests on the mutant in the current folder; 0 if they notice nothing."""
    told = subprocess.run(
        ["git", "diff", "--name-only"], capture_output=True, text=True, check=True
    )
    changed = [Path("tests", name).parent for name in told.stdout.split()]
    near = [str(each) for each in changed if each.is_dir() and each != Path("tests", part)]
    others = [f"--ignore={folder}" for folder in near]
    for tests in ([near] if near else []) + [[each, *others] for each in tests_of(part)]:
        pytest = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
        if subprocess.run(pytest, check=False).returncode:
            return 1
    return 0


def measure(part: str, count: int, seed: int, commit: str, session: Path) -> Score:
    """Judge a sample of the mutants of a part."""
    session.mkdir(parents=True, exist_ok=True)
    name = part.replace("/", "-")
    clone, config, file = session / "clone", session / f"{name}.toml", session / f"{name}.sqlite"
    if not clone.exists():
        subprocess.run(["git", "clone", "--quiet", "--shared", ROOT, clone], check=True)
    subprocess.run(
        ["git", "checkout", "--quiet", "--force", "--detach", commit], cwd=clone, check=True
    )
    script = Path(__file__).resolve()
    told = CONFIG.format(part=part, seconds=SECONDS, python=sys.executable, script=script)
    config.write_text(told, encoding="utf-8")
    if judge_in(clone, part):
        raise SystemExit("The tests fail without any mutant.")
    if not file.exists():
        _cosmic_ray(clone, "init", config, file)
        _sample(file, count, seed)
    _cosmic_ray(clone, "exec", config, file)
    return _score(file)


def judge_in(clone: Path, part: str) -> int:
    """`judge`, in another folder."""
    command = [sys.executable, str(Path(__file__).resolve()), "--judge", part]
    return subprocess.run(command, cwd=clone, stdout=subprocess.DEVNULL, check=False).returncode


def _cosmic_ray(clone: Path, *arguments: str | Path) -> None:
    tool = Path(sys.executable).with_name("cosmic-ray")
    subprocess.run([tool, *arguments], cwd=clone, check=True)


def _sample(file: Path, count: int, seed: int) -> None:
    """Leave only so many mutants in a session."""
    with closing(sqlite3.connect(file)) as database, database:
        found = database.execute(
            "SELECT job_id FROM mutation_specs WHERE operator_name NOT LIKE ? "
            "ORDER BY module_path, start_pos_row, start_pos_col, operator_name, occurrence",
            (POINTLESS,),
        ).fetchall()
        chosen = random.Random(seed).sample(found, min(count, len(found)))
        database.execute("CREATE TEMP TABLE chosen (job_id)")
        database.executemany("INSERT INTO chosen VALUES (?)", chosen)
        for table in ("mutation_specs", "work_items"):
            database.execute(f"DELETE FROM {table} WHERE job_id NOT IN (SELECT * FROM chosen)")


def _score(file: Path) -> Score:
    with closing(sqlite3.connect(file)) as database:
        rows = database.execute(
            "SELECT test_outcome, module_path || ':' || start_pos_row || ' ' || operator_name "
            "FROM mutation_specs JOIN work_results USING (job_id) "
            "ORDER BY module_path, start_pos_row"
        ).fetchall()
    missed = tuple(where for outcome, where in rows if outcome.upper() == "SURVIVED")
    return Score(len(rows) - len(missed), missed)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "part", nargs="?", default="core", help="a package: core, sync_queue, worker/executor"
    )
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--commit", default="HEAD")
    parser.add_argument("--session", type=Path, help="a folder to keep; none: a temporary one")
    parser.add_argument("--judge", metavar="PART", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.judge:
        return judge(options.judge)
    with tempfile.TemporaryDirectory() as folder:
        session = options.session or Path(folder)
        score = measure(
            options.part, options.count, options.seed, options.commit, session.absolute()
        )
    print(f"{options.part}: {score}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
