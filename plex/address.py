"""Where a Plex Media Server is, and how to reach it."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from core.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Address:
    """Where Plex is and how long to wait for it, in seconds. `repr` has no token.

    Attributes:
        verify_tls: whether its certificate is checked, or the file of the authorities that count.
    """

    url: str
    token: str = field(repr=False)
    connect_timeout: float = 5
    read_timeout: float = 30
    verify_tls: bool | str = True

    def __post_init__(self) -> None:
        """Raises ConfigError for an address or token that can never work."""
        try:
            parts = urlsplit(self.url)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname)
            _ = parts.port
        except ValueError:
            usable = False
        if not usable or parts.query or parts.fragment:
            raise ConfigError("plex_url must look like http://192.168.1.5:32400")
        if not self.token.isascii() or not self.token.isprintable():
            raise ConfigError("plex_token has characters that no Plex token has; copy it again")

    @property
    def credentials(self) -> dict[str, str]:
        """The header for a proxy that asks for the user name and password of the address."""
        parts = urlsplit(self.url)
        if not parts.username:
            return {}
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}

    @property
    def shown(self) -> str:
        """The address for people: without path, user name or password."""
        parts = urlsplit(self.url)
        host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else str(parts.hostname)
        return f"{parts.scheme}://{host}{'' if parts.port is None else f':{parts.port}'}"
