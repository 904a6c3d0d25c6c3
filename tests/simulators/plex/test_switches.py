"""Each switch is told in the documentation, with its default."""

from __future__ import annotations

import re
from pathlib import Path

from simulators.plex.switches import default_switches

PAGE = Path(__file__).parents[3] / "docs" / "simulators.md"


def test_switches_are_documented() -> None:
    text = PAGE.read_text("utf-8").partition("### Switches of the Plex simulator")[2]
    rows = re.findall(r"^\| (`.*?`) \| (.*?) \|", text.partition("\n## ")[0], re.MULTILINE)
    told = {name: default for names, default in rows for name in re.findall(r"`(\w+)`", names)}
    assert told.keys() == default_switches().keys()
    for name, value in default_switches().items():
        if isinstance(value, bool):
            assert told[name] == ("on" if value else "off")
