"""What to tell of something that went wrong in an unknown way."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from shell import logs, protocol

BUG = "This is a bug in Stash2Plex; please report it with the log lines above this one."
MISSING = (
    "Install the plugin from its release zip, which brings the modules that it needs; or, in a "
    "checkout: python3 -m pip install --target vendor -r requirements.txt"
)

NO_THREAD = "can't start new thread"
MORE = (
    "The system lets this plugin have no more memory or threads: raise that limit (ulimit -v, -u;"
    " LimitAS, TasksMax of systemd; --memory, --pids-limit of Docker) where Stash is started."
    " What the task had in hand waits for the next one."
)


def explained(error: BaseException, frames: protocol.Frames, folder: str) -> str:
    """A sentence for the user; the log has more, but where it would be no use.

    Args:
        folder: where the code lies.
    """
    if strange := strange_files(Path(folder)):
        return (
            f"Files of Stash2Plex are missing or of another version, like {strange[0]}. Stash may "
            "be updating it just now: try again in a minute. If it stays so, install it again: "
            "Settings > Plugins > Available Plugins."
        )
    frames.log(protocol.ERROR, logs.where_from())
    if isinstance(error, MemoryError) or NO_THREAD in str(error):
        return f"{str(error) or 'There is no memory left'}. {MORE}"
    advice = MISSING if isinstance(error, ModuleNotFoundError) else BUG
    return f"{type(error).__name__}: {error}. {advice}"


def strange_files(folder: Path) -> list[str]:
    """The files that are not as the release brought them; none in a checkout, which lists none.

    Stash replaces the files one by one when it updates a plugin, while hooks and operations run.
    """
    if (folder / "pyproject.toml").exists():
        return []
    try:
        listed = json.loads((folder / "contents.json").read_bytes())["files"]
    except (OSError, ValueError, KeyError):
        return ["contents.json"]
    return [name for name, digest in listed.items() if _digest(folder / name) != digest]


def _digest(path: Path) -> str:
    try:
        return digest(path.read_bytes())
    except OSError:
        return ""


def digest(content: bytes) -> str:
    """Tells one version of a file from another."""
    return hashlib.sha256(content).hexdigest()[:16]
