"""Which modules the entry script needs: what is not imported at run time does not travel."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Needed:
    """What an entry script imports, directly or not, at any time.

    Attributes:
        own: the files of our modules, the script included.
        foreign: the first names of all other modules, those of the standard library included.
    """

    own: set[Path] = field(default_factory=set)
    foreign: set[str] = field(default_factory=set)


def needed_by(script: Path) -> Needed:
    """Follow the imports from a script to the modules that lie in its folder and below."""
    needed, waiting = Needed(), [script]
    while waiting:
        path = waiting.pop()
        if path in needed.own:
            continue
        needed.own.add(path)
        for name in imported_by(path.read_text("utf-8")):
            found = list(_files(script.parent, name))
            waiting += found
            if not found:
                needed.foreign.add(name.partition(".")[0])
    return needed


@functools.cache
def imported_by(source: str) -> frozenset[str]:
    """The modules that a source imports, with the names taken from them: a name can be a module.

    Those of `app.deferred_imports` are among them. Imports for the type checker alone are left out.
    """
    return frozenset(_imported(ast.parse(source)))


def _imported(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (each.name for each in names)
        case ast.ImportFrom(module=str(module), names=names, level=0):
            yield from (f"{module}.{each.name}" for each in names)
        case ast.Call(func=ast.Name("Later" | "later"), args=[ast.Constant(str(module)), *_]):
            yield module
        case ast.If(test=ast.Name(id="TYPE_CHECKING"), orelse=orelse):
            yield from _imported(ast.Module(orelse, []))
        case _:
            for inner in ast.iter_child_nodes(node):
                yield from _imported(inner)


def _files(root: Path, name: str) -> Iterator[Path]:
    """The files below `root` that Python runs to import a name: those of its packages first."""
    place = root
    for part in name.split("."):
        place /= part
        for path in (place / "__init__.py", place.with_name(f"{part}.py")):
            if path.is_file():
                yield path
