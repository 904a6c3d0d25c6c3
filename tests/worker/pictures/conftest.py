"""The servers and the syncer that the tests of images share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulators.launch import PlexHandle
from tests.contract.servers import Simulated, scene, seed_of
from tests.plex_seeds import plex_item, plex_section, plex_seed
from tests.pool import Pool
from tests.worker.pictures.picture_site import PictureSite


@pytest.fixture(scope="module")
def stash(pool: Pool) -> Iterator[Simulated]:
    with pool.stash(seed_of(scenes=[scene(1, cover="cover"), scene(2)])) as server:
        yield server


@pytest.fixture
def site(stash: Simulated, process: PlexHandle) -> Iterator[PictureSite]:
    sections = [plex_section([plex_item(n)], key=n, title=f"Scenes {n}") for n in (1, 2)]
    process.load(plex_seed(*sections))
    made = PictureSite(stash, process)
    made.cover("cover")
    made.cover(None, 2)
    stash.faults([])
    yield made
    made.close()
