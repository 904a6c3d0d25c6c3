"""A section that is not listed again is known as well as one that is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.models import ItemRef, ListedItem, Section
from plex import section_reuse
from plex.cache import PlexCache
from plex.client import PlexClient
from plex.library import list_snapshot, synced_libraries
from plex.listing import ListPage
from plex.section_reuse import SectionReuse
from simulators.launch import RefusedError
from storage.plex_index.saved_index import INDEX_FILE
from tests.acceptance.conftest import Open, open_site
from tests.acceptance.site import TOKEN, Site
from tests.acceptance.small_library import FILMS, MOMENT, OTHER, SmallLibrary, part, plex_item
from tests.examples import examples
from tests.stored import sql

__all__ = ["open_site"]

KEYS = [str(key) for key in range(101, 121)]


def library() -> SmallLibrary:
    made = SmallLibrary({FILMS: ["/films"], OTHER: ["/other"]})
    for place, key in enumerate(KEYS):
        section, folder = (FILMS, "films") if place < 14 else (OTHER, "other")
        item = made.item(section, int(key), part(f"/{folder}/{key}.mp4", int(key)))
        item["updated_at"] = MOMENT + place
    return made


SEED = library().seed()


@pytest.fixture(scope="module", autouse=True)
def _none_is_small() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(section_reuse, "SMALL", 0)
        yield


@pytest.fixture(scope="module")
def site(open_site: Open) -> Site:
    return open_site(SEED)


@pytest.fixture(scope="module")
def plex(site: Site) -> Iterator[PlexClient]:
    with contextlib.closing(PlexClient(site.both.plex.url, TOKEN)) as client:
        yield client


def look(plex: PlexClient, folder: Path | str, *, whole: bool) -> dict[ItemRef, ListedItem]:
    """All items of all sections after a look at Plex."""
    with PlexCache(folder) as cache:
        list_snapshot(plex, synced_libraries(plex, ()).there, cache, time(), whole=whole)
        return {each.ref: each for some in cache.claims().orphans("12", ()) for each in some}


def listed(site: Site, plex: PlexClient, folder: Path) -> list[str]:
    """The sections that a look lists whole."""
    site.both.plex.reset()
    look(plex, folder, whole=False)
    asked = [each["path"] for each in site.both.plex.counters()["log"]]
    whole = [p for p in asked if "/all?" in p and "updatedAt" not in p and "Size=0" not in p]
    return [path.split("/")[3] for path in whole]


@pytest.fixture
def known(site: Site, plex: PlexClient, tmp_path: Path) -> Path:
    """A folder with an index of both sections."""
    site.both.plex.load(SEED)
    look(plex, tmp_path, whole=True)
    return tmp_path


def edit(site: Site, key: str, title: str) -> None:
    site.hand_edit(key, title=title)


def add(site: Site, key: str, title: str) -> None:
    new = plex_item(900 + len(title), part(f"/films/{title}.mp4", 1))
    site.both.plex.control("POST", "items", {"section": FILMS, "item": {**new, "title": title}})


def drop(site: Site, key: str, title: str) -> None:
    site.drop_item(key)


def trash(site: Site, key: str, title: str) -> None:
    site.both.plex.control("POST", "trash", {"key": key})


def restore(site: Site, key: str, title: str) -> None:
    site.both.plex.control("POST", "trash", {"key": key, "deleted_at": None})


def swap(site: Site, key: str, title: str) -> None:
    """As many items as before, but others."""
    site.drop_item(key)
    add(site, key, title)


Act = Callable[[Site, str, str], None]
STEPS = st.tuples(
    st.sampled_from([edit, edit, edit, add, drop, trash, restore, swap]),
    st.sampled_from(KEYS),
    st.text("ab", min_size=1, max_size=3),
)


@examples(60)
@given(st.lists(st.lists(STEPS, max_size=4), min_size=1, max_size=5))
def test_whatever_happens_it_knows_what_a_whole_listing_knows(
    site: Site, plex: PlexClient, days: list[list[tuple[Act, str, str]]]
) -> None:
    site.both.plex.load(SEED)
    with TemporaryDirectory() as ours, TemporaryDirectory() as fresh:
        look(plex, ours, whole=True)
        for day in days:
            for act, key, title in day:
                with contextlib.suppress(RefusedError):  # an item that has gone before
                    act(site, key, title)
            assert look(plex, ours, whole=False) == look(plex, fresh, whole=True)


def test_what_stands_is_not_listed_again(site: Site, plex: PlexClient, known: Path) -> None:
    assert listed(site, plex, known) == []


def test_an_edit_is_read_alone(site: Site, plex: PlexClient, known: Path) -> None:
    site.hand_edit("103", title="By hand")

    assert listed(site, plex, known) == []

    assert look(plex, known, whole=False)[ItemRef("1", "103")].scalars[0] == "By hand"
    assert listed(site, plex, known) == []


@pytest.mark.parametrize("act", [add, drop, trash, swap])
def test_where_something_comes_or_goes_the_section_is_listed(
    site: Site, plex: PlexClient, known: Path, act: Act
) -> None:
    act(site, "105", "new")
    assert listed(site, plex, known) == ["1"]
    assert listed(site, plex, known) == []


def test_a_filter_that_is_not_understood_proves_nothing(
    site: Site, plex: PlexClient, known: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = plex.list_pages

    def ignored(section: Section, **asked: Any) -> Iterator[ListPage]:
        query = [(f"{name}=", value) for name, value in asked.pop("query", ())]
        return real(section, query=query, **asked)

    monkeypatch.setattr(plex, "list_pages", ignored)
    with PlexCache(known) as cache:
        section = plex.sections()[0]
        assert SectionReuse(plex, cache, time()).refresh(section) is None


def test_an_index_that_lost_an_item_is_not_believed(
    site: Site, plex: PlexClient, known: Path
) -> None:
    sql(known / INDEX_FILE, "DELETE FROM items WHERE key = '104'")
    assert listed(site, plex, known) == ["1"]


def test_another_server_is_not_taken_for_this_one(
    site: Site, plex: PlexClient, known: Path
) -> None:
    same = site.both.plex.url.replace("127.0.0.1", "localhost")
    with contextlib.closing(PlexClient(same, TOKEN)) as other:
        assert listed(site, other, known) == ["1", "2"]


def test_a_section_that_says_nothing_of_its_content_is_listed(
    site: Site, plex: PlexClient, known: Path
) -> None:
    (section, *_) = plex.sections()
    with PlexCache(known) as cache:
        reuse = SectionReuse(plex, cache, time())
        assert reuse.refresh(replace(section, content="")) is None
        assert reuse.refresh(section) == 14
