"""Where a path lies, for servers on either kind of system."""

from __future__ import annotations

import re

WINDOWS_ROOT = re.compile(r"^(?:[A-Za-z]:[\\/]|\\\\|//)")


def normal(path: str) -> str:
    """A form in which paths of one server compare: Windows paths by `/` and without case."""
    if WINDOWS_ROOT.match(path):
        path = path.replace("\\", "/").lower()
    return path.rstrip("/")


def lies_in(path: str, folder: str) -> bool:
    inner, outer = normal(path), normal(folder)
    return inner == outer or inner.startswith(outer + "/")


def base_name(path: str) -> str:
    return re.split(r"[\\/]", path)[-1]


def stem(path: str) -> str:
    return base_name(path).rpartition(".")[0] or base_name(path)


def extension(path: str) -> str:
    return base_name(path).rpartition(".")[2].lower()
