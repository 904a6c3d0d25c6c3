"""The libraries that travel in the zip: pure Python, as installed, of the versions we chose.

They are taken from the environment that runs this, so that building needs no network;
`constraints.txt` says which version of each it is, and which digest its files have.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from pathlib import Path, PurePosixPath

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

REQUIREMENTS, CONSTRAINTS = "requirements.txt", "constraints.txt"
COMPILED = frozenset({".so", ".pyd", ".dylib", ".dll"})
_UNUSED = COMPILED | {".pyc", ".pyi", ".typed", ".js", ".exe"}
_PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
_SYSTEMS = (("Linux", "linux", "posix"), ("Darwin", "darwin", "posix"), ("Windows", "win32", "nt"))

# Only parts of rich that we do not use need these: its highlighter, tracebacks and Markdown.
_NEVER_IMPORTED = frozenset({"pygments", "markdown-it-py", "mdurl"})

Files = dict[str, bytes]  # by path, as in the folder that holds the libraries


class ReleaseError(Exception):
    """The release cannot be built; the text says what to do."""


def distributions(root: Path, imported: Iterable[str]) -> list[NormalizedName]:
    """The names of those that `requirements.txt` names and somebody imports, with all they need.

    Args:
        imported: the first names of modules.
    """
    wanted = {canonicalize_name(each.name) for each in requirements(root)}
    used = frozenset(imported)
    found = set[NormalizedName]()
    waiting = sorted(name for name in wanted if not used.isdisjoint(_modules_of(name)))
    while waiting:
        name = waiting.pop()
        if name not in found | _NEVER_IMPORTED:
            found.add(name)
            waiting += _needed(name)
    return sorted(found)


def _modules_of(name: str) -> set[str]:
    """The first names of what a distribution has files of."""
    return {path.parts[0].partition(".")[0] for path in _distribution(name).files or ()}


def _distribution(name: str) -> metadata.Distribution:
    try:
        return metadata.distribution(name)
    except metadata.PackageNotFoundError:
        raise ReleaseError(f"{name} is not installed: make setup") from None


def requirements(root: Path) -> list[Requirement]:
    lines = (root / REQUIREMENTS).read_text("utf-8").splitlines()
    return [Requirement(line) for line in lines if line.strip() and not line.startswith("#")]


def _needed(name: str) -> list[NormalizedName]:
    """What a distribution needs on any system and any Python that we support, without extras."""
    asked = map(Requirement, metadata.requires(name) or ())
    return [canonicalize_name(each.name) for each in asked if _holds_somewhere(each)]


def _holds_somewhere(requirement: Requirement) -> bool:
    if requirement.marker is None:
        return True
    return any(
        requirement.marker.evaluate(
            {
                **{key: str(value) for key, value in default_environment().items()},
                **{"python_version": python, "python_full_version": f"{python}.0", "extra": ""},
                **{"platform_system": system, "sys_platform": platform, "os_name": os_name},
            }
        )
        for python, (system, platform, os_name) in itertools.product(_PYTHONS, _SYSTEMS)
    )


def files_of(name: str) -> Files:
    """The files of a distribution that are needed at run time, and its licences.

    Raises:
        ReleaseError: it is not installed, not pure Python, or not for all Pythons that we support.
    """
    found = _distribution(name)
    paths = [PurePosixPath(each) for each in found.files or ()]
    check_purity(name, paths)
    for supported in found.metadata.get_all("Requires-Python", ()):
        check_pythons(f"{name} {found.version}", supported)
    taken = [path for path in paths if _travels(path)]
    return {str(path): Path(str(found.locate_file(path))).read_bytes() for path in taken}


def _travels(path: PurePosixPath) -> bool:
    if {"..", "tests"} & {*path.parts} or path.suffix in _UNUSED:
        return False
    if path.parts[0].endswith(".dist-info"):
        return path.name == "METADATA" or bool(re.match(r"LICEN[CS]E|COPYING|NOTICE", path.name))
    return True


def check_purity(name: str, paths: Iterable[PurePosixPath]) -> None:
    """What is compiled may only be a faster twin of a module; mypyc's common part is none."""
    plain = {str(path) for path in paths}
    for path in map(PurePosixPath, plain):
        stem = path.name.partition(".")[0]
        twin = str(path.with_name(f"{stem}.py"))
        if path.suffix in COMPILED and twin not in plain and not stem.endswith("__mypyc"):
            raise ReleaseError(f"{name} is not pure Python: it needs {path}")


def check_pythons(name: str, supported: str) -> None:
    """`supported` is what a distribution says, as in `>=3.10`."""
    without = [each for each in _PYTHONS if each not in SpecifierSet(supported)]
    if without:
        raise ReleaseError(
            f"{name} is for Python {supported}, and the plugin for {without[0]} as well: "
            "install another version of it, then make constraints"
        )


def digest_of(files: Mapping[str, bytes]) -> str:
    """A digest of names and contents."""
    total = hashlib.sha256()
    for path in sorted(files):
        total.update(f"{path} {hashlib.sha256(files[path]).hexdigest()}\n".encode())
    return total.hexdigest()


def constraints(chosen: Mapping[str, Files]) -> Iterator[str]:
    """The lines of `constraints.txt` for what is installed here."""
    yield "# The versions that travel in the release, and digests of what is taken from each."
    yield "# `make constraints` writes this anew from what is installed."
    for name, files in sorted(chosen.items()):
        yield f"{name}=={metadata.version(name)}  # sha256:{digest_of(files)}"


def check(root: Path, chosen: Mapping[str, Files]) -> None:
    """Compare what is installed here with `constraints.txt`. Raises ReleaseError: they differ."""
    listed = (root / CONSTRAINTS).read_text("utf-8").splitlines()
    if list(constraints(chosen)) != listed:
        raise ReleaseError(
            f"{CONSTRAINTS} lists other libraries than are installed here. Install those: "
            f"python -m pip install -r {REQUIREMENTS} -c {CONSTRAINTS}; "
            "or take over what is installed: make constraints"
        )
