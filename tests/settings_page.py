"""Writes the tables of docs/settings.md anew from the table of settings.

    python -m tests.settings_page

Groups, their order and that of the settings, names, kinds, defaults and limits are those of the
plugin's page. What the page of the docs says beyond that of a setting stays as it is; of one that
is new it says what the plugin's page says.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path

from core.setting_values import Number, OneOf
from core.setting_words import GROUPS, WORDS, Group
from core.settings import DEFAULTS, parser_of

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"
BEGIN, END = "<!-- settings: begin -->\n", "<!-- settings: end -->\n"
HEAD = "| key | kind | default | meaning |\n| --- | --- | --- | --- |\n"
_ROW = re.compile(r"^\| `(\w+)` \| .*? \| .*? \| (.*) \|$", re.MULTILINE)
_NAME = re.compile(r"^\*[^*]*\*\. ")


def written(page: str) -> str:
    """The page with its tables as they should be."""
    before, _, rest = page.partition(BEGIN)
    old, _, after = rest.partition(END)
    meanings = {key: _NAME.sub("", meaning) for key, meaning in _ROW.findall(old)}
    tables = "\n".join(_table(group, meanings) for group in GROUPS)
    return f"{before}{BEGIN}\n{tables}\n{END}{after}"


def _table(group: Group, meanings: Mapping[str, str]) -> str:
    rows = [
        f"| `{key}` | {_kind(key)} | {_default(key)} | {_meaning(key, meanings)} |\n"
        for key, word in WORDS.items()
        if word.group == group.name
    ]
    return f"## {group.title}\n\n{group.help}\n\n{HEAD}{''.join(rows)}"


def _meaning(key: str, meanings: Mapping[str, str]) -> str:
    told = meanings.get(key) or WORDS[key].help.replace("|", r"\|")
    parse = parser_of(key)
    if isinstance(parse, Number):
        limits = f"{parse.low:g} to {parse.high:g}"
        told += "" if limits in told else f" From {limits}."
    if isinstance(parse, OneOf):
        lacking = [each for each in parse.choices if f"`{each}`" not in told]
        told += f" Also {', '.join(f'`{each}`' for each in lacking)}." if lacking else ""
    return f"*{WORDS[key].label}*. {told}"


def _kind(key: str) -> str:
    value = _typed(key)
    return "switch" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"


def _default(key: str) -> str:
    value = _typed(key)
    if isinstance(value, bool):
        return "on" if value else "off"
    return value or "empty" if isinstance(value, str) else f"{value:g}"


def _typed(key: str) -> bool | float | str:
    """The default as it is typed: a switch that can also be a file is a text."""
    value = DEFAULTS[key]
    if key == "verify_tls":
        return str(value).lower()
    return value if isinstance(value, (bool, int, float)) else str(value or "")


def main() -> int:
    PAGE.write_text(written(PAGE.read_text("utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
