"""The index of a section, above all where one name stands in a thousand folders."""

from __future__ import annotations

import pytest

from core.matching.index import BIG_BUCKET, ItemIndex
from core.matching.match import match_file
from core.matching.match_outcome import Evidence
from core.models import Confidence
from core.paths import PathMap
from tests.core.builders import file, index, ref

THOUSAND = 1000


@pytest.fixture(scope="module")
def shoots() -> ItemIndex:
    """`scene.mp4` in 1,000 folders: sizes known in the first 900, no two alike."""
    made = ItemIndex()
    for shoot in range(THOUSAND):
        size = shoot if shoot < 900 else None
        made.add(ref(str(shoot)), [file(f"/plex/Shoot {shoot}/scene.mp4", size)])
    return made


@pytest.mark.parametrize("shoot", [0, 1, 450, 899])
def test_one_of_a_thousand_by_size(shoots: ItemIndex, shoot: int) -> None:
    found = match_file(file("/stash/elsewhere/scene.mp4", shoot), shoots, PathMap())
    assert found is not None
    assert (found.refs, found.evidence) == ((ref(str(shoot)),), Evidence.SIZE)


@pytest.mark.parametrize(
    ("path", "size", "found"),
    [
        ("/stash/Shoot 950/scene.mp4", 123_456, "950"),  # its size is unknown to Plex
        ("/stash/Shoot 950/scene.mp4", None, "950"),
        ("/stash/Shoot 17/scene.mp4", None, "17"),
        ("/stash/Shoot 17/scene.mp4", 123_456, None),  # that one has another size
        ("/stash/Shoot 5000/scene.mp4", 123_456, None),
    ],
)
def test_one_of_a_thousand_by_folder(
    shoots: ItemIndex, path: str, size: int | None, found: str | None
) -> None:
    match = match_file(file(path, size), shoots, PathMap())
    assert match is not None
    if found is None:
        assert match.confidence is Confidence.LOW  # never guessed among those without a size
        assert set(match.refs) <= {ref(str(shoot)) for shoot in range(900, THOUSAND)}
    else:
        assert (match.refs, match.evidence) == ((ref(found),), Evidence.SUFFIX)


@pytest.mark.parametrize("count", [BIG_BUCKET, BIG_BUCKET + 1])
def test_a_big_bucket_stays_current(count: int) -> None:
    made = index({str(n): [file(f"/m/{n}/scene.mp4", n)] for n in range(count)})
    wanted = file("/d/late/scene.mp4", 777)
    assert match_file(wanted, made, PathMap()) is None
    made.add(ref("late"), [file("/m/other/scene.mp4", 777)])
    found = match_file(wanted, made, PathMap())
    assert found is not None
    assert found.refs == (ref("late"),)


def test_the_index_knows_its_items() -> None:
    made = index({"1": [file("/m/a.mp4", 1), file("/m/b.mp4", 2)], "2": []})
    made.add(ref("1"), [file("/m/c.mp4")])  # a page that overlaps another
    assert len(made) == 2
    assert list(made) == [ref("1"), ref("2")]
    assert ref("1") in made
    assert ref("3") not in made
    assert made.files(ref("1")) == (file("/m/a.mp4", 1), file("/m/b.mp4", 2))
    assert made.files(ref("3")) == ()
    assert made.at_path("/m/c.mp4") == []
    assert [found.ref for found in made.at_path("/m//b.mp4")] == [ref("1")]
