"""The files of a report, each replaced as a whole."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from app.report.model import Report
from app.report.page import page_of
from core.errors import StateError
from storage.files.whole_file import write_whole

FOLDER = "reports"  # of the data folder
NOTHING_YET = (
    "There is nothing to report before the first reconcile: press 'Reconcile Library (All)', then "
    "ask for the report again."
)
NAMES: Mapping[str, str] = {
    "html": "stash2plex-report.html",
    "json": "stash2plex-report.json",
    "gaps_csv": "stash2plex-gaps.csv",
    "orphans_csv": "stash2plex-orphans.csv",
}
_GAPS = ("scene_id", "type", "title", "studio", "library", "path", "reason", "updated_at")
_ORPHANS = ("section", "library", "rating_key", "title", "path", "added_at")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what spreadsheets would compute


def write_report(report: Report, folder: Path) -> dict[str, str]:
    """Write all files of a report; their paths by kind.

    Raises:
        StateError: the folder cannot be made or written.
    """
    whole = {each.name: getattr(report, each.name) for each in fields(report)}
    made: dict[str, Iterable[str]] = {
        "html": page_of(report),
        "json": (json.dumps(whole, ensure_ascii=False), "\n"),
        "gaps_csv": _csv((*_GAPS, "items", "candidates"), map(_gap, _scenes(report))),
        "orphans_csv": _csv(_ORPHANS, ([row[n] for n in _ORPHANS] for row in report.orphans)),
    }
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for kind, parts in made.items():
            write_whole(folder / NAMES[kind], parts, 0o666)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise StateError(f"The report cannot be written to {folder}: {why}.") from error
    return {kind: str(folder / name) for kind, name in NAMES.items()}


def _scenes(report: Report) -> Iterator[Mapping[str, Any]]:
    yield from report.gaps
    yield from report.left_alone


def _gap(row: Mapping[str, Any]) -> Sequence[str]:
    items = "; ".join(f"{i['section']}:{i['rating_key']} {i['title']}" for i in row["items"])
    found = row["candidates"]
    candidates = "; ".join(f"{c['section']}:{c['rating_key']} {c['path']}" for c in found)
    return [*(row[name] for name in _GAPS), items, candidates]


def _csv(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    line = io.StringIO()
    writer = csv.writer(line)
    for row in (head, *rows):
        writer.writerow([f"'{each}" if each.startswith(_FORMULA) else each for each in row])
        yield line.getvalue()
        line.seek(0)
        line.truncate()
