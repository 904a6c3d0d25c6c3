"""The floor: what a bare client needs to fetch the same pages and decode them, and no more.

It asks with the product's own queries, one request after the other over one kept connection to
each server. Run with `-m` it is a process of its own, whose time begins after its imports.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parent.parent
PAGE = 500


@dataclass(frozen=True, slots=True)
class Floor:
    """What a bare client needs: seconds of wall time for each half, seconds of CPU time, requests,
    and the bytes of their answers."""

    stash: float
    plex: float
    cpu: float
    requests: int
    received: int

    @property
    def wall(self) -> float:
        return self.stash + self.plex


def floor(stash_url: str, plex_url: str, token: str, listings: Sequence[str]) -> Floor:
    """Measure once, in a process of its own.

    Args:
        listings: path and query of each page that the product has asked of Plex.
    """
    order = {"stash": stash_url, "plex": plex_url, "token": token, "listings": list(listings)}
    command = [sys.executable, "-m", "benchmarks.floor"]
    done = subprocess.run(
        command, input=json.dumps(order).encode(), stdout=subprocess.PIPE, cwd=ROOT, check=True
    )
    return Floor(**json.loads(done.stdout))


def fetch(order: Mapping[str, Any]) -> Floor:
    """Fetch everything once."""
    # Here, so that who only wants the numbers need not have the product on the path.
    from stash.queries import find_scenes_query, page_of, scenes_after

    query, pages, last, full = find_scenes_query(None), 0, 0, True
    received = 0
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Accept"] = "application/json"
        start, cpu = time.perf_counter(), time.process_time()
        while full:
            variables = {"filter": page_of(PAGE), "scene_filter": scenes_after(last, None)}
            body = {"query": query, "variables": variables}
            answer = session.post(f"{order['stash']}/graphql", json=body, timeout=120)
            scenes = json.loads(answer.content)["data"]["findScenes"]["scenes"]
            received += len(answer.content)
            pages, full = pages + 1, len(scenes) == PAGE
            last = int(scenes[-1]["id"]) if scenes else last
        halfway = time.perf_counter()
        session.headers["X-Plex-Token"] = order["token"]
        for listing in order["listings"]:
            answer = session.get(f"{order['plex']}{listing}", timeout=120)
            json.loads(answer.content)["MediaContainer"]
            received += len(answer.content)
        end, cpu = time.perf_counter(), time.process_time() - cpu
    requests_made = pages + len(order["listings"])
    return Floor(halfway - start, end - halfway, cpu, requests_made, received)


if __name__ == "__main__":
    given = json.load(sys.stdin)
    gc.collect()
    json.dump(asdict(fetch(given)), sys.stdout)
