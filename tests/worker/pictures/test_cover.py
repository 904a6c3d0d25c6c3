"""A cover that changes in Stash while its items are synced."""

from __future__ import annotations

import pytest

from core.images import Fit, ImageFailed, ImageKind, digest
from core.records import CoverRecord
from simulators.stash.sample_pictures import picture
from stash.images import NoCover, NotModified, Screenshot
from worker.pictures.cover import Cover, Fetch, find_cover
from worker.pictures.poster_fit import PosterFitter

POSTER, ART = ImageKind.POSTER, ImageKind.ART
OLD, NEW = picture("old"), picture("new")
KNOWN = CoverRecord('"old"', digest(OLD), "pad", digest(b"pad" + OLD))


def draw(data: bytes, fit: Fit) -> bytes:
    return fit.value.encode() + data


def answering(*answers: Screenshot | NotModified | NoCover) -> tuple[Fetch, list[str]]:
    """A Stash that gives these answers in turn, and the ETags that it was asked with."""
    left, etags = list(answers), []

    def fetch(etag: str) -> Screenshot | NotModified | NoCover:
        etags.append(etag)
        return left.pop(0)

    return fetch, etags


def found(fetch: Fetch, known: CoverRecord, fit: Fit = Fit.PAD) -> Cover:
    cover = find_cover(fetch, PosterFitter(fit, lambda: draw), known)
    assert isinstance(cover, Cover)
    return cover


def test_a_known_cover_is_asked_for_once() -> None:
    fetch, etags = answering(NotModified())
    cover = found(fetch, KNOWN)
    assert (cover.sha1(ART), cover.sha1(POSTER)) == (KNOWN.sha1, KNOWN.fitted)
    assert cover.record == KNOWN
    assert etags == ['"old"']


@pytest.mark.parametrize("kind", ImageKind)
def test_a_newer_cover_replaces_all_that_was_known(kind: ImageKind) -> None:
    fetch, etags = answering(NotModified(), Screenshot(NEW, '"new"'))
    cover = found(fetch, KNOWN)
    assert cover.sha1(POSTER) == KNOWN.fitted
    assert cover.data(kind).endswith(NEW)
    assert (cover.sha1(ART), cover.sha1(POSTER)) == (digest(NEW), digest(b"pad" + NEW))
    assert cover.record == CoverRecord('"new"', digest(NEW), "pad", digest(b"pad" + NEW))
    assert etags == ['"old"', ""]


def test_a_cover_that_goes_away_in_between_fails_alone() -> None:
    fetch, _ = answering(NotModified(), NoCover('"none"'))
    cover = found(fetch, KNOWN)
    with pytest.raises(ImageFailed, match="went away"):
        cover.data(ART)
    assert cover.record == KNOWN


def test_a_poster_that_was_not_asked_about_is_remembered_only_for_its_cover() -> None:
    fetch, _ = answering(NotModified())
    cover = found(fetch, KNOWN)
    cover.sha1(ART)
    assert cover.record == KNOWN
    fetch, _ = answering(Screenshot(NEW, ""))
    cover = found(fetch, KNOWN)
    assert cover.record == CoverRecord(sha1=digest(NEW))


def test_a_scene_had_no_cover_and_stash_has_a_stand_in_for_one_that_it_cannot_read() -> None:
    fetch, etags = answering(NoCover('"none"'))
    assert find_cover(fetch, PosterFitter(Fit.NONE), CoverRecord('"none"')) == NoCover('"none"')
    assert etags == [""]


def test_a_poster_left_as_it_is_needs_no_bytes() -> None:
    fetch, etags = answering(NotModified())
    cover = found(fetch, KNOWN, Fit.NONE)
    assert cover.sha1(POSTER) == KNOWN.sha1
    assert cover.record == KNOWN._replace(fit="none", fitted=KNOWN.sha1)
    assert etags == ['"old"']
