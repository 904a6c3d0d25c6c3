"""A digest of rules, for what is stored and follows from them: it changes when the code does."""

from __future__ import annotations

import functools
import importlib
import os
import pkgutil
import unicodedata
from collections.abc import Iterator

from core.digests import digest


@functools.cache
def code_digest(*names: str) -> bytes:
    """A digest of the source of some packages with all that is in them, and of single modules.

    It is the same on every system, also where the source comes out of a zip. Where there is no
    source no two processes get the same, so that nothing is believed that may be outdated. What a
    process has read of its code it does not read again.

    Args:
        names: packages like "core", and modules like "plex.mapping".
    """
    sources = [source for name in names for source in _sources(name, _is_package(name))]
    return digest([unicodedata.unidata_version.encode(), *sources])


def _is_package(name: str) -> bool:
    package, _, module = name.rpartition(".")
    return not package or dict(_modules(package))[module]


def _sources(name: str, is_package: bool) -> Iterator[bytes]:
    if not is_package:
        package, _, module = name.rpartition(".")
        yield _source(package, module)
        return
    yield _source(name, "__init__")
    for inside, is_inner in _modules(name):
        yield from _sources(f"{name}.{inside}", is_inner)


def _modules(package: str) -> list[tuple[str, bool]]:
    """What is in a package, by name, and whether it is a package itself."""
    found = pkgutil.iter_modules(importlib.import_module(package).__path__)
    return sorted((each.name, each.ispkg) for each in found)


def _source(package: str, module: str) -> bytes:
    try:
        source = pkgutil.get_data(package, f"{module}.py")
    except OSError:
        source = None
    return os.urandom(16) if source is None else source.replace(b"\r\n", b"\n")
