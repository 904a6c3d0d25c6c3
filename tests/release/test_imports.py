"""Which modules a script needs."""

from __future__ import annotations

from pathlib import Path

from build_release.imports import imported_by, needed_by

SCRIPT = """
from __future__ import annotations
import json, a.b
TYPE_CHECKING = False
if TYPE_CHECKING:
    import only_for_types
else:
    import at_run_time
def later():
    from c import d
    from urllib3.util import retry
table = [row("task", Later("e.f", "do"))]
"""


def test_imports_are_found_wherever_they_stand() -> None:
    assert imported_by(SCRIPT) == {
        *("__future__.annotations", "json", "a.b", "at_run_time", "c.d", "urllib3.util.retry"),
        "e.f",
    }


def test_they_are_followed_to_the_files_beside_the_script(tmp_path: Path) -> None:
    texts = {
        "script.py": SCRIPT,
        "a/__init__.py": "",
        "a/b.py": "from c.d import name",
        "a/unused.py": "import never",
        "c/__init__.py": "",
        "c/d/__init__.py": "import a.b",
        "e/f.py": "",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    needed = needed_by(tmp_path / "script.py")

    own = {path.relative_to(tmp_path).as_posix() for path in needed.own}
    assert own == set(texts) - {"a/unused.py"}
    assert needed.foreign == {"__future__", "json", "at_run_time", "urllib3"}
