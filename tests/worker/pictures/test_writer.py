"""An answer is no proof that a picture is shown: what Plex has on offer afterwards is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import pytest

from core.images import Entry, ImageFailed, ImageKind, digest
from core.models import ItemRef
from plex.client import PlexClient
from plex.exceptions import PlexRejected
from plex.images import PlexImages, upload_name
from tests.contract.scripted import Reply, Scripted, as_html, as_json, scripted
from tests.core.builders import full
from worker.pictures.writer import DryPictureEnd, PictureChange, PictureWriter, is_picture

REF = ItemRef("1", "55")
DATA = b"bytes of a cover"
OURS = upload_name(ImageKind.POSTER, digest(DATA))
SAME = f"upload://elsewhere/{digest(DATA).upper()}"
OWN, OTHER = "media://own.jpg", upload_name(ImageKind.POSTER, "ab" * 20)
TAKEN = Reply()
UPLOAD, SELECT, KEEP = None, Entry(OURS, selected=False), Entry(OURS, selected=True)


def offer(*names: str, shown: str | None = None) -> Reply:
    """The pictures on offer for the item."""
    listed = [{"ratingKey": name, "selected": name == shown} for name in names]
    return as_json({"MediaContainer": {"size": len(listed), "Metadata": listed}})


@contextmanager
def writer(*replies: Reply) -> Iterator[tuple[PictureWriter, Scripted, list[PictureChange]]]:
    """A writer to a server that gives these replies, and what was journaled."""
    told: list[PictureChange] = []
    with scripted(*replies) as server:
        client = PlexClient(server.url, "plex-token", connect_timeout=1, read_timeout=2)

        def journal(change: PictureChange) -> None:
            assert server.asked == [], "the journal is told before Plex is"
            told.append(change)

        try:
            yield PictureWriter(PlexImages(client), journal), server, told
        finally:
            client.close()


def about(after: str = OURS, *, locked: bool = False) -> PictureChange:
    return PictureChange(REF, "poster", OWN, after, locked)


def asked(server: Scripted) -> list[str]:
    """What was asked for, in short: the method, the end of the path, and what was selected."""
    requests = []
    for each in server.asked:
        parts = urlsplit(each.path)
        url = parse_qs(parts.query).get("url", [""])[0]
        end = parts.path.rpartition("/")[2]
        requests.append(" ".join(filter(None, (each.method, end, url))))
    return requests


@pytest.mark.parametrize("shown", [OURS, SAME])
def test_an_upload_that_shows_is_proven_by_its_digest(shown: str) -> None:
    with writer(TAKEN, offer(OWN, shown, shown=shown)) as (hand, server, told):
        hand.show(about(), UPLOAD, DATA)

    assert asked(server) == ["POST posters", "GET posters"]
    assert server.asked[0].body == DATA
    assert told == [about()]


@pytest.mark.parametrize("after", [offer(OWN, OTHER, shown=OWN), offer(OWN), offer()])
def test_an_upload_that_was_answered_but_not_stored_is_a_failure(after: Reply) -> None:
    with writer(TAKEN, after) as (hand, server, told):
        with pytest.raises(ImageFailed, match="answered that it took the picture, and does not"):
            hand.show(about(), UPLOAD, DATA)
        assert asked(server) == ["POST posters", "GET posters"] * 2
        assert told == [about()]


def test_an_upload_that_was_not_stored_is_sent_again() -> None:
    replies = [TAKEN, offer(OWN, shown=OWN), TAKEN, offer(OWN, OURS, shown=OURS)]
    with writer(*replies) as (hand, server, told):
        hand.show(about(), UPLOAD, DATA)

    assert asked(server) == ["POST posters", "GET posters"] * 2
    assert told == [about()]


def test_an_upload_that_was_stored_but_is_not_shown_is_selected() -> None:
    replies = [TAKEN, offer(OWN, SAME, shown=OWN), TAKEN, offer(OWN, SAME, shown=SAME)]
    with writer(*replies) as (hand, server, told):
        hand.show(about(), UPLOAD, DATA)

    assert asked(server) == ["POST posters", "GET posters", f"PUT poster {SAME}", "GET posters"]
    assert told == [about()]


def test_what_is_not_shown_even_then_is_a_failure() -> None:
    with writer(TAKEN, offer(OWN, OURS, shown=OWN)) as (hand, server, _):
        with pytest.raises(ImageFailed, match="does not show it"):
            hand.show(about(), UPLOAD, DATA)
        once = ["POST posters", "GET posters", f"PUT poster {OURS}", "GET posters"]
        assert asked(server) == once * 2


def test_a_selection_is_proven_as_well() -> None:
    with writer(TAKEN, offer(OWN, OURS, shown=OURS)) as (hand, server, told):
        hand.show(about(locked=True), SELECT, b"")
    assert asked(server) == [f"PUT poster {OURS}", "GET posters"]
    assert told == [about(locked=True)]

    with writer(TAKEN, offer(OWN, OTHER, shown=OWN)) as (hand, server, _):
        with pytest.raises(ImageFailed):
            hand.show(about(), SELECT, b"")
        assert asked(server) == [f"PUT poster {OURS}", "GET posters"] * 2


@pytest.mark.parametrize("locked", [False, True])
def test_what_is_shown_already_costs_nothing_and_is_journaled_for_its_lock(locked: bool) -> None:
    with writer(TAKEN) as (hand, server, told):
        hand.show(about(locked=locked), KEEP, b"")

    assert asked(server) == []
    assert told == ([] if locked else [about()])


def test_a_refusal_is_told_as_it_is() -> None:
    with writer(as_html(400, "Bad Request")) as (hand, _server, told):
        with pytest.raises(PlexRejected):
            hand.show(about(), UPLOAD, DATA)
        assert told == [about()]
        with pytest.raises(PlexRejected):
            hand.restore(REF, ImageKind.POSTER, OWN)


def test_what_is_put_back_is_proven() -> None:
    with writer(TAKEN, offer(OWN, OURS, shown=OWN)) as (hand, server, told):
        hand.restore(REF, ImageKind.POSTER, OWN)
        assert asked(server) == [f"PUT poster {OWN}", "GET posters"]
        assert told == [], "whoever puts back has journaled it"
    with (
        writer(TAKEN, offer(OURS, shown=OURS)) as (hand, _, _),
        pytest.raises(ImageFailed, match="does not show it"),
    ):
        hand.restore(REF, ImageKind.POSTER, OWN)


def test_no_picture_is_put_back_and_proven_too() -> None:
    with writer(TAKEN, offer(OWN, OURS)) as (hand, server, _):
        hand.restore(REF, ImageKind.ART, None)
        assert asked(server) == ["DELETE art", "GET arts"]
    with (
        writer(TAKEN, offer(OWN, OURS, shown=OURS)) as (hand, _, _),
        pytest.raises(ImageFailed, match="still shows"),
    ):
        hand.restore(REF, ImageKind.ART, None)


def test_a_dry_hand_asks_for_nothing() -> None:
    hand = DryPictureEnd()
    hand.show(about(), UPLOAD, DATA)
    hand.lock(full(), [ImageKind.POSTER])


@pytest.mark.parametrize(
    ("shown", "name", "same"),
    [
        (OWN, OWN, True),
        (OWN, OURS, False),
        (None, OURS, False),
        (SAME, OURS, True),
        (OURS, SAME, True),
        (OTHER, OURS, False),
        ("", "", True),
    ],
)
def test_whether_a_name_means_a_picture(shown: str | None, name: str, same: bool) -> None:
    assert is_picture(shown, name) is same
