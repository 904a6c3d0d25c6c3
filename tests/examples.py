"""How many examples a law is tried with, where those of the profile are not the right number."""

from __future__ import annotations

from typing import Any

from hypothesis import settings


def examples(number: int, **more: Any) -> settings:
    """So many in the profile "thorough", in others in proportion; `more` is for `settings`."""
    thorough = 100
    return settings(max_examples=max(1, number * settings().max_examples // thorough), **more)
