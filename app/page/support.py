"""What somebody who helps needs to know, in one text without secrets."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

from app.directories import version_of
from app.page.context import PageContext
from app.page.headline import headline
from app.page.runs import page_row
from app.page.snapshot import PageSnapshot, snapshot
from core.redaction import Redactor
from core.timestamps import rfc3339
from storage.state_tables.outages import NAMES

RUNS = 20


def page_support(context: PageContext) -> dict[str, Any]:
    """Versions, settings, how things stand, the last runs and the lines of the log.

    With the setting `obfuscate_paths` paths and names are hidden, also in lines from before.
    """
    known = snapshot(context, with_points=False)
    text = "\n".join([*_head(context, known), "", *_runs(context, known), "", *_log(context), ""])
    hides_names = bool(known.settings.get("obfuscate_paths"))
    return {"text": Redactor(hides_names=hides_names).clean(text)}


def _head(context: PageContext, known: PageSnapshot) -> Iterator[str]:
    import platform  # which no other read needs

    yield f"Stash2Plex {version_of(context.plugin_dir)}, {rfc3339(known.now)}"
    python = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    yield f"{python}, {platform.platform()}"
    yield ""
    yield headline(known)[0]
    yield (
        f"scenes {known.scenes}, in step {known.in_step}, gaps {known.gaps}, jobs {known.waiting}, "
        f"changes {known.edits_waiting}, held {known.held}, given up {known.dead_letters}"
    )
    for kind, count in sorted(known.by_type.items()):
        yield f"  {kind}: {count}"
    for service, name in NAMES.items():
        since = known.away_since(service)
        yield f"{name}: " + ("no outage" if since is None else f"away since {rfc3339(since)}")
    yield ""
    yield "Settings, as the last task read them:"
    public: Any = known.settings.get("public") or {}
    for key, value in sorted(public.items()):
        yield f"  {key}: {json.dumps(value, ensure_ascii=False)}"


def _runs(context: PageContext, known: PageSnapshot) -> Iterator[str]:
    yield "Last runs:"
    with context.open_state() as state:
        runs = state.runs.latest(limit=RUNS)
    for run in runs:
        row = page_row(run, is_busy=known.running is not None)
        yield f"  {rfc3339(run.started_at)} {row['title']}, {row['status']}: {row['text']}"


def _log(context: PageContext) -> Iterator[str]:
    yield "Log, newest last:"
    with context.open_page() as page:
        lines = page.log.newest()
    for line in reversed(lines):
        yield f"  {rfc3339(line.at)} {line.task} {line.level}: {line.text}"
