"""A library that each test finds as it was generated, to be synced and undone."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.tasks.undo import undo_last_run
from simulators.library.generate import generate
from tests.acceptance.conftest import Open
from tests.acceptance.site import Site

CASES = (
    *("empty_no_agent", "empty_agent", "drift_title", "drift_studio", "extra_genre"),
    *("cleared_lists", "cleared_details", "in_sync", "two_sections"),
)
SCENES = 2 * len(CASES)


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(generate(SCENES, seed=8, only=CASES, cover_share=0.5))


@pytest.fixture
def site(library: Site, data: Path) -> Iterator[Site]:
    """The library as it was generated, never synced, pictures and all."""
    library.forget(data)
    library.both.plex.load(library.both.seed)
    use(library)
    yield library
    library.behind("import_scenes", scenes=library.both.seed["stash"]["scenes"])


def use(site: Site, **settings: Any) -> None:
    site.use(
        **{
            "first_sync": "mirror",
            "max_clear_percent": 100,
            "sync_poster": True,
            "sync_background": True,
            "sync_collection": True,
            **settings,
        }
    )


def sync(site: Site) -> dict[str, Any]:
    site.reconcile()
    drained = site.drain()
    assert drained["failed"] == 0
    return drained


def undo(site: Site, **args: object) -> dict[str, Any]:
    with site.context() as context:
        return undo_last_run(dataclasses.replace(context, args=args))
