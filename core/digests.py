"""Short digests of what two servers say, to tell an unchanged scene or item from a changed one.

They live in our own store only, and may come out otherwise after an update: then everything is
looked at once more.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

SIZE = 16  # bytes


def digest(parts: Iterable[bytes]) -> bytes:
    """A digest of parts in their order."""
    return blake2b(b"\x00".join(parts), digest_size=SIZE).digest()


def digest_of(value: tuple[Any, ...] | list[Any] | dict[str, Any]) -> bytes:
    """A digest of plain data: texts, numbers, None, and tuples, lists and dicts of them.

    Equal dicts in another order are taken for different ones.
    """
    # Version 2 is the last that writes equal values equally: later ones note who shares what.
    return blake2b(marshal.dumps(value, 2), digest_size=SIZE).digest()
