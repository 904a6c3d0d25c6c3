"""Edits on the simulated Plex server: two endpoints, tags, locks, and what it makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from simulators.launch import PlexHandle
from tests.examples import examples
from tests.plex_seeds import plex_item, plex_section, plex_seed
from tests.simulators.plex.client import PlexHttp, query

SECTION_EDIT = "/library/sections/1/all?type=1"
TRICKY = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ %2C"


def library() -> Any:
    return plex_seed(plex_section([plex_item(key) for key in range(1, 5)]))


@pytest.fixture
def plex(process: PlexHandle) -> Iterator[PlexHttp]:
    process.load(library())
    with PlexHttp(process) as client:
        yield client


def genres(plex: PlexHttp, key: int = 1) -> list[str]:
    return [tag["tag"] for tag in plex.full(key).get("Genre", [])]


def adds(kind: str, *names: str) -> dict[str, str]:
    return {f"{kind}[{place}].tag.tag": name for place, name in enumerate(names)}


def removal(kind: str, *names: str) -> dict[str, str]:
    """Each name quoted, joined by commas; the client's encoding then quotes the whole again."""
    return {f"{kind}[].tag.tag-": ",".join(quote(name, safe="") for name in names)}


def test_values_and_locks(plex: PlexHttp) -> None:
    answer = plex.ask(
        "PUT", f"{SECTION_EDIT}&id=1&title.value=New%2C+title&title.locked=1&summary.value=a%0Ab"
    )
    assert (answer.status_code, answer.text) == (200, "")
    item = plex.full(1)
    assert (item["title"], item["summary"]) == ("New, title", "a\nb")
    assert item["Field"] == [{"locked": True, "name": "title"}]
    assert plex.items(f"{SECTION_EDIT}&id=1")[0]["title"] == "New, title"
    plex.edit(1, **{"title.locked": "0"})
    item = plex.full(1)
    assert "Field" not in item
    assert item["title"] == "New, title"


def test_an_emptied_value_is_omitted_but_the_summary_is_empty(plex: PlexHttp) -> None:
    plex.edit(1, **{"studio.value": "", "summary.value": "", "originallyAvailableAt.value": ""})
    item = plex.full(1)
    assert item["summary"] == ""
    assert not {"studio", "originallyAvailableAt", "year"} & set(item)


def test_the_year_follows_the_date(plex: PlexHttp) -> None:
    plex.edit(1, **{"originallyAvailableAt.value": "1999-12-31"})
    assert plex.full(1)["year"] == 1999


def test_the_sort_title_follows_unless_locked(plex: PlexHttp) -> None:
    plex.edit(1, **{"titleSort.value": "mine"})
    plex.edit(1, **{"title.value": "Other"})
    assert "titleSort" not in plex.full(1)
    plex.edit(1, **{"titleSort.value": "mine", "titleSort.locked": "1"})
    plex.edit(1, **{"title.value": "Third"})
    assert plex.full(1)["titleSort"] == "mine"


@pytest.mark.parametrize(
    ("parameters", "status"),
    [
        ({"nonsense.value": "1"}, 400),
        ({"nonsense[0].tag.tag": "1"}, 400),
        ({"year.value": "1999"}, 400),
        ({"nonsense": "1"}, 400),
        ({"originallyAvailableAt.value": "2024"}, 500),
        ({"userRating.value": "good"}, 500),
    ],
)
def test_bad_edits_change_nothing(plex: PlexHttp, parameters: dict[str, str], status: int) -> None:
    assert plex.edit(1, **{"title.value": "New"}, **parameters) == status
    assert plex.full(1)["title"] == "Title 0001"


def test_unknown_items_and_missing_types(plex: PlexHttp) -> None:
    assert plex.edit(99, **{"title.value": "x"}) == 404
    assert plex.status("PUT", "/library/sections/1/all?id=1&title.value=x") == 400
    assert plex.status("PUT", "/library/sections/1/all?type=4&id=1&title.value=x") == 404


@pytest.mark.parametrize("path", [SECTION_EDIT, f"{SECTION_EDIT}&id="])
def test_without_an_id_every_item_of_the_section_is_edited(plex: PlexHttp, path: str) -> None:
    assert plex.status("PUT", f"{path}&studio.value=Oops") == 200
    assert {item["studio"] for item in plex.items(SECTION_EDIT)} == {"Oops"}


