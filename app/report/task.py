"""The task that writes the report of the last reconcile."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from app import arguments
from app.directories import code_dir, version_of
from app.report.files import FOLDER, NOTHING_YET, write_report
from app.report.model import read_report
from app.wiring import Context
from core.errors import ConfigError

log = logging.getLogger(__name__)


def report(context: Context) -> dict[str, Any]:
    """Write a web page, JSON and CSV into `reports` of the data folder, or the argument `folder`.

    Raises:
        ConfigError: there was no whole reconcile yet.
        StateError: what is known cannot be read, or the files cannot be written.
    """
    told = arguments.text(context.args, "folder")
    folder = Path(told).expanduser() if told else context.data_dir / FOLDER
    hides = context.settings.obfuscate_paths
    with context.open_page() as page:
        made = read_report(page, context.clock(), version_of(code_dir()), hides_names=hides)
    if made is None:
        raise ConfigError(NOTHING_YET)
    files = write_report(made, folder)
    gaps, orphans = made.counts["gaps"], made.counts["orphans"]
    log.info("%d gaps and %d Plex items without a scene are in %s", gaps, orphans, files["html"])
    return {"folder": str(folder), "files": files, **made.counts, "as_of": made.as_of}
