"""The report of the last reconcile, for a browser to keep."""

from __future__ import annotations

from typing import Any

from app.directories import version_of
from app.page.context import PageContext
from app.report.files import FOLDER, NAMES, NOTHING_YET
from app.report.model import read_report
from app.report.page import page_of
from core.errors import ConfigError
from storage.page.page_facts import LAST, SETTINGS

MOST = 20_000  # rows that a reply can hold


def page_report(context: PageContext) -> dict[str, Any]:
    """The report as one HTML file; without its text where that is too much for a reply: the task
    `report` writes it to the folder then. Raises ConfigError: there was no whole reconcile yet."""
    told = {"name": NAMES["html"], "folder": str(context.data_dir / FOLDER)}
    with context.open_page() as page:
        if not page.get_value(LAST):
            raise ConfigError(NOTHING_YET)
        if sum(page.findings.count_by_type().values()) + sum(page.orphans.count().values()) > MOST:
            return {**told, "page": ""}
        hides = bool(page.get_value(SETTINGS).get("obfuscate_paths"))
        version = version_of(context.plugin_dir)
        report = read_report(page, context.clock(), version, hides_names=hides)
    assert report is not None
    return {**told, "page": "".join(page_of(report))}