def test_filters_choose_the_items_of_an_edit(plex: PlexHttp) -> None:
    assert plex.status("PUT", f"{SECTION_EDIT}&title=0002&studio.value=Two") == 200
    assert [item["studio"] for item in plex.items(f"{SECTION_EDIT}&sort=id")] == [
        "Aurora",
        "Two",
        "Aurora",
        "Aurora",
    ]


def test_one_edit_for_several_items(plex: PlexHttp) -> None:
    plex.edit("1,3,99", **adds("label", "Both"))
    found = {key for key in range(1, 5) if "Both" in plex.sim.item(key)["label"]}
    assert found == {1, 3}


def test_tags_are_added_or_replaced_where_switched_on(plex: PlexHttp) -> None:
    parameters = query(adds("genre", "Rain"))
    plex.status("PUT", f"{SECTION_EDIT}&id=1&{parameters}")
    assert genres(plex, 1) == ["Drama", "Night", "Outdoor", "Rain"]
    plex.sim.configure(edit_section="replacing")
    plex.status("PUT", f"{SECTION_EDIT}&id=3&{parameters}")
    assert genres(plex, 3) == ["Rain"]


def test_the_whole_wanted_list_and_the_surplus_in_one_request(plex: PlexHttp) -> None:
    plex.edit(
        1,
        **adds("genre", "Drama", "Rain"),
        **removal("genre", "Night", "Outdoor"),
        **{"genre.locked": "1"},
    )
    assert genres(plex) == ["Drama", "Rain"]
    assert plex.full(1)["Field"] == [{"locked": True, "name": "genre"}]


def test_all_tags_of_a_kind_are_removed_and_replaced(plex: PlexHttp) -> None:
    plex.edit(1, **{"genre[].tag": ""})
    assert genres(plex) == []
    plex.edit(2, **{"genre[].tag": ""}, **adds("genre", "Only"))
    assert genres(plex, 2) == ["Only"]


def test_a_lock_alone_clears_nothing(plex: PlexHttp) -> None:
    plex.edit(1, **{"actor.locked": "1", "actor[0].locked": "1"})
    assert len(plex.full(1)["Role"]) == 5
    assert plex.sim.item(1)["locked"] == ["actor"]


def test_removals_are_split_and_then_decoded_once_more(plex: PlexHttp) -> None:
    names = ["A, B", "C & D", "100%", "x+y", TRICKY]
    plex.edit(1, **{"genre[].tag": ""}, **adds("genre", *names))
    assert genres(plex) == names
    # Encoded once only, a comma splits, a plus turns into a blank, and so nothing fits.
    plex.edit(1, **{"genre[].tag.tag-": "A, B"})
    plex.edit(1, **{"genre[].tag.tag-": "x+y"})
    assert genres(plex) == names
    plex.edit(1, **removal("genre", *names))
    assert genres(plex) == []


TAG_NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=12
).map(str.strip)


@examples(25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TAG_NAMES.filter(bool), min_size=1, max_size=4, unique_by=str.casefold))
def test_every_name_can_be_added_and_removed(plex: PlexHttp, names: list[str]) -> None:
    plex.sim.configure(exact_tag_case=True, capital_labels=False)
    plex.edit(1, **{"label[].tag": ""}, **adds("label", *names))
    assert plex.sim.item(1)["label"] == names
    plex.edit(1, **removal("label", *names))
    assert plex.sim.item(1)["label"] == []


def test_labels_begin_with_a_capital(plex: PlexHttp) -> None:
    plex.edit(1, **{"label[].tag": ""}, **adds("label", "from stash", "élan", "OK"))
    assert plex.sim.item(1)["label"] == ["From stash", "Élan", "OK"]
    plex.edit(1, **removal("label", "from stash"))
    assert plex.sim.item(1)["label"] == ["Élan", "OK"]
    plex.edit(1, **adds("genre", "lower"))
    assert "lower" in genres(plex)


def test_names_are_compared_letter_by_letter(plex: PlexHttp) -> None:
    plex.edit(1, **{"genre[].tag": ""}, **adds("genre", "Weiß", "WEISS", "weiss", "WEIß"))
    assert genres(plex) == ["Weiß", "WEISS"]


def test_only_the_first_removal_where_switched_on(plex: PlexHttp) -> None:
    plex.sim.configure(single_removal=True)
    plex.edit(1, **removal("genre", "Night", "Drama"))
    assert genres(plex) == ["Drama", "Outdoor"]


