"""The servers are started as for the acceptance tests."""

from __future__ import annotations

from tests.acceptance.conftest import data, open_site, short_pauses, site, used

__all__ = ["data", "open_site", "short_pauses", "site", "used"]
