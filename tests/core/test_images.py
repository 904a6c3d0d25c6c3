"""Which bytes may become a poster, and what an item with given pictures needs."""

from __future__ import annotations

import hashlib
import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFile

from core.images import (
    MAX_BYTES,
    Entry,
    digest,
    digest_in,
    fault,
    identity,
    media_type,
    on_offer,
    says_no_cover,
    selected,
)

HTML = b"  <!DOCTYPE html><html><title>Login</title></html>"
SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>'
AVIF = struct.pack(">I", 28) + b"ftypmif1\0\0\0\0mif1avifmiaf" + b"meta"
HEIC = struct.pack(">I", 24) + b"ftypheic\0\0\0\0mif1heic" + b"meta"
MP4 = struct.pack(">I", 24) + b"ftypisom\0\0\0\0isomavc1" + b"avifmoov"


def encoded(kind: str, **options: object) -> bytes:
    picture = Image.effect_noise((64, 36), 90).convert("RGB")
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def with_preview(jpeg: bytes) -> bytes:
    """A JPEG with a whole smaller JPEG in its first segment, as cameras make them."""
    preview = b"Exif\0\0" + jpeg[:2] + jpeg[-2:] + jpeg
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(preview) + 2) + preview + jpeg[2:]


JPEG, PNG, WEBP = encoded("JPEG"), encoded("PNG"), encoded("WEBP")
PROGRESSIVE = encoded("JPEG", progressive=True)
PREVIEWED = with_preview(encoded("JPEG", restart_marker_blocks=1))
MOVING = encoded("GIF", save_all=True, append_images=[Image.new("RGB", (64, 36))], comment="a")
MARKED = {
    "jpeg": JPEG,
    "progressive": PROGRESSIVE,
    "previewed": PREVIEWED,
    "png": PNG,
    "gif": encoded("GIF"),
    "moving": MOVING,
    "bmp": encoded("BMP"),
}


def named(value: object) -> str:
    """Ids without noise, which differs between the processes that share the tests."""
    return value if isinstance(value, str) else ""


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (JPEG, "image/jpeg"),
        (PNG, "image/png"),
        (WEBP, "image/webp"),
        (encoded("GIF"), "image/gif"),
        (encoded("BMP"), "image/bmp"),
        (AVIF, "image/avif"),
        (b"", ""),
        (HTML, ""),
        (SVG, ""),
        (HEIC, ""),
        (MP4, ""),
        (b"RIFF\x10\0\0\0WAVEfmt ", ""),
        (b"BM is the beginning of a text", ""),
    ],
    ids=named,
)
def test_bytes_tell_what_they_are(data: bytes, kind: str) -> None:
    assert media_type(data) == kind
    if kind:
        # What Stash says of an AVIF, and of the others (measured on a real one).
        assert fault(data, "application/octet-stream") == ""
        assert fault(data, kind) == ""
        assert not says_no_cover(data, kind)


@pytest.mark.parametrize(
    ("data", "told", "reason"),
    [
        (b"", "image/jpeg", "empty"),
        (HTML, "text/html; charset=utf-8", "web page"),
        (HTML, "image/jpeg", "web page"),
        (JPEG, "text/html", "web page"),
        (MP4, "video/mp4", "video/mp4, no image"),
        (b'{"error":"busy"}', "application/json", "no image"),
        (MP4, "application/octet-stream", "no image of a kind that Plex can show"),
        (HEIC, "image/heic", "image/heic"),
        (b"bytes", "", "no content type"),
        (WEBP[:-2], "image/webp", "the WEBP ends too early"),
        (JPEG[:300], "image/jpeg", "the JPEG ends too early"),
        (PNG[:40], "image/png", "the PNG ends too early"),
        (MOVING[:6], "image/gif", "the GIF ends too early"),
        (MOVING[:700], "image/gif", "the GIF ends too early"),
        (encoded("BMP")[:50], "image/bmp", "the BMP ends too early"),
        (JPEG + bytes(MAX_BYTES), "image/jpeg", "10.0 MB, and Plex takes less than 10 MB"),
    ],
    ids=named,
)
def test_what_cannot_be_a_poster_and_why(data: bytes, told: str, reason: str) -> None:
    assert reason in fault(data, told)


def riff(there: int) -> bytes:
    return (b"RIFF\x0d\0\0\0WEBPVP8 " + bytes(32))[:there]


def bitmap(start: int) -> bytes:
    return b"BM" + bytes(8) + struct.pack("<I", start) + bytes(46)


def gif(flags: int, table: int = 0, image: bytes = b"," + bytes(11)) -> bytes:
    """Up to its first image, behind a table of so many bytes."""
    return b"GIF89a" + bytes(4) + bytes([flags, 0, 0]) + bytes(table) + image


SCAN = JPEG[JPEG.index(b"\xff\xda") :]


