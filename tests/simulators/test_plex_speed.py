"""Large libraries on the simulated Plex server: it must never be what a measurement waits for."""

from __future__ import annotations

import time
from statistics import median

from simulators.plex_process import PlexProcess
from simulators.plex_seeds import plex_item, plex_section, plex_seed
from tests.simulators.plex_http import PlexHttp

ITEMS = 5_000
PAGE = "/library/sections/1/all?type=1&sort=addedAt%3Aasc&X-Plex-Container-Size=500"


def test_a_page_of_500_costs_milliseconds_once_rendered() -> None:
    seed = plex_seed(plex_section([plex_item(key) for key in range(1, ITEMS + 1)]))
    with PlexProcess(seed) as process, PlexHttp(process) as plex:
        starts = range(0, ITEMS, 500)
        keys = [
            key for start in starts for key in plex.keys(f"{PAGE}&X-Plex-Container-Start={start}")
        ]
        assert keys == list(range(1, ITEMS + 1))
        plain: dict[str, str | None] = {"Accept-Encoding": "identity"}
        spent = []
        for start in starts:
            # An edit in between costs one item, not the order or the page.
            assert plex.edit(start + 1, **{"title.value": "New"}) == 200
            begun = time.perf_counter()
            plex.ask("GET", f"{PAGE}&X-Plex-Container-Start={start}", plain)
            spent.append(time.perf_counter() - begun)
    assert median(spent) < 0.030
