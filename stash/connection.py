"""Where Stash listens and how we may enter: read from the plugin input, never guessed twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from core.errors import ConfigError, ProtocolError
from core.setting_values import is_host

DEFAULT_PORT = 9999
# Stash tells the address that it is bound to, and these mean "all of them". 127.0.0.1 and not
# localhost: with an IPv4-only bind the name resolves to ::1 first and fails.
_EVERYWHERE = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - compared, never bound


@dataclass(frozen=True, slots=True)
class StashConnection:
    """How to reach one Stash. The secrets are left out of `repr`.

    Attributes:
        scheme: "http" or "https".
        host: name or address; IPv6 without brackets.
        prefix: path below which Stash is served ("" or "/stash"), only from `STASH_URL`.
        cookie_name, cookie: the session cookie; None where Stash gave none.
        api_key: from `STASH_API_KEY`; None where not given.
        verify_tls: whether https needs a trusted certificate. Stash makes its own certificate, for
            another name than the loopback address, so on the machine that the plugin itself runs
            on (everything Stash tells us, and loopback addresses) it is not verified. A
            `STASH_URL` that names another machine is verified.
    """

    scheme: str
    host: str
    port: int
    prefix: str = ""
    cookie_name: str = "session"
    cookie: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)
    verify_tls: bool = False

    @property
    def base_url(self) -> str:
        """Scheme, host, port and prefix, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.prefix}"

    @classmethod
    def from_plugin_input(
        cls, server_connection: Mapping[str, object], env: Mapping[str, str]
    ) -> StashConnection:
        """The connection that Stash's `server_connection` describes, with overrides from `env`.

        Raises:
            ProtocolError: `server_connection` holds no usable scheme or port.
            ConfigError: `STASH_URL` or `STASH_API_KEY` cannot be used.
        """
        name, cookie = _session_cookie(server_connection.get("SessionCookie"))
        api_key = env.get("STASH_API_KEY", "").strip()
        if not _is_header_safe(api_key):
            raise ConfigError(
                "STASH_API_KEY has characters that no key has; copy it again from Stash"
            )
        url = env.get("STASH_URL", "").strip()
        if url:
            scheme, host, port, prefix = _parse_url(url)
        else:
            scheme, host, port, prefix = _parse_input(server_connection)
        return cls(
            scheme=scheme,
            host=host,
            port=port,
            prefix=prefix,
            cookie_name=name,
            cookie=cookie,
            api_key=api_key or None,
            verify_tls=bool(url) and scheme == "https" and not _is_loopback(host),
        )


def _parse_input(raw: Mapping[str, object]) -> tuple[str, str, int, str]:
    scheme = str(raw.get("Scheme") or "http").lower()
    if scheme not in ("http", "https"):
        raise ProtocolError(f"Stash named the scheme {scheme!r}; http and https are known")
    port = raw.get("Port")
    if port is None:
        port = DEFAULT_PORT
    if isinstance(port, str) and port.isdecimal():
        port = int(port)
    if isinstance(port, bool) or not isinstance(port, int) or not 0 < port < 65536:
        raise ProtocolError(f"Stash named the port {port!r}; a number from 1 to 65535 is needed")
    host = _reachable(str(raw.get("Host") or ""))
    if not is_host(host):
        raise ProtocolError("Stash named a host that cannot be one; set STASH_URL")
    return scheme, host, port, ""


def _parse_url(url: str) -> tuple[str, str, int, str]:
    """Scheme, host, port and prefix of `STASH_URL`; its text is never quoted, it may hold a key."""
    problem = "STASH_URL must look like http://host:9999 or https://host/stash"
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        port = parts.port
    except ValueError:
        raise ConfigError(problem) from None
    if parts.scheme not in ("http", "https") or not is_host(parts.hostname):
        raise ConfigError(problem)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigError(f"{problem}, without user, query or fragment (use STASH_API_KEY)")
    prefix = parts.path.rstrip("/").removesuffix("/graphql")
    return (
        parts.scheme,
        _reachable(str(parts.hostname)),
        port or _default_port(parts.scheme, url),
        prefix,
    )


def _default_port(scheme: str, url: str) -> int:
    """The scheme's own port for a whole URL; Stash's for a bare host name."""
    if "://" not in url:
        return DEFAULT_PORT
    return 443 if scheme == "https" else 80


def _reachable(host: str) -> str:
    bare = host.strip().removeprefix("[").removesuffix("]")
    return "127.0.0.1" if bare in _EVERYWHERE else bare


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _session_cookie(raw: object) -> tuple[str, str | None]:
    """Name and value of Go's `http.Cookie` as JSON; null where Stash could not make one."""
    if not isinstance(raw, Mapping):
        return "session", None
    name, value = raw.get("Name"), raw.get("Value")
    if not isinstance(value, str) or not value or not _is_header_safe(value):
        return "session", None
    named = isinstance(name, str) and name and _is_header_safe(name)
    return (str(name) if named else "session"), value


def _is_header_safe(text: str) -> bool:
    return text.isascii() and text.isprintable()