@pytest.mark.parametrize(
    ("data", "is_whole"),
    [
        # Its 13 bytes and 8 before them; the last one only fills up.
        *[pytest.param(riff(there), there >= 20, id=f"WebP of {there}") for there in (19, 20, 21)],
        *[
            pytest.param(bitmap(start), start == 54, id=f"BMP whose pixels begin at {start}")
            for start in (0, 14, 54, 60, 54 + (1 << 24))
        ],
        *[
            pytest.param(data, is_whole, id=f"GIF, {name}")
            for name, data, is_whole in (
                ("no table of colours", gif(0x07), True),
                ("two colours", gif(0x80, 6), True),
                ("sixteen colours", gif(0x83, 48), True),
                ("cut off", gif(0x80, 6)[:-1], False),
                ("something else", gif(0x80, 6, bytes(20)), False),
            )
        ],
        pytest.param(JPEG[:2] + SCAN, False, id="JPEG without a frame"),
    ],
)
def test_an_image_is_whole_once_there_is_something_to_decode(data: bytes, is_whole: bool) -> None:
    assert (fault(data, "image/jpeg") == "") is is_whole


def test_xml_that_is_no_drawing_is_a_cover_gone_wrong() -> None:
    assert not says_no_cover(b"<?xml version='1.0'?><rss/>", "image/png")
    assert not says_no_cover(b"a text that mentions <svg", "image/png")


def test_the_largest_poster() -> None:
    assert fault(JPEG + bytes(MAX_BYTES - 1 - len(JPEG)), "image/jpeg") == ""
    assert "MB" in fault(JPEG + bytes(MAX_BYTES - len(JPEG)), "image/jpeg")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (SVG, "image/svg+xml"),
        (b"a text that somebody made a cover", "image/svg+xml"),
        (SVG, "image/png"),
        (b"\n <svg/>", "application/octet-stream"),
    ],
    ids=named,
)
def test_an_svg_means_no_cover(data: bytes, told: str) -> None:
    assert says_no_cover(data, told)


@pytest.mark.parametrize("name", sorted(MARKED))
@pytest.mark.parametrize("share", [0.8, 0.9, 0.99])
def test_an_image_without_its_end_is_taken_as_viewers_take_it(name: str, share: float) -> None:
    assert fault(MARKED[name][: int(len(MARKED[name]) * share)], "image/jpeg") == ""


@given(st.sampled_from(sorted(MARKED)), st.floats(0, 1))
def test_what_is_taken_can_be_decoded(name: str, share: float) -> None:
    cut = MARKED[name][: int(len(MARKED[name]) * share)]
    if not fault(cut, "image/jpeg"):
        assert is_decoded(cut)


def is_decoded(data: bytes) -> bool:
    """Whether a viewer would show something, if only the upper part."""
    decoder = ImageFile.Parser()
    decoder.feed(data)
    return decoder.image is not None


@given(st.sampled_from(sorted(MARKED)), st.binary())
def test_what_follows_the_end_does_no_harm(name: str, rest: bytes) -> None:
    assert fault(MARKED[name] + rest, "image/jpeg") == ""


@given(st.binary(), st.text())
def test_any_bytes_get_an_answer(data: bytes, told: str) -> None:
    for start in (
        b"",
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\0\0\0\0WEBP",
        b"GIF89a",
        b"BM",
    ):
        fault(start + data, told)
        says_no_cover(start + data, told)


def test_the_name_of_an_upload_ends_in_its_digest() -> None:
    sha1 = hashlib.sha1(JPEG).hexdigest()
    assert digest(JPEG) == sha1
    for name in (f"upload://posters/{sha1}", f"upload://art/{sha1.upper()}", f"upload://{sha1}"):
        assert digest_in(name) == sha1
    for name in (
        f"media://a/b.bundle/{sha1}",
        f"metadata://posters/com.plexapp_{sha1}",
        f"https://example.org/{sha1}",
        f"upload://posters/{sha1}0",
        "upload://posters/",
        "",
    ):
        assert digest_in(name) == ""
        assert identity(name) == name
    assert identity(f"upload://art/{sha1.upper()}") == sha1
    assert identity(None) == ""


OURS, OTHER = "a" * 40, "b" * 40
NAMES = st.sampled_from(
    [
        f"upload://posters/{OURS}",
        f"upload://art/{OURS}",
        f"upload://posters/{OTHER}",
        "media://1/Contents/thumb1.jpg",
    ]
)


@given(st.lists(NAMES, unique=True), st.integers(-1, 3))
def test_an_item_ends_with_our_picture_and_gets_it_at_most_once(
    names: list[str], chosen: int
) -> None:
    entries = [Entry(name, place == chosen) for place, name in enumerate(names)]
    offered = on_offer(entries, OURS)
    shown = selected(entries)
    there = {name for name in names if digest_in(name) == OURS}
    if shown in there:
        assert offered == Entry(shown or "", selected=True)
    elif there:
        assert offered is not None
        assert not offered.selected
        assert offered.rating_key in there
    else:
        assert offered is None
