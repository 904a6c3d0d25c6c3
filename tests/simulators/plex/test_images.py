"""Posters and arts of the simulated Plex server."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from simulators.launch import PlexHandle
from tests.plex_seeds import plex_item, plex_section, plex_seed
from tests.simulators.plex.client import PlexHttp

JPEG = b"\xff\xd8\xff\xe0 not much of a picture"
OTHER = b"\x89PNG another"
POSTERS = "/library/metadata/1/posters"


@pytest.fixture
def plex(process: PlexHandle) -> Iterator[PlexHttp]:
    process.load(plex_seed(plex_section([plex_item(1), plex_item(2)])))
    with PlexHttp(process) as client:
        yield client


def upload_name(data: bytes, folder: str = "posters") -> str:
    return f"upload://{folder}/{hashlib.sha1(data).hexdigest()}"


def offered(plex: PlexHttp, path: str = POSTERS) -> list[tuple[str, bool]]:
    return [(image["ratingKey"], image["selected"]) for image in plex.items(path)]


def test_at_first_there_is_the_picture_of_the_video_itself(plex: PlexHttp) -> None:
    [(name, selected)] = offered(plex)
    assert name.startswith("media://")
    assert selected
    assert plex.items(POSTERS)[0]["provider"] == "local"


def test_an_upload_is_named_by_its_bytes_selected_and_never_doubled(plex: PlexHttp) -> None:
    before = plex.full(1)
    assert plex.status("POST", POSTERS, JPEG) == 200
    assert plex.status("POST", POSTERS, OTHER) == 200
    assert plex.status("POST", POSTERS, JPEG) == 200
    assert offered(plex)[1:] == [(upload_name(JPEG), True), (upload_name(OTHER), False)]
    after = plex.full(1)
    assert after["updatedAt"] > before["updatedAt"]
    assert after["thumb"] != before["thumb"]


def test_it_goes_back_to_what_was_kept_as_often_as_asked(plex: PlexHttp) -> None:
    def shown() -> tuple[object, ...]:
        return plex.sim.item(1) | {"writes": 0}, offered(plex)

    plex.edit(1, **{"title.value": "Kept", "genre[0].tag.tag": "Jazz"})
    plex.status("POST", POSTERS, JPEG)
    kept = shown()
    plex.sim.control("POST", "keep")
    for _ in range(2):
        plex.edit(1, **{"title.value": "Other", "genre[].tag.tag-": "Jazz"})
        plex.status("POST", POSTERS, OTHER)
        assert shown() != kept

        plex.sim.control("POST", "go_back")

        assert shown() == kept


def test_selecting_what_is_there(plex: PlexHttp) -> None:
    plex.status("POST", POSTERS, JPEG)
    first = offered(plex)[0][0]
    path = "/library/metadata/1/poster?url="
    assert plex.status("PUT", path + quote(first, safe="")) == 200
    assert offered(plex) == [(first, True), (upload_name(JPEG), False)]
    assert plex.status("PUT", path + quote("upload://posters/unknown", safe="")) == 404


def test_arts_are_kept_apart(plex: PlexHttp) -> None:
    assert plex.status("POST", "/library/metadata/1/arts", JPEG) == 200
    assert offered(plex, "/library/metadata/1/arts")[1:] == [(upload_name(JPEG, "art"), True)]
    assert len(offered(plex)) == 1


def test_the_singular_address_takes_bytes_too(plex: PlexHttp) -> None:
    assert plex.status("PUT", "/library/metadata/1/thumb", JPEG) == 200
    assert offered(plex)[1] == (upload_name(JPEG), True)


def test_no_picture_can_be_deleted_only_unset(plex: PlexHttp) -> None:
    plex.status("POST", POSTERS, JPEG)
    assert plex.status("DELETE", f"{POSTERS}?url={quote(upload_name(JPEG), safe='')}") == 404
    assert plex.status("DELETE", "/library/metadata/1/thumb") == 200
    assert [selected for _, selected in offered(plex)] == [False, False]
    assert "thumb" not in plex.full(1)


def test_empty_and_oversized_uploads(plex: PlexHttp) -> None:
    assert plex.status("POST", POSTERS) == 400
    assert plex.status("POST", POSTERS, b"\xff\xd8\xff" + b"0" * 10 * 1024 * 1024) == 500
    assert len(offered(plex)) == 1


def test_what_is_done_to_pictures_locks_them_unless_switched_off(plex: PlexHttp) -> None:
    plex.sim.configure(pictures_lock=False)
    plex.status("POST", POSTERS, JPEG)
    assert plex.sim.item(1)["locked"] == []
    plex.sim.configure(pictures_lock=True)
    plex.status("POST", POSTERS, OTHER)
    assert plex.sim.item(1)["locked"] == ["thumb"]
    plex.status("DELETE", "/library/metadata/1/art")
    assert plex.sim.item(1)["locked"] == ["thumb", "art"]


def test_the_state_tells_what_was_uploaded(plex: PlexHttp) -> None:
    plex.status("POST", POSTERS, b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    own, svg = plex.sim.item(1)["posters"]
    assert (own["selected"], own["size"]) == (False, None)
    assert (svg["selected"], svg["size"]) == (True, 41)


def test_unknown_items(plex: PlexHttp) -> None:
    assert plex.status("GET", "/library/metadata/99/posters") == 404
    assert plex.status("POST", "/library/metadata/99/posters", JPEG) == 404
