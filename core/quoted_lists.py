"""Lists in one text, as settings have them: double quotes hold together what would divide."""

from __future__ import annotations

import re
from collections.abc import Iterator

QUOTED = r'"(?:[^"]|"")*"'
_DIVIDES = re.compile(r'[,;"\n]|=>|^\s|\s$')


def parts(text: str, dividers: str) -> Iterator[tuple[str, str]]:
    """The entries of a text, each with the divider after it ("" after the last).

    Blanks around an entry do not count. One in double quotes is taken as it is between them,
    and two double quotes in it are one. Quotes that do not enclose a whole entry are letters.

    Args:
        dividers: an expression.
    """
    for found in re.finditer(rf"\s*({QUOTED}|.*?)\s*({dividers}|\Z)", text, re.DOTALL):
        entry, divider = found[1], found[2]
        yield unquoted(entry), divider
        if not divider:
            return


def unquoted(entry: str) -> str:
    """An entry as it is meant, without the quotes that enclose it."""
    return entry[1:-1].replace('""', '"') if re.fullmatch(QUOTED, entry) else entry


def quoted(entry: str) -> str:
    """An entry as it has to be written in such a text."""
    if not _DIVIDES.search(entry):
        return entry
    escaped = entry.replace('"', '""')
    return f'"{escaped}"'