def test_the_same_tag_added_and_removed(plex: PlexHttp) -> None:
    both = adds("genre", "Night") | removal("genre", "Night")
    plex.edit(1, **both)
    assert "Night" in genres(plex, 1)
    plex.sim.configure(removal_last=True)
    plex.edit(2, **both)
    assert "Night" not in genres(plex, 2)


def test_tags_are_the_same_in_any_case_and_keep_their_first_spelling(plex: PlexHttp) -> None:
    plex.edit(1, **adds("genre", "DRAMA", "rain"))
    assert genres(plex) == ["Drama", "Night", "Outdoor", "rain"]
    plex.edit(2, **adds("genre", "Rain"))
    assert genres(plex, 2)[-1] == "rain"
    first = next(tag for tag in plex.full(1)["Genre"] if tag["tag"] == "rain")
    second = next(tag for tag in plex.full(2)["Genre"] if tag["tag"] == "rain")
    assert first["id"] == second["id"]
    plex.sim.configure(exact_tag_case=True)
    plex.edit(3, **adds("genre", "Rain"))
    assert genres(plex, 3)[-1] == "Rain"


def test_kinds_do_not_share_ids(plex: PlexHttp) -> None:
    plex.edit(1, **adds("label", "Drama"))
    ids = {tag["id"] for name in ("Genre", "Label") for tag in plex.full(1)[name]}
    assert len(ids) == 5


def test_actors_have_roles_and_share_their_faces(plex: PlexHttp) -> None:
    plex.edit(
        1,
        **{
            "actor[0].tag.tag": "Person 0",
            "actor[0].tagging.text": "The Guest",
            "actor[0].tag.thumb": "http://stash/0.jpg",
            "actor[1].tag.tag": "Newcomer",
            "actor.locked": "1",
        },
    )
    roles = plex.full(1)["Role"]
    assert [role["tag"] for role in roles][-1] == "Newcomer"
    assert roles[0]["role"] == "The Guest"
    other = plex.full(2)["Role"][0]
    assert other["thumb"] == "http://stash/0.jpg"
    assert "role" not in other


def test_indexes_order_the_additions(plex: PlexHttp) -> None:
    plex.edit(
        1,
        **{"genre[].tag": "", "genre[10].tag.tag": "ten", "genre[9].tag.tag": "nine"},
        **{"genre[].tag.tag": "last"},
    )
    assert genres(plex) == ["nine", "ten", "last"]


def test_updated_at_moves_with_edits(plex: PlexHttp) -> None:
    plex.sim.configure(clock_offset=1000)
    now = plex.sim.control("GET", "state")["now"]
    plex.edit(1, **{"userRating.value": "8", "userRating.locked": "1"})
    item = plex.full(1)
    assert item["userRating"] == 8.0
    assert now <= item["updatedAt"] <= now + 5
    assert item["thumb"].endswith(f"/thumb/{item['updatedAt']}")
    plex.edit(1, **{"userRating.value": ""})
    assert "userRating" not in plex.full(1)


def test_a_server_that_normalises_or_refuses(plex: PlexHttp) -> None:
    plex.sim.configure(strip_text=True, refuse_fields=["studio", "genre"], round_rating=True)
    status = plex.edit(
        1,
        **{"summary.value": "a\r\nb  \n", "studio.value": "New", "userRating.value": "7.5"},
        **adds("genre", "Rain"),
        **{"studio.locked": "1"},
    )
    assert status == 200
    item = plex.full(1)
    assert (item["summary"], item["studio"], item["userRating"]) == ("a\nb", "Aurora", 8.0)
    assert len(item["Genre"]) == 3
    assert "Field" not in item


def test_content_changed_at_tells_of_edits_only_if_switched_on(plex: PlexHttp) -> None:
    def counter() -> int:
        found: int = plex.container("/library/sections")["Directory"][0]["contentChangedAt"]
        return found

    before = counter()
    plex.edit(1, **{"title.value": "x"})
    assert counter() == before
    plex.sim.configure(edits_move_content=True)
    plex.edit(1, **{"title.value": "y"})
    assert counter() == before + 1


def test_long_edits_pass(plex: PlexHttp) -> None:
    summary = "märchen " * 4000
    assert plex.edit(1, **{"summary.value": summary}) == 200
    assert plex.full(1)["summary"] == summary
