"""Settings for tests, read as the product reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.settings import Settings, read_settings


def parse_settings(raw: Mapping[str, Any], env: Mapping[str, str]) -> Settings:
    """Settings that have to make sense.

    Raises:
        ConfigError: they do not; the text lists all faults.
    """
    read = read_settings(raw, env)
    read.complain()
    return read.settings
