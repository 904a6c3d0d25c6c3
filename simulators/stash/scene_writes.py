"""The mutations of scenes and their files, with the hooks that they fire, or do not.

Everything commits first; then one hook process per plugin hook and scene runs, in order, and only
then the client gets its answer. sceneMerge, sceneAssignFile, covers, file moves and plays fire
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulators.stash.library import NO_ROWS, StashError, pick, to_num
from simulators.stash.model import Scene
from simulators.stash.state import RequestContext

Given = Mapping[str, Any]
UPDATED, DESTROYED = "Scene.Update.Post", "Scene.Destroy.Post"


class SceneMutations:
    """Method `scene_update` resolves the field `sceneUpdate`, and so on."""

    async def scene_create(self, ctx: RequestContext, input_: Given) -> Scene | None:
        scene = ctx.sim.changes.create_scene(input_)
        await ctx.sim.fire(ctx.caller, "Scene.Create.Post", scene.num)
        return ctx.library.scenes.get(scene.num)

    async def scene_update(self, ctx: RequestContext, input_: Given) -> Scene | None:
        scene = ctx.sim.changes.scene(input_["id"])
        ctx.sim.changes.update_scene(scene, input_)
        payload = ctx.sim.whole_input("SceneUpdateInput", input_)
        await ctx.sim.fire(ctx.caller, UPDATED, scene.num, payload, input_)
        return ctx.library.scenes.get(scene.num)

    async def bulk_scene_update(self, ctx: RequestContext, input_: Given) -> list[Scene] | None:
        """Null without ids. An input that clears a field by null is no different to its hooks from
        one that leaves it alone, but for `inputFields`."""
        nums = [to_num(text, "converting ids") for text in input_.get("ids") or ()]
        if not all(num in ctx.library.scenes for num in nums):
            raise StashError(NO_ROWS)
        scenes = [ctx.library.scenes[num] for num in nums]
        values = {key: value for key, value in input_.items() if key != "ids"}
        for scene in scenes:
            ctx.sim.changes.update_scene(scene, values)
        payload = ctx.sim.whole_input("BulkSceneUpdateInput", input_)
        for scene in scenes:
            await ctx.sim.fire(ctx.caller, UPDATED, scene.num, payload, input_)
        return [scene for scene in scenes if scene.num in ctx.library.scenes] or None

    async def scene_destroy(self, ctx: RequestContext, input_: Given) -> bool:
        scene = ctx.sim.changes.scene(input_["id"])
        ctx.sim.changes.destroy_scene(scene, bool(input_.get("delete_file")))
        payload = ctx.sim.whole_input("SceneDestroyInput", input_) | file_facts(scene)
        await ctx.sim.fire(ctx.caller, DESTROYED, scene.num, payload)
        return True

    async def scenes_destroy(self, ctx: RequestContext, input_: Given) -> bool:
        scenes = pick(ctx.library.scenes, input_["ids"], "scene")
        for scene in scenes:
            ctx.sim.changes.destroy_scene(scene, bool(input_.get("delete_file")))
        payload = ctx.sim.whole_input("ScenesDestroyInput", input_)
        for scene in scenes:
            await ctx.sim.fire(ctx.caller, DESTROYED, scene.num, payload | file_facts(scene))
        return True


def file_facts(scene: Scene) -> dict[str, str]:
    """What a destroy hook still learns of the scene."""
    primary = scene.files[0] if scene.files else None
    return {
        "checksum": "",
        "oshash": primary.oshash if primary else "",
        "path": primary.path if primary else "",
    }
