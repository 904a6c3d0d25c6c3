"""How a damaged file of ours is replaced: what can be read is saved, the rest is moved aside."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

from core.errors import StateError
from storage.files.migration import Refusal, Schema
from storage.files.salvage import salvage
from storage.files.suspected_damage import identity


def replace_damaged(path: Path, refusal: Refusal, schema: Schema, now: float) -> str:
    """Moves a file aside that cannot be used; what was saved from it lies at `salvaged_of(path)`.

    Args:
        now: epoch seconds.

    Returns:
        What happened, for people.

    Raises:
        StateError: the file system does not let us.
    """
    saved: dict[str, int] = {}
    if refusal.suffix == "corrupt" and schema.saved:
        part = beside(salvaged_of(path), "-part")
        saved = salvage(path, part, schema)
        if saved:
            part.replace(salvaged_of(path))
    moved = set_aside(path, refusal.suffix, now)
    rest = ", ".join(f"{count} {word}" for word, count in saved.items())
    return (
        f"{path} {refusal.why}: it was moved to {moved.name} and started anew"
        f"{f', with {rest} saved from it' if rest else ''}. {schema.remedy}"
    )


def salvaged_of(path: Path) -> Path:
    """Where lies what was saved of a file, until it takes the file's place."""
    return beside(path, ".salvaged")


def set_aside(path: Path, suffix: str, now: float) -> Path:
    """Renames `path`, with SQLite's own files beside it, to `<name>.<suffix>-<UTC time>`.

    Raises:
        StateError: the file system does not let us.
    """
    stamp = datetime.fromtimestamp(now, timezone.utc).strftime("%Y%m%d-%H%M%S")
    target = beside(path, f".{suffix}-{stamp}")
    number = 1
    while target.exists():
        number += 1
        target = beside(path, f".{suffix}-{stamp}-{number}")
    tails = {tail: identity(beside(path, tail)) for tail in ("-wal", "-shm", "-journal")}
    try:
        path.rename(target)
        # Only now: SQLite drops a -wal that lies beside an empty file, so a kill between these
        # renames leaves nothing that a fresh file could mistake for its own. And only those that
        # were there: another opener may have made a fresh file by now, with others beside it.
        for tail, known in tails.items():
            if known is not None and identity(beside(path, tail)) == known:
                beside(path, tail).rename(beside(target, tail))
    except OSError as error:
        raise StateError(
            f"{path} cannot be used and could not be moved aside ({error}). Move it away by hand."
        ) from error
    return target


def beside(path: Path, tail: str) -> Path:
    return path.with_name(path.name + tail)
