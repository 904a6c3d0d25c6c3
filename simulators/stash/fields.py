"""How the fields of the output types are read from the entities.

A field that is not named here is the attribute of the same name. A reader gets the object, the
request's context and the field's arguments, and never raises; `simulators.stash.executor` compiles
readers into plain functions, so that a page of 500 scenes costs milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from simulators.stash.library import Library
from simulators.stash.model import Entity, Scene
from simulators.stash.plugin_settings import StoredSettings
from simulators.stash.times import unix


class ReadContext(Protocol):
    """What readers need of the request's context."""

    @property
    def base_url(self) -> str: ...

    @property
    def api_key(self) -> str: ...

    @property
    def library(self) -> Library: ...


@dataclass(frozen=True, slots=True)
class Constant:
    """The same value for every object."""

    value: Any


Reader = Callable[[Any, Any, Mapping[str, Any]], Any]


def _scene_path(suffix: str) -> Reader:
    def read(scene: Scene, ctx: ReadContext, _args: Mapping[str, Any]) -> str:
        return f"{ctx.base_url}/scene/{scene.id}/{suffix}"

    return read


def _screenshot(scene: Scene, ctx: ReadContext, _args: Mapping[str, Any]) -> str:
    return f"{ctx.base_url}/scene/{scene.id}/screenshot?t={unix(scene.updated_at)}"


def _stream(scene: Scene, ctx: ReadContext, _args: Mapping[str, Any]) -> str:
    key = f"?apikey={ctx.api_key}" if ctx.api_key else ""
    return f"{ctx.base_url}/scene/{scene.id}/stream{key}"


def _hash_path(suffix: str) -> Reader:
    def read(scene: Scene, ctx: ReadContext, _args: Mapping[str, Any]) -> str:
        digest = scene.files[0].oshash if scene.files else ""
        return f"{ctx.base_url}/scene/{digest}{suffix}"

    return read


def _scene_count(entity: Entity, ctx: ReadContext, _args: Mapping[str, Any]) -> int:
    return len(ctx.library.scenes_of(entity))


def _plugin_settings(
    config: Any, _ctx: ReadContext, args: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """All plugins that have settings, or those of `include`; untouched ones are absent."""
    settings: StoredSettings = config.plugins
    return settings.read(args.get("include"))


SCENE_FIELDS: Mapping[str, Reader | Constant] = MappingProxyType(
    {
        "o_counter": lambda scene, _ctx, _args: len(scene.o_history),
        "play_count": lambda scene, _ctx, _args: len(scene.play_history),
        "last_played_at": lambda scene, _ctx, _args: (
            scene.play_history[0] if scene.play_history else None
        ),
        "paths": lambda scene, _ctx, _args: scene,
        "movies": lambda scene, _ctx, _args: scene.groups,
    }
)
PATH_FIELDS: Mapping[str, Reader | Constant] = MappingProxyType(
    {
        "screenshot": _screenshot,
        "stream": _stream,
        "vtt": _hash_path("_thumbs.vtt"),
        "sprite": _hash_path("_sprite.jpg"),
        **{
            name: _scene_path(name)
            for name in ("preview", "webp", "funscript", "interactive_heatmap", "caption")
        },
    }
)
FILE_FIELDS: Mapping[str, Reader | Constant] = MappingProxyType(
    {
        "format": Constant("mp4"),
        "width": Constant(1920),
        "height": Constant(1080),
        "video_codec": Constant("h264"),
        "audio_codec": Constant("aac"),
        "frame_rate": Constant(29.97),
        "bit_rate": lambda file, _ctx, _args: int(file.size * 8 / max(file.duration, 1)),
    }
)
FIELDS: Mapping[str, Mapping[str, Reader | Constant]] = MappingProxyType(
    {
        "Scene": SCENE_FIELDS,
        "ScenePathsType": PATH_FIELDS,
        "VideoFile": FILE_FIELDS,
        "Studio": {"scene_count": _scene_count},
        "Performer": {"scene_count": _scene_count},
        "Tag": {"scene_count": _scene_count},
        "Group": {"scene_count": _scene_count},
        "Movie": {"scene_count": _scene_count},
        "ConfigResult": {"plugins": _plugin_settings},
    }
)
