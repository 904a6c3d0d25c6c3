"""The digest of rules: the same wherever the code lies, another one when it says something else."""

from __future__ import annotations

import importlib
import sys
import zipfile
from pathlib import Path

import pytest

from storage.code_digest import code_digest

FILES = {
    "rules_of_test/__init__.py": b"",
    "rules_of_test/one.py": b"LIMIT = 1\nSTEP = 2\n",
    "rules_of_test/inside/__init__.py": b"",
    "rules_of_test/inside/two.py": b"KIND = 'x'\n",
}


def _digest(monkeypatch: pytest.MonkeyPatch, place: Path, *names: str) -> bytes:
    with monkeypatch.context() as patched:
        patched.syspath_prepend(str(place))
        importlib.invalidate_caches()
        code_digest.cache_clear()  # as in another process
        try:
            return code_digest(*(names or ("rules_of_test",)))
        finally:
            code_digest.cache_clear()
            for name in [name for name in sys.modules if name.startswith("rules_of_test")]:
                del sys.modules[name]


def _folder(where: Path, **changed: bytes) -> Path:
    for name, source in FILES.items():
        path = where / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(changed.get(path.stem, source))
    return where


def test_the_digest_is_of_what_the_code_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = _digest(monkeypatch, _folder(tmp_path / "plain"))
    windows = _folder(
        tmp_path / "windows", one=FILES["rules_of_test/one.py"].replace(b"\n", b"\r\n")
    )
    archive = tmp_path / "rules.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for name, source in FILES.items():
            packed.writestr(name, source)

    assert _digest(monkeypatch, windows) == plain
    assert _digest(monkeypatch, archive) == plain
    assert _digest(monkeypatch, _folder(tmp_path / "deep", two=b"KIND = 'y'\n")) != plain
    one = _digest(monkeypatch, tmp_path / "plain", "rules_of_test.one")
    assert one == _digest(monkeypatch, tmp_path / "deep", "rules_of_test.one") != plain


def test_without_source_nothing_is_equal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = _folder(tmp_path)
    (place / "rules_of_test" / "one.py").rename(place / "rules_of_test" / "one.txt")

    assert _digest(monkeypatch, place) == _digest(monkeypatch, place)  # it is no module any more

    monkeypatch.setattr("pkgutil.get_data", lambda _package, _name: None)
    assert _digest(monkeypatch, place) != _digest(monkeypatch, place)
