"""A process that was started without stdin, stdout or stderr.

Whatever it opens first would get their numbers: what is meant for a reader of its log or its reply
would go into a file or to a server.
"""

from __future__ import annotations

import os
import sys


def reopen() -> None:
    """Have the closed ones lead nowhere."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
                os.close(null)
            setattr(sys, name, open(number, "w" if number else "r", encoding="utf-8"))  # noqa: SIM115, PTH123
