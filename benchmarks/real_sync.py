"""A first sync of all that a real Stash has, into a simulated Plex that knows nothing but files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.performance_page import REAL_SYNC
from benchmarks.result_tables import Sheet, figure, in_markdown
from benchmarks.simulated_servers import PLUGIN, BenchmarkError, started
from core.models import Scene
from simulators.launch import PlexHandle, ServerProcess
from simulators.seed import PlexItem, bare_item
from stash.client import StashClient
from stash.scenes import iter_scene_pages, plugin_settings, query_data, stash_version

TOKEN = "simulated-plex-token"
FIRST_KEY = 50_000
CAME_AT = 1_700_000_000  # epoch seconds
# Before this part was begun, a drain of 19,200 items took 93 s of CPU.
MOST_CPU = 93 / 19_200 / 2  # seconds for each item
CONFIGURE = "mutation ($p: ID!, $i: Map!) { configurePlugin(plugin_id: $p, input: $i) }"


def first_sync(stash: StashClient, url: str) -> str:
    """What the first reconcile and the drain after it cost: the section, as Markdown.

    The plugin's settings in that Stash are others meanwhile.

    Raises:
        BenchmarkError: a task failed.
    """
    items = [item for page in iter_scene_pages(stash) for item in map(_item, page) if item]
    rows = []
    with (
        TemporaryDirectory() as folder,
        _plex(items, Path(folder)) as plex,
        _settings(stash, plex.url),
    ):
        data = Path(folder) / "data"
        data.mkdir()
        for mode in ("all", "process_queue"):
            plex.reset()
            usage = started(url, data, plex.token, {"mode": mode})
            if usage.status or "error" in json.loads(usage.stdout):
                raise BenchmarkError(f"{mode}: {usage.stdout} {usage.stderr}")
            counted = plex.counters()
            each = figure(1000 * usage.cpu / len(items), "ms")
            cost = (figure(usage.wall, "s"), figure(usage.cpu, "s"), each)
            rows.append((mode, *cost, f"{counted['writes']:,}", f"{counted['reads']:,}"))
    columns = ("task", ">wall", ">CPU", ">CPU for each item", ">writes", ">reads")
    sheet = Sheet(f"{len(items):,} items that show nothing yet", columns, tuple(rows))
    return (
        f"{REAL_SYNC}\nMade by `python -m benchmarks.real_stash URL --sync --write` with Stash"
        f" {stash_version(stash)} and a simulated Plex on the same machine; pictures are switched"
        f" off. Of *process_queue* at most {1000 * MOST_CPU:.2f} ms of CPU are wanted for each"
        f" item, half of what it cost once.\n\n{in_markdown([sheet])}"
    )


def _item(scene: Scene) -> PlexItem | None:
    if not scene.files:
        return None
    file = scene.files[0]
    media: Any = [
        [{"file": file.path, "size": file.size, "duration": 1000, "deleted_at": None}],
    ]
    title, key = PurePosixPath(file.path).stem, FIRST_KEY + scene.id
    return bare_item(key, f"com.plexapp.agents.none://{key}?lang=xn", title, media, CAME_AT)


@contextmanager
def _plex(items: list[PlexItem], folder: Path) -> Iterator[PlexHandle]:
    locations = {str(PurePosixPath(*PurePosixPath(_file(item)).parts[:3])) for item in items}
    section = {
        "key": 1,
        "title": "Videos",
        "type": "movie",
        "agent": "com.plexapp.agents.none",
        "scanner": "Plex Video Files Scanner",
        "locations": sorted(locations),
        "items": items,
    }
    seed = {
        "version": "1.43.0.10492-abcdef012",
        "machine_identifier": "0123456789abcdef",
        "friendly_name": "Plex",
        "sections": [section],
        "unscanned": [],
    }
    file = folder / "seed.json"
    file.write_text(json.dumps(seed), encoding="utf-8")
    with (folder / "plex.txt").open("w+", encoding="utf-8") as messages:
        arguments = ["--seed", str(file), "--token", TOKEN]
        process = ServerProcess("simulators.plex.server", arguments, messages)
        try:
            handle = PlexHandle(process.ready(300), TOKEN)
            yield handle
            handle.close()
        finally:
            process.stop()


def _file(item: PlexItem) -> str:
    return item["media"][0][0]["file"]


@contextmanager
def _settings(stash: StashClient, plex_url: str) -> Iterator[None]:
    before, _key = plugin_settings(stash, PLUGIN)
    ours = {
        "plex_url": plex_url,
        "first_sync": "mirror",
        "max_clear_percent": 100,
        "sync_poster": False,
        "sync_background": False,
    }
    try:
        query_data(stash, CONFIGURE, {"p": PLUGIN, "i": ours})
        yield
    finally:
        query_data(stash, CONFIGURE, {"p": PLUGIN, "i": before})
