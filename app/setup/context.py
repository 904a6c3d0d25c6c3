"""What it takes to connect: our files and Stash, whatever the settings are."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.own_files import OwnFiles
from app.setup.token import KEPT, SETTING
from stash.client import StashClient
from stash.connection import StashConnection
from stash.plugin_settings import change_plugin_settings

if TYPE_CHECKING:
    from plex.account import PlexAccount


def _account(client_id: str) -> PlexAccount:
    from plex.account import PlexAccount

    return PlexAccount(client_id)


@dataclass(frozen=True, slots=True)
class SetupContext(OwnFiles):
    """Our files, and the way to Stash.

    Attributes:
        plugin_id: the plugin's, in Stash.
        args: of the operation.
        account: makes the account at plex.tv for the id of this installation.
    """

    plugin_id: str
    data_dir: Path
    args: Mapping[str, Any]
    connection: StashConnection
    clock: Callable[[], float] = time.time
    account: Callable[[str], PlexAccount] = _account
    env: Mapping[str, str] = field(default_factory=dict)

    @contextlib.contextmanager
    def open_stash(self) -> Iterator[StashClient]:
        """A client of Stash, closed at the end."""
        with contextlib.closing(StashClient(self.connection)) as stash:
            yield stash

    def use_token(self) -> None:
        """Say in Stash's settings that the token rests in its file.

        Raises:
            StashError: Stash does not answer, or does not take it.
        """
        with self.open_stash() as stash:
            change_plugin_settings(stash, self.plugin_id, {SETTING: KEPT})
