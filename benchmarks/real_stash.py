"""What reading its scenes costs a real Stash, and how much of that a repeated reconcile spares.

    python -m benchmarks.real_stash http://127.0.0.1:9999 [--sync] [--write]

It reads only. STASH_API_KEY is the key, where Stash has a password. With `--sync` a first sync of
all its scenes into a simulated Plex is measured instead: of a Stash on this machine, without a
password, in which the plugin's settings are others meanwhile. With `--write` the tables take the
place of those in docs/performance.md, under a heading of their own.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from benchmarks.meter import ROOT
from benchmarks.performance_page import REAL_STASH, REAL_SYNC, replace_part
from benchmarks.real_sync import first_sync
from benchmarks.result_tables import Sheet, figure, in_markdown
from core.records import Record
from reconciliation.scene_source import SceneSource
from stash.client import StashClient
from stash.connection import StashConnection
from stash.queries import SCENE_FRAGMENT
from stash.scalars import PAGE
from stash.scenes import count_scenes, iter_unread_pages, stash_version
from storage.scene_reads import SETTLES, SceneReads
from storage.state import State
from storage.state_tables.verdicts import Verdict

PAGE_FILE = ROOT / "docs" / "performance.md"
ROUNDS = 3
WHOLE_PAGE = 500
FIELDS = (
    ("id updated_at", PAGE),
    ("id updated_at organized", PAGE),
    ("id updated_at title date rating100 code director organized created_at", PAGE),
    ("id updated_at studio { id }", PAGE),
    ("id updated_at paths { vtt }", PAGE),
    ("id updated_at files { path size duration }", PAGE),
)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.real_stash", description=__doc__)
    parser.add_argument("url", help="Stash's address")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    parser.add_argument("--sync", action="store_true", help="measure a first sync instead")
    chosen = parser.parse_args(arguments)
    with closing(_client(chosen.url)) as stash:
        told = first_sync(stash, chosen.url) if chosen.sync else measure(stash)
    sys.stdout.write(told)
    if chosen.write:
        replace_part(PAGE_FILE, REAL_SYNC if chosen.sync else REAL_STASH, told)
    return 0


def measure(stash: StashClient) -> str:
    """The section, as Markdown."""
    scenes, whole = count_scenes(stash), "all that is read of a scene"
    costs = [(fields, _median(_listing(stash, fields, size))) for fields, size in FIELDS]
    bare = _median(_listing(stash, SCENE_FRAGMENT, WHOLE_PAGE), rounds=1)
    rows = [(f"`{fields}`", figure(cost, "s"), f"{cost / bare:.3f}") for fields, cost in costs]
    rows.append((whole, figure(bare, "s"), "1"))
    fields = Sheet(
        f"What fields of {scenes:,} scenes cost", ("fields", ">time", ">times"), (*rows,)
    )
    return (
        f"{REAL_STASH}\nMade by `python -m benchmarks.real_stash URL --write` with Stash"
        f" {stash_version(stash)} on the same machine. *times*: in those of a bare client that"
        f" fetches {whole}, {WHOLE_PAGE} scenes in each request, and decodes it. The half of a"
        " reconcile that Plex has is not in these figures. A scene's own row costs Stash next to"
        " nothing, its files, tags and performers cost it several queries: so the first reconcile"
        " takes as long as Stash needs to tell of all its scenes, and later ones a small part of"
        " that.\n\n"
        f"{in_markdown([fields, _passes(stash, scenes, bare)])}"
    )


def _passes(stash: StashClient, scenes: int, bare: float) -> Sheet:
    now = [time.time()]
    rows = []
    with (
        TemporaryDirectory() as folder,
        State(Path(folder), print) as state,
        SceneReads(Path(folder), print) as reads,
    ):
        pages = iter_unread_pages(stash, page_size=PAGE, fields="id")
        ids = [scene.id for page in pages for scene in page]
        state.records.save_many([Record(i, 1.0, "", (), None, (), (), ()) for i in ids])
        state.verdicts.save({i: Verdict(b"", ()) for i in ids}, ())
        for name in ("a full pass", "again, once Stash's times have settled", "again"):
            source = SceneSource(stash, reads, state, lambda: now[0], full=name == "a full pass")
            asked, start = stash.requests_made, time.perf_counter()
            for _page in source.pages(scenes):
                pass
            wall = time.perf_counter() - start
            source.complain()
            figures = (f"{stash.requests_made - asked:,}", f"{source.read_whole:,}")
            rows.append((name, *figures, figure(wall, "s"), f"{wall / bare:.3f}"))
            now[0] += SETTLES
    columns = ("pass", ">requests", ">read whole", ">time", ">times")
    return Sheet(f"{scenes:,} scenes, all of them in order", columns, tuple(rows))


def _listing(stash: StashClient, fields: str, size: int) -> Callable[[], None]:
    def fetch() -> None:
        for _page in iter_unread_pages(stash, page_size=size, fields=fields, expected=0):
            pass

    return fetch


def _median(act: Callable[[], None], rounds: int = ROUNDS) -> float:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        act()
        times.append(time.perf_counter() - start)
    return median(times)


def _client(url: str) -> StashClient:
    address = urlsplit(url)
    port = address.port or (443 if address.scheme == "https" else 80)
    key = os.environ.get("STASH_API_KEY") or None
    return StashClient(
        StashConnection(address.scheme, address.hostname or "127.0.0.1", port, api_key=key)
    )


if __name__ == "__main__":
    sys.exit(main())
