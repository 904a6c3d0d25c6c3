"""A file that takes the place of another as a whole."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def write_whole(
    path: Path, parts: Iterable[str], mode: int = 0o600, *, durable: bool = False
) -> None:
    """Puts a text in the place of what a file has, so that nobody ever reads a half of it.

    Args:
        mode: the file's rights, from its first byte on.
        durable: it is on the disk when this returns.

    Raises:
        OSError: it cannot be written.
    """
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        number = os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, mode)
        with os.fdopen(number, "w", encoding="utf-8", errors="replace", newline="") as file:
            file.writelines(parts)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
