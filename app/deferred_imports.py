"""What is loaded at the moment when it is needed: each start of Python pays for what it loads."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True, slots=True)
class Later:
    """A function of a module that is loaded by the first call; `build_release` knows of it."""

    module: str
    name: str

    def __call__(self, *args: Any, **named: Any) -> Any:
        return getattr(import_module(self.module), self.name)(*args, **named)


def later(module: str, *names: str) -> dict[str, Later]:
    """Functions of a module by their names."""
    return {name: Later(module, name) for name in names}
