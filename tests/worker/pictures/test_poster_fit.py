"""Posters fitted from landscape covers, and life without Pillow."""

from __future__ import annotations

import io
import logging
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from core.images import Fit, fault
from worker.pictures.poster_crop_and_pad import WIDTH, draw
from worker.pictures.poster_fit import Draw, PosterFitter, load_pillow

ROOT = Path(__file__).resolve().parents[3]
RED, GREEN, BLUE = (200, 30, 30), (30, 200, 30), (30, 30, 200)


def striped(width: int, height: int, kind: str = "PNG", **options: object) -> bytes:
    """Three upright stripes: red, green, blue."""
    picture = Image.new("RGB", (width, height), GREEN)
    picture.paste(RED, (0, 0, width // 3, height))
    picture.paste(BLUE, (width - width // 3, 0, width, height))
    return saved(picture, kind, **options)


def saved(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def drawn(data: bytes, fit: Fit) -> Image.Image:
    poster = PosterFitter(fit).fit(data)
    assert fault(poster, "image/jpeg") == ""
    opened = Image.open(io.BytesIO(poster))
    assert opened.format == "JPEG"
    assert abs(opened.width * 3 - opened.height * 2) <= 3
    return opened.convert("RGB")


def near(picture: Image.Image, x: float, y: float, colour: tuple[int, int, int]) -> bool:
    found = picture.getpixel((int(x * (picture.width - 1)), int(y * (picture.height - 1))))
    assert isinstance(found, tuple)
    return all(abs(one - other) < 40 for one, other in zip(found, colour, strict=True))


@pytest.mark.parametrize("size", [(1280, 720), (640, 480), (300, 300), (3840, 1600), (2, 1)])
@pytest.mark.parametrize("fit", [Fit.CROP, Fit.PAD])
def test_what_is_wide_becomes_upright_and_no_wider_than_needed(
    size: tuple[int, int], fit: Fit
) -> None:
    width, height = size
    poster = drawn(striped(width, height), fit)
    kept = height * 2 / 3 if fit is Fit.CROP else width
    assert poster.width == pytest.approx(min(kept, WIDTH), abs=1)


def test_crop_keeps_the_middle_at_full_height() -> None:
    picture = Image.open(io.BytesIO(striped(1280, 720))).convert("RGB")
    picture.paste((255, 255, 255), (600, 0, 680, 60))
    poster = drawn(saved(picture), Fit.CROP)
    assert poster.size == (480, 720)
    assert near(poster, 0.5, 0.02, (255, 255, 255))
    assert all(near(poster, x, 0.9, GREEN) for x in (0.2, 0.5, 0.8))


def test_pad_keeps_everything_and_fills_the_rest_with_its_own_colours() -> None:
    poster = drawn(striped(1280, 720), Fit.PAD)
    assert poster.size == (1000, 1500)
    for y in (0.33, 0.5, 0.66):
        assert near(poster, 0.1, y, RED)
        assert near(poster, 0.5, y, GREEN)
        assert near(poster, 0.9, y, BLUE)
    assert all(near(poster, 0.5, y, GREEN) for y in (0.05, 0.95))


@pytest.mark.processes
@pytest.mark.parametrize("fit", [Fit.CROP, Fit.PAD])
def test_the_same_cover_is_the_same_poster_in_every_process(fit: Fit) -> None:
    data = striped(1280, 720, "JPEG")
    script = (
        "import sys; from worker.pictures.poster_fit import Fit, PosterFitter\n"
        f"fitted = PosterFitter(Fit({fit.value!r})).fit(sys.stdin.buffer.read())\n"
        "sys.stdout.buffer.write(fitted)"
    )
    other = subprocess.run(
        [sys.executable, "-c", script], input=data, cwd=ROOT, capture_output=True, check=True
    )
    assert other.stdout == PosterFitter(fit).fit(data)


TURNED = Image.Exif()
TURNED[0x0112] = 6  # turn by a quarter: what is stored wide is shown upright
ODD = {
    "upright": striped(400, 600),
    "nearly square": striped(599, 600),
    "turned upright": striped(600, 400, "JPEG", exif=TURNED),
    "cut": striped(640, 480)[:300],
    "no image": b"\xff\xd8\xff\xe0 nothing",
    "empty": b"",
    "an AVIF's head alone": b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf",
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("fit", [Fit.CROP, Fit.PAD])
def test_what_is_upright_or_unreadable_stays_as_it_is(name: str, fit: Fit) -> None:
    assert PosterFitter(fit).fit(ODD[name]) == ODD[name]


def test_a_picture_that_unpacks_to_too_much_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    data = striped(640, 480)
    for pixels in (200_000, 100_000):  # Pillow warns of the one, and refuses the other
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", pixels)
        assert draw(data, Fit.PAD) is None


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "BMP", "PNG"])
def test_every_kind_and_mode_of_picture(kind: str) -> None:
    modes = {"GIF": ["P", "L"], "WEBP": ["RGB", "RGBA"], "BMP": ["RGB", "1"]}
    for mode in modes.get(kind, ["P", "LA", "RGBA", "I;16"]):
        assert drawn(saved(Image.new(mode, (64, 36)), kind), Fit.PAD).size == (64, 96)


def test_transparent_parts_are_black() -> None:
    clear = Image.new("RGBA", (64, 36), (255, 255, 255, 0))
    assert near(drawn(saved(clear), Fit.CROP), 0.5, 0.5, (0, 0, 0))


def test_nothing_is_loaded_and_nothing_done_unless_asked() -> None:
    def never() -> Draw | None:
        raise AssertionError("loaded")

    fitter = PosterFitter(Fit.NONE, never)
    data = striped(64, 36)
    assert fitter.applied is Fit.NONE
    assert fitter.fit(data) is data


def test_without_pillow_covers_stay_and_one_line_says_so(caplog: pytest.LogCaptureFixture) -> None:
    fitter = PosterFitter(Fit.CROP, lambda: None)
    data = striped(64, 36)
    assert not caplog.records
    for _ in range(3):
        assert fitter.fit(data) is data
    assert fitter.applied is Fit.NONE
    assert fitter.wanted is Fit.CROP
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert "'crop'" in record.getMessage()
    assert "Pillow is not installed" in record.getMessage()


@pytest.mark.processes
def test_the_product_runs_where_pillow_is_not() -> None:
    script = (
        "import sys; sys.modules['PIL'] = None\n"
        "import app.wiring, worker.pictures.sync\n"
        "from worker.pictures.poster_fit import Fit, PosterFitter, load_pillow\n"
        "assert load_pillow() is None\n"
        "assert PosterFitter(Fit.PAD).fit(b'cover') == b'cover'\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_pillow_is_loaded_where_it_is() -> None:
    assert load_pillow() is draw


@pytest.mark.processes
def test_pillow_is_not_imported_before_it_is_asked_for() -> None:
    script = (
        "import sys; from worker.pictures.poster_fit import Fit, PosterFitter\n"
        "import worker.pictures.sync\n"
        "PosterFitter(Fit.NONE).fit(b'x'); fitter = PosterFitter(Fit.PAD)\n"
        "assert 'PIL' not in sys.modules; fitter.fit(b'x'); assert 'PIL' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
