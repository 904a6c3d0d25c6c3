"""What of an item an answer has, and its `Media`, `Part` and `Stream` elements."""

from __future__ import annotations

from dataclasses import dataclass

from simulators.plex.model import Item, JsonObject, Media, Part
from simulators.plex.paths import extension


@dataclass(frozen=True, slots=True)
class Shape:
    """What of an item a request wants to see."""

    detail: bool = False
    xml: bool = False
    guids: bool = False
    check_files: bool = False
    without_elements: frozenset[str] = frozenset()
    without_fields: frozenset[str] = frozenset()


def media_elements(item: Item, shape: Shape) -> list[JsonObject]:
    return [_media(media, item, shape) for media in item.media]


def _media(media: Media, item: Item, shape: Shape) -> JsonObject:
    """A version. One that was never analysed has neither duration nor codecs."""
    body: JsonObject = {"id": media.id}
    container = extension(media.parts[0].file) if media.parts else None
    if media.duration is not None:
        body |= {
            "duration": media.duration,
            "bitrate": 6120,
            "width": 1920,
            "height": 1080,
            "aspectRatio": 1.78,
            "audioChannels": 2,
            "audioCodec": "aac",
            "videoCodec": "h264",
            "videoResolution": "1080",
            "container": container,
            "videoFrameRate": "24p",
            "optimizedForStreaming": 1,
            "audioProfile": "lc",
            "has64bitOffsets": False,
            "videoProfile": "high",
        }
    elif container:
        body["container"] = container
    if media.optimized_for is not None:
        title = f"Optimized for {media.optimized_for}"
        body |= {"title": title, "target": title, "proxyType": 42, "targetTagID": 7}
    elif any(each.optimized_for for each in item.media):
        body["title"] = "Original"
    if media.deleted_at is not None:
        body["deletedAt"] = media.deleted_at
    if "Part" not in shape.without_elements:
        body["Part"] = [_part(part, media, item, shape) for part in media.parts]
    return body


def _part(part: Part, media: Media, item: Item, shape: Shape) -> JsonObject:
    suffix = extension(part.file)
    body: JsonObject = {
        "id": part.id,
        "key": f"/library/parts/{part.id}/{item.added_at}/file.{suffix}",
    }
    if part.duration is not None:
        body["duration"] = part.duration
    if "file" not in shape.without_fields:
        body["file"] = part.file
    if part.size is not None:
        body["size"] = part.size
    if part.duration is not None:
        body |= {
            "audioProfile": "lc",
            "container": suffix,
            "has64bitOffsets": False,
            "optimizedForStreaming": True,
            "videoProfile": "high",
        }
    if shape.check_files:
        there = media.deleted_at is None and item.deleted_at is None
        body |= {"accessible": there, "exists": there}
    if shape.detail and part.duration is not None and "Stream" not in shape.without_elements:
        body["Stream"] = _streams(part)
    return body


def _streams(part: Part) -> list[JsonObject]:
    return [
        {
            "id": part.id * 10,
            "streamType": 1,
            "default": True,
            "codec": "h264",
            "index": 0,
            "bitrate": 5920,
            "height": 1080,
            "width": 1920,
            "displayTitle": "1080p (H.264)",
        },
        {
            "id": part.id * 10 + 1,
            "streamType": 2,
            "selected": True,
            "default": True,
            "codec": "aac",
            "index": 1,
            "channels": 2,
            "displayTitle": "Unknown (AAC Stereo)",
        },
    ]
