"""Two performers of one name in Stash are two in Plex, and what changes of it follows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.tasks.undo import undo_last_run
from tests.acceptance.conftest import Open
from tests.acceptance.site import Site, sync
from tests.acceptance.small_library import FILMS, SmallLibrary, part, restore

ANA, OTHER_ANA, KIM = 1, 2, 3
PEOPLE = ((ANA, "Ana Lind", ""), (OTHER_ANA, "Ana Lind", "cook"), (KIM, "Kim", "alone"))


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    films = SmallLibrary({FILMS: ["/films"]})
    for number, people in ((1, [ANA, KIM]), (2, [OTHER_ANA]), (3, [ANA, OTHER_ANA])):
        film = films.file(f"/films/{number}.mp4", 1000 + number)
        films.scene(number, film, performer_ids=people)
        films.item(FILMS, 100 + number, part(f"/films/{number}.mp4", 1000 + number))
    seed: Any = films.seed()
    seed["stash"]["performers"] = [
        {"id": number, "name": name, "disambiguation": more, "gender": None}
        for number, name, more in PEOPLE
    ]
    return open_site(seed)


@pytest.fixture
def site(library: Site, data: Path) -> Site:
    for number, name, more in PEOPLE:
        call(library, number, name=name, disambiguation=more)
    restore(library)
    library.forget(data)
    return library


def call(site: Site, number: int, **given: Any) -> None:
    mutation = "mutation($input: PerformerUpdateInput!) { performerUpdate(input: $input) { id } }"
    site.both.stash.graphql(mutation, {"input": {"id": str(number), **given}})


def actors(site: Site) -> list[list[str]]:
    keys = ("101", "102", "103")
    return [sorted(actor["tag"] for actor in site.item(key)["actor"]) for key in keys]


def test_namesakes_are_kept_apart_and_nobody_else_is_renamed(site: Site) -> None:
    assert sync(site) == 3
    assert actors(site) == [
        ["Ana Lind", "Kim"],
        ["Ana Lind (cook)"],
        ["Ana Lind", "Ana Lind (cook)"],
    ]
    site.reset_counters()
    assert sync(site) == 0
    assert site.writes() == 0
    site.do(undo_last_run)
    assert actors(site) == [[], [], []]


def test_a_namesake_that_comes_or_goes_renames(site: Site) -> None:
    call(site, ANA, name="Ana Berg")
    sync(site)
    assert actors(site)[1:] == [["Ana Lind"], ["Ana Berg", "Ana Lind"]]

    call(site, ANA, name="ANA LIND", disambiguation="actor")  # by Plex's measure the same name
    assert sync(site) == 3
    assert actors(site) == [
        ["ANA LIND (actor)", "Kim"],
        ["Ana Lind (cook)"],
        ["ANA LIND (actor)", "Ana Lind (cook)"],
    ]
    call(site, OTHER_ANA, disambiguation="chef")
    assert sync(site) == 2
    assert actors(site)[1] == ["Ana Lind (chef)"]


def test_only_who_sees_every_scene_asks_anew(site: Site) -> None:
    sync(site)
    call(site, OTHER_ANA, disambiguation="chef")

    site.run("reconcile_recent")
    site.drain()
    assert actors(site)[1] == ["Ana Lind (cook)"]
    assert sync(site) == 2
    assert actors(site)[1] == ["Ana Lind (chef)"]


def test_the_user_may_want_it_always_or_never(site: Site) -> None:
    sync(site, performer_disambiguation="always")
    assert actors(site)[:2] == [["Ana Lind", "Kim (alone)"], ["Ana Lind (cook)"]]

    assert sync(site, performer_disambiguation="never") == 3
    assert actors(site) == [["Ana Lind", "Kim"], ["Ana Lind"], ["Ana Lind"]]
