"""docs/simulators.md names what there is."""

from __future__ import annotations

import re
from pathlib import Path

from simulators.stash.state import default_switches

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "simulators.md").read_text(encoding="utf-8")


def test_every_switch_of_the_stash_simulator_is_on_the_page() -> None:
    rows = re.findall(r"^\| (`.*?) \|", PAGE.partition("### Switches")[2], re.MULTILINE)
    named = set(re.findall(r"`(\w+)`", " ".join(rows)))
    assert named == {*default_switches("v0.30.1"), "latency"}


def test_every_control_endpoint_is_on_the_page() -> None:
    sources = (ROOT / "simulators").rglob("*.py")
    pattern = r'add_(get|post|delete)\(\s*"(/_sim/[^"]*)"'
    known = {
        f"{method.upper()} {path}"
        for source in sources
        for method, path in re.findall(pattern, source.read_text(encoding="utf-8"))
    }
    assert len(known) > 20
    assert {place for place in known if f"`{place}`" not in PAGE} == set()


def test_every_option_of_the_servers_is_on_the_page() -> None:
    for name in ("stash/server.py", "plex/server.py", "__main__.py"):
        source = (ROOT / "simulators" / name).read_text(encoding="utf-8")
        for option in re.findall(r'"(--[a-z-]+)"', source):
            assert option in PAGE, option
