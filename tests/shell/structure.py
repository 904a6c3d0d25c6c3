"""What can be counted in our sources: lengths of files and functions, and lines that repeat."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

Line = tuple[int, str]  # number and text, without its indentation


def functions(source: str) -> Iterator[tuple[str, int]]:
    """Each function's name and its number of lines, decorators left out."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert node.end_lineno is not None
            yield node.name, node.end_lineno - node.lineno + 1


def code_lines(source: str) -> list[Line]:
    """The lines that do something: no comments, docstrings, imports, blank lines."""
    idle = {number for node in ast.walk(ast.parse(source)) for number in _idle(node)}
    return [
        (number, line.strip())
        for number, line in enumerate(source.splitlines(), 1)
        if number not in idle and line.strip() and not line.lstrip().startswith("#")
    ]


def _idle(node: ast.AST) -> range:
    """The lines of an import or of a text that stands for itself."""
    match node:
        case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant(value=str())):
            return range(node.lineno, (node.end_lineno or node.lineno) + 1)
    return range(0)


def repeated(sources: Mapping[str, str], length: int) -> list[str]:
    """The places whose next `length` lines stand at another place too, one line for each pair."""
    seen: dict[tuple[str, ...], tuple[str, int, int]] = {}
    found: dict[tuple[str, int, str, int], str] = {}
    for path, source in sources.items():
        lines = code_lines(source)
        for index in range(len(lines) - length + 1):
            window = tuple(text for _, text in lines[index : index + length])
            first = seen.setdefault(window, (path, index, lines[index][0]))
            if first[:2] == (path, index):
                continue
            # One that goes on from its predecessor is the same pair of places.
            known = found.pop((first[0], first[1] - 1, path, index - 1), None)
            told = known or f"{first[0]}:{first[2]} and {path}:{lines[index][0]}"
            found[first[0], first[1], path, index] = told
    return list(found.values())
