"""The Plex token in a file of its own: Stash's settings can be read by all who can log in there."""

from __future__ import annotations

from pathlib import Path

from core.errors import StateError
from storage.files import data_folder
from storage.files.whole_file import write_whole

TOKEN_FILE = "plex_token"  # noqa: S105 - the name of a file
_LONGEST = 1024  # bytes; Plex's have 20 to some hundred


class TokenFile:
    """A file in the data folder that only its owner can read.

    Args:
        data_dir: made if it is missing, once something is written.
    """

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / TOKEN_FILE

    def read(self) -> str:
        """The token; "" where there is none, or none that can be read."""
        try:
            content = self._path.read_bytes()[:_LONGEST].decode("ascii")
        except (OSError, UnicodeDecodeError):
            return ""
        return content.strip()

    def write(self, token: str) -> None:
        """Keep a token in the place of the one before, all of it or nothing.

        Raises:
            StateError: it cannot be written.
        """
        data_folder.ready(self._path.parent)
        try:
            write_whole(self._path, [token], durable=True)
        except OSError as error:
            raise StateError(f"The Plex token cannot be kept in {self._path}: {error}") from error

    def forget(self) -> None:
        """Remove the token."""
        self._path.unlink(missing_ok=True)
