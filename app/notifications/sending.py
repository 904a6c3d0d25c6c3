"""Sends one message to one address: by Apprise where it knows the address, else as a webhook."""

from __future__ import annotations

import importlib
import importlib.util
import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from urllib3.util import make_headers

from core.errors import SyncError
from core.notification_texts import Notice
from transport.errors import TransportError
from transport.http import Http

CONNECT, SILENCE = 3.0, 5.0  # seconds
MOST = 64 * 1024  # bytes of an answer, which nobody reads
Load = Callable[[], Any]


class NotSent(SyncError):
    """A message did not arrive; the text says why, without the address, which may be a secret."""


def load_apprise() -> Any:
    """Apprise as a module; None where it is not installed."""
    if importlib.util.find_spec("apprise") is None:
        return None
    return importlib.import_module("apprise")


def send(notice: Notice, address: str, load: Load = load_apprise) -> None:
    """Send a message to an address. Raises NotSent: it did not arrive, as far as is known."""
    apprise = load()
    if apprise is not None and apprise.Apprise.instantiate(address) is not None:
        _by_apprise(apprise, notice, address)
    elif address.lower().startswith(("http://", "https://")):
        _by_webhook(notice, address)
    else:
        scheme = address.partition(":")[0]
        raise NotSent(f"a notification to {scheme}:// needs Apprise in Stash's Python")


def _by_apprise(apprise: Any, notice: Notice, address: str) -> None:
    sender = apprise.Apprise()
    sender.add(address)
    if not sender.notify(title=notice.title, body=notice.text):
        raise NotSent(f"Apprise could not send a notification to {_where(address)}")


def _by_webhook(notice: Notice, address: str) -> None:
    where = f"the notification to {_where(address)}"
    try:
        parts = urlsplit(address)
        target = f"?{parts.query}" if parts.query else ""
        headers = {
            "Content-Type": "application/json",
            **_credentials(parts),
        }
        base = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        with closing(Http(base, connect_timeout=CONNECT, pause=SILENCE)) as http:
            answer = http.send(
                "POST",
                (parts.path or "/") + target,
                headers=headers,
                limit=MOST,
                body=json.dumps(asdict(notice)).encode(),
            )
    except ValueError:
        raise NotSent(f"{where} was not sent: its address is none") from None
    except TransportError as error:
        raise NotSent(f"{where} was not sent: it {error}") from None
    if not 200 <= answer.status < 300:
        raise NotSent(f"{where} was not taken (HTTP {answer.status})")


def _credentials(parts: SplitResult) -> dict[str, str]:
    if parts.username is None:
        return {}
    told = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return dict(make_headers(basic_auth=told))


def _where(address: str) -> str:
    """The host, or the scheme of what has none that may be shown."""
    scheme, _, rest = address.partition("://")
    if scheme.lower() not in ("http", "https"):
        return f"{scheme}://"
    return rest.partition("/")[0].partition("?")[0].rpartition("@")[2]
