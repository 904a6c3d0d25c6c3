"""docs/simulators.md names what there is."""

from __future__ import annotations

import re
from pathlib import Path

from simulators.plex.switches import default_switches as plex_switches
from simulators.stash.state import default_switches as stash_switches

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "simulators.md").read_text(encoding="utf-8")


def switches_of(server: str) -> set[str]:
    """The switches in the first column of a server's table."""
    table = PAGE.partition(f"### Switches of the {server} simulator")[2].partition("\n#")[0]
    rows = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    return set(re.findall(r"`(\w+)`", " ".join(rows)))


def test_every_switch_of_the_simulators_is_on_the_page() -> None:
    assert switches_of("Stash") == {*stash_switches("v0.30.1"), "latency"}
    assert switches_of("Plex") == set(plex_switches())


def test_every_control_endpoint_is_on_the_page() -> None:
    sources = (ROOT / "simulators").rglob("*.py")
    pattern = r'add_(get|post|delete)\(\s*"(/_sim/[^"]*)"'
    known = {
        f"{method.upper()} {path}"
        for source in sources
        for method, path in re.findall(pattern, source.read_text(encoding="utf-8"))
    }
    assert len(known) >= 20
    assert {place for place in known if f"`{place}`" not in PAGE} == set()


def test_every_option_of_the_servers_is_on_the_page() -> None:
    for name in ("stash/server.py", "plex/server.py", "__main__.py"):
        source = (ROOT / "simulators" / name).read_text(encoding="utf-8")
        for option in re.findall(r'"(--[a-z-]+)"', source):
            assert option in PAGE, option
