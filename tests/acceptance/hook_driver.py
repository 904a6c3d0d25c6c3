"""A Stash that starts our hooks as processes, while tests start the task in their own time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.sync_changes.watermark import WATERMARK
from simulators.dumps import stash_seed
from simulators.library.oracle import differences
from simulators.seed import Seed
from tests.acceptance.always_on import install, switch_off
from tests.acceptance.site import Site
from tests.acceptance.sync_driver import SyncDriver
from tests.pool import Pool

DEAF = {"match": "runPluginTask", "action": "status", "status": 500, "times": -1}


class HookDriver(SyncDriver):
    """A driver whose events come from the hooks of a Stash that can be told to do things."""

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self._picked: dict[str, set[int]] = {}

    def pick(self, kind: str, least: int = 1) -> int:
        """The performer, studio or tag with the most scenes, of those that no test had yet."""
        shown = Counter(each for shown in self._shown(kind).values() for each in shown)
        had = self._picked.setdefault(kind, set())
        chosen = next(each for each, _ in shown.most_common() if each not in had)
        assert shown[chosen] >= least, f"too few scenes are left for a {kind}"
        had.add(chosen)
        return chosen

    def mutate(self, field: str, kind: str, **given: Any) -> Any:
        """Run a mutation that takes one input object, hooks and all; returns its `id` if any."""
        made = f"mutation($input: {kind}!) {{ {field}(input: $input) "
        selection = "" if field.endswith("Destroy") else "{ id } "
        return self.site.both.stash.graphql(made + selection + "}", {"input": given})[field]

    def rename(self, kind: str, num: int, name: str) -> None:
        """Rename a performer, studio or tag."""
        self.mutate(f"{kind}Update", f"{kind.capitalize()}UpdateInput", id=str(num), name=name)

    def destroy(self, kind: str, num: int, **given: Any) -> None:
        """Delete a performer, studio, tag or scene."""
        self.mutate(f"{kind}Destroy", f"{kind.capitalize()}DestroyInput", id=str(num), **given)

    def showing(self, kind: str, num: int) -> set[int]:
        """The scenes that have a performer, studio or tag."""
        return {scene for scene, shown in self._shown(kind).items() if num in shown}

    def _shown(self, kind: str) -> dict[int, list[int]]:
        rows = stash_seed(self.site.both.stash.state())["scenes"]
        if kind == "studio":
            return {row["id"]: [row["studio_id"]] if row["studio_id"] else [] for row in rows}
        return {
            row["id"]: row["performer_ids"] if kind == "performer" else row["tag_ids"]
            for row in rows
        }

    def sync_counted(self) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        """The task's figures, and what it has asked of Stash and of Plex."""
        both = self.site.both
        with self.site.state() as state:
            is_first = state.get_value(WATERMARK) is None
        self.site.reset_counters()
        both.plex.control("DELETE", "writes")
        figures = self.sync()
        asked = both.stash.counters()
        # What has changed without an event is asked for once in each task, and in the first one
        # whether processes note edits.
        asked["total"] -= 1 + is_first
        return figures, asked, both.plex.counters()

    def written(self) -> dict[str, int]:
        """How often each item was written to in the last `sync_counted`."""
        written: dict[str, int] = self.site.both.plex.control("GET", "writes")
        return written

    def items_of(self, scenes: Iterable[int]) -> set[str]:
        """The rating keys of the items that some scenes own."""
        return {item.partition(":")[2] for scene in scenes for item in self.site.items(scene)}

    def wrong(self, **rules: Any) -> list[str]:
        """Where Plex does not show what it must."""
        plex = self.site.both.plex.state()
        stash = self.site.both.stash.state()
        return differences(stash, self.site.truth, plex, plex, **rules)


@contextmanager
def hook_driver(pool: Pool, seed: Seed, folder: Path) -> Iterator[HookDriver]:
    """Both servers; hooks note, and Stash never starts the task that they ask for."""
    data = folder / "data"
    environment = {"STASH_PLUGIN_DATA": str(data)}
    with pool.both(seed, plugin_dir=install(folder), plugin_env=environment) as both:
        site = Site(both, data)
        site.use(first_sync="mirror", reconcile_interval="never")
        switch_off(site, "processes")
        both.stash.faults([DEAF])
        yield HookDriver(site)
