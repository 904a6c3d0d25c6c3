"""Full items of the simulated Plex server, one or many at a time."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator

import pytest

from simulators.launch import PlexHandle
from tests.plex_seeds import plex_item, plex_part, plex_section, plex_seed
from tests.simulators.plex.client import PlexHttp


@pytest.fixture
def plex(process: PlexHandle) -> Iterator[PlexHttp]:
    items = [plex_item(key) for key in range(1, 31)]
    items[0] |= {
        "summary": 'One\ntwo\t"three" & <four>',
        "locked": ["title", "genre"],
        "roles": [{"tag": "Ana", "role": "The Traveller", "thumb": "http://stash/1.jpg"}],
    }
    episodes = [
        plex_item(
            100 + number,
            type="episode",
            show_title="Harbour",
            season=1 + number // 2,
            episode=1 + number % 2,
            media=[[plex_part(f"/tv/{number}.mkv", duration=None)]],
        )
        for number in range(4)
    ]
    show = plex_section(
        episodes,
        key=2,
        title="Shows",
        type="show",
        agent="tv.plex.agents.series",
        locations=["/tv"],
    )
    process.load(plex_seed(plex_section(items), show))
    with PlexHttp(process) as client:
        yield client


def test_a_full_item_has_ids_locks_labels_and_its_section(plex: PlexHttp) -> None:
    item = plex.full(1)
    genre = item["Genre"][2]
    assert genre == {"id": genre["id"], "filter": f"genre={genre['id']}", "tag": "Outdoor"}
    assert item["Role"][0]["role"] == "The Traveller"
    assert item["Role"][0]["thumb"] == "http://stash/1.jpg"
    assert [label["tag"] for label in item["Label"]] == ["Stash"]
    assert item["Field"] == [{"locked": True, "name": "title"}, {"locked": True, "name": "genre"}]
    assert (item["librarySectionID"], item["librarySectionTitle"]) == (1, "Scenes")
    assert len(item["Media"][0]["Part"][0]["Stream"]) == 2


def test_the_same_tag_has_the_same_id_everywhere(plex: PlexHttp) -> None:
    first, second = plex.full(1), plex.full(2)
    assert first["Genre"] == second["Genre"]


def test_xml_carries_the_same(plex: PlexHttp) -> None:
    answer = plex.ask("GET", "/library/metadata/1", {"Accept": "*/*"})
    video = ET.fromstring(answer.text)[0]
    assert video.tag == "Video"
    assert video.get("summary") == 'One\ntwo\t"three" & <four>'
    assert [field.get("locked") for field in video.findall("Field")] == ["1", "1"]
    part = video.find("Media/Part")
    assert part is not None
    assert part.get("optimizedForStreaming") == "1"


def test_many_at_once_leaving_out_the_unknown(plex: PlexHttp) -> None:
    assert plex.keys("/library/metadata/3,999,1,abc,3") == [3, 1]
    assert plex.keys("/library/metadata/3%2C1") == [3, 1]
    assert plex.status("GET", "/library/metadata/998,999") == 404
    assert plex.status("GET", "/library/metadata/abc") == 404


def test_order_is_not_promised(plex: PlexHttp) -> None:
    plex.sim.configure(shuffle_metadata=True)
    keys = list(range(1, 31))
    found = plex.keys(f"/library/metadata/{','.join(map(str, keys))}")
    assert found != keys
    assert sorted(found) == keys


def test_a_page_cap_that_the_size_defeats(plex: PlexHttp) -> None:
    plex.sim.configure(metadata_page_cap=20)
    path = f"/library/metadata/{','.join(map(str, range(1, 31)))}"
    assert len(plex.keys(path)) == 20
    assert len(plex.keys(f"{path}?X-Plex-Container-Start=0&X-Plex-Container-Size=30")) == 30


def test_files_are_checked_only_if_asked(plex: PlexHttp) -> None:
    part = plex.items("/library/metadata/1?checkFiles=1")[0]["Media"][0]["Part"][0]
    assert part["exists"] is True
    assert "exists" not in plex.full(1)["Media"][0]["Part"][0]
    plex.sim.control("POST", "trash", {"key": 1})
    part = plex.items("/library/metadata/1?checkFiles=1")[0]["Media"][0]["Part"][0]
    assert part["accessible"] is False


def test_shows_seasons_and_episodes(plex: PlexHttp) -> None:
    shows = plex.items("/library/sections/2/all?type=2")
    assert [show["title"] for show in shows] == ["Harbour"]
    assert plex.items("/library/sections/2/all")[0]["type"] == "show"
    assert len(plex.keys("/library/sections/2/all?type=3")) == 2
    episodes = plex.items("/library/sections/2/all?type=4&sort=addedAt")
    assert [item["ratingKey"] for item in episodes] == ["100", "101", "102", "103"]
    assert (episodes[2]["parentIndex"], episodes[2]["index"]) == (2, 1)
    assert episodes[2]["grandparentTitle"] == "Harbour"
    assert "duration" not in episodes[2]  # never analysed


def test_a_show_goes_with_its_last_episode(plex: PlexHttp) -> None:
    for key in range(100, 104):
        assert plex.sim.control("DELETE", f"items/{key}") == {"removed": key}
    assert plex.keys("/library/sections/2/all?type=2") == []


def test_sections_and_roots(plex: PlexHttp) -> None:
    assert plex.container("/")["friendlyName"] == "Loft"
    assert plex.container("/library")["identifier"] == "com.plexapp.plugins.library"
    assert plex.container("/library/sections/all")["size"] == 2
