"""Sends a message to see whether it arrives, before somebody relies on it."""

from __future__ import annotations

from typing import Any

from app import arguments
from app.notifications.notify import Send
from app.notifications.sending import NotSent, send
from app.wiring import Context
from core import setting_values as kinds
from core.change_words import closed
from core.errors import ConfigError
from core.notification_texts import TEST
from core.setting_values import BadValueError


def try_notification(context: Context, send: Send = send) -> dict[str, Any]:
    """Send one to each address of `notify_url`, or of the settings where none is given.

    Raises:
        ConfigError: there is no address, or what is given is none.
    """
    told = arguments.text(context.args, "notify_url")
    try:
        addresses = kinds.addresses(told) if told else context.settings.notify_url
    except BadValueError as allowed:
        raise ConfigError(f"Nothing was sent; allowed: {allowed}.") from None
    if not addresses:
        raise ConfigError("Enter an address first.")
    failed = list[str]()
    for address in addresses:
        try:
            send(TEST, address)
        except NotSent as error:
            failed.append(closed(str(error)[:1].upper() + str(error)[1:]))
    arrived = len(addresses) - len(failed)
    sent = "A message was sent" + (f" to {arrived} addresses." if arrived > 1 else ".")
    return {"ok": not failed, "text": " ".join([*([sent] if arrived else []), *failed])}
