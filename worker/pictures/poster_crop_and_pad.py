"""Draws 2:3 posters. The only module that needs Pillow, imported when it is asked for.

What is drawn depends on nothing but the bytes that come in, so that the same cover is the same
poster, and Plex, which names pictures by their bytes, gets it once.
"""

from __future__ import annotations

import struct
import warnings
from io import BytesIO

from PIL import Image, ImageFilter, ImageOps

from core.images import Fit

WIDTH = 1000  # pixels; the frame of a 4K video would make a poster of megabytes
_QUALITY = 90
# A blur hides all detail, so it is made of a small picture, in a fraction of the time.
_BLURRED = (100, 150)
_BLUR_RADIUS = 6
_UNREADABLE = (
    OSError,  # Pillow's usual one, and its UnidentifiedImageError
    SyntaxError,  # damaged PNG
    ValueError,
    EOFError,
    struct.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


def draw(data: bytes, fit: Fit) -> bytes | None:
    """The bytes of a 2:3 JPEG; None for what is upright already, and for what is unreadable."""
    try:
        picture = _opened(data)
    except _UNREADABLE:
        return None
    if picture is None:
        return None
    poster = _cropped(picture) if fit is Fit.CROP else _padded(picture)
    buffer = BytesIO()
    poster.save(buffer, "JPEG", quality=_QUALITY, optimize=True)
    return buffer.getvalue()


def _opened(data: bytes) -> Image.Image | None:
    """The picture turned as its camera says, on black where it is transparent; None if upright."""
    with warnings.catch_warnings():
        # Pillow only warns of pictures that unpack to hundreds of megabytes.
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(BytesIO(data)) as opened:
            ImageOps.exif_transpose(opened, in_place=True)
            if opened.width < opened.height:
                return None
            if not opened.has_transparency_data:
                return opened.convert("RGB")
            layer = opened.convert("RGBA")
    picture = Image.new("RGB", layer.size)
    picture.paste(layer, mask=layer.getchannel("A"))
    return picture


def _cropped(picture: Image.Image) -> Image.Image:
    """The middle of the picture at its full height: heads are mostly at the top."""
    kept = max(1, round(picture.height * 2 / 3))
    left = (picture.width - kept) // 2
    return _no_wider(picture.crop((left, 0, left + kept, picture.height)))


def _padded(picture: Image.Image) -> Image.Image:
    """The whole picture across its own middle, cropped and blurred."""
    front = _no_wider(picture)
    size = (front.width, max(1, round(front.width * 3 / 2)))
    small = ImageOps.fit(picture, _BLURRED, Image.Resampling.BILINEAR)
    blurred = small.filter(ImageFilter.GaussianBlur(_BLUR_RADIUS))
    poster = blurred.resize(size, Image.Resampling.BICUBIC)
    poster.paste(front, (0, (size[1] - front.height) // 2))
    return poster


def _no_wider(picture: Image.Image) -> Image.Image:
    if picture.width <= WIDTH:
        return picture
    height = max(1, round(picture.height * WIDTH / picture.width))
    return picture.resize((WIDTH, height), Image.Resampling.LANCZOS)
