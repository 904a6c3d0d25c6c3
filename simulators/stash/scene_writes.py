"""The mutations of scenes and their files, with the hooks that they fire, or do not.

Everything commits first; then one hook process per plugin hook and scene runs, in order, and only
then the client gets its answer. sceneMerge, sceneAssignFile, covers, file moves and plays fire
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from simulators.stash.jobs import Job
from simulators.stash.library import NO_ROWS, StashError, pick, to_num
from simulators.stash.model import Scene, split_path
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

    async def scenes_update(
        self, ctx: RequestContext, input_: Sequence[Given]
    ) -> list[Scene | None]:
        """Each hook gets the whole array, and the fields of its own scene's entry."""
        scenes = [ctx.sim.changes.scene(entry["id"]) for entry in input_]
        for scene, entry in zip(scenes, input_, strict=True):
            ctx.sim.changes.update_scene(scene, entry)
        payload = [ctx.sim.whole_input("SceneUpdateInput", entry) for entry in input_]
        for scene, entry in zip(scenes, input_, strict=True):
            await ctx.sim.fire(ctx.caller, UPDATED, scene.num, payload, entry)
        return [ctx.library.scenes.get(scene.num) for scene in scenes]

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

    def scene_merge(self, ctx: RequestContext, input_: Given) -> Scene:
        changes = ctx.sim.changes
        destination = changes.scene(input_["destination"])
        try:
            sources = pick(ctx.library.scenes, input_["source"], "scene")
        except StashError as error:
            raise StashError(f"finding source scenes: {error}") from None
        changes.merge_scenes(sources, destination, input_.get("values") or {}, input_)
        return destination

    def scene_assign_file(self, ctx: RequestContext, input_: Given) -> bool:
        changes = ctx.sim.changes
        changes.assign_file(changes.scene(input_["scene_id"]), changes.file(input_["file_id"]))
        return True

    def scene_generate_screenshot(
        self, ctx: RequestContext, id_: Any, at: float | None = None
    ) -> str:
        async def run(_job: Job) -> None:
            scene = ctx.sim.changes.scene(id_)
            ctx.sim.changes.set_cover(scene, f"screenshot of {scene.num} at {at}")

        ctx.sim.jobs.add(f"Generating screenshot for scene id {id_}", run)
        return "todo"

    def move_files(self, ctx: RequestContext, input_: Given) -> bool:
        folder, name = input_.get("destination_folder"), input_.get("destination_basename")
        if input_.get("destination_folder_id") is not None:
            rows = {row.num: row for row in ctx.library.folders.values()}
            folder = pick(rows, [input_["destination_folder_id"]], "folder")[0].path
        if folder is None:
            raise StashError("must specify destination folder or path")
        if name and len(input_["ids"]) != 1:
            raise StashError("must specify one file when providing destination path")
        for file_id in input_["ids"]:
            file = ctx.library.files.get(to_num(file_id, "converting ids"))
            if file is None:
                raise StashError(f"finding file {file_id}: getting file by id {file_id}: {NO_ROWS}")
            path = f"{folder}{split_path(file.path)[1]}{name or file.basename}"
            if path != file.path and any(row.path == path for row in ctx.library.files.values()):
                raise StashError(f"file {path} already exists")
            ctx.sim.changes.move_file(file, path)
        return True

    def delete_files(self, ctx: RequestContext, ids: Sequence[str]) -> bool:
        for file in pick(ctx.library.files, ids, "file"):
            ctx.sim.changes.delete_file(file)
        return True


def file_facts(scene: Scene) -> dict[str, str]:
    """What a destroy hook still learns of the scene."""
    primary = scene.files[0] if scene.files else None
    return {
        "checksum": "",
        "oshash": primary.oshash if primary else "",
        "path": primary.path if primary else "",
    }
