"""The mutations of scenes and their files, with the hooks that they fire, or do not.

Everything commits first; then one hook process per plugin hook and scene runs, in order, and only
then the client gets its answer. sceneMerge, sceneAssignFile, covers, file moves and plays fire
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from simulators.stash_jobs import Job
from simulators.stash_library import StashError, pick
from simulators.stash_model import History, Scene, split_path
from simulators.stash_state import RequestContext

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

    async def bulk_scene_update(self, ctx: RequestContext, input_: Given) -> list[Scene]:
        scenes = pick(ctx.library.scenes, input_.get("ids") or (), "scene")
        values = {key: value for key, value in input_.items() if key != "ids"}
        for scene in scenes:
            ctx.sim.changes.update_scene(scene, values)
        payload = ctx.sim.whole_input("BulkSceneUpdateInput", input_)
        if ctx.sim.since("0.27"):
            payload = {key: value for key, value in payload.items() if value is not None}
        for scene in scenes:
            await ctx.sim.fire(ctx.caller, UPDATED, scene.num, payload, input_)
        return [scene for scene in scenes if scene.num in ctx.library.scenes]

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
        sources = pick(ctx.library.scenes, input_["source"], "scene")
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

    def scene_add_play(
        self, ctx: RequestContext, id_: Any, times: Sequence[str] | None = None
    ) -> History:
        scene = ctx.sim.changes.scene(id_)
        ctx.sim.changes.play(scene, times or ())
        return History(scene.play_history)

    def scene_add_o(
        self, ctx: RequestContext, id_: Any, times: Sequence[str] | None = None
    ) -> History:
        scene = ctx.sim.changes.scene(id_)
        ctx.sim.changes.count_o(scene, times or ())
        return History(scene.o_history)

    def scene_reset_o(self, ctx: RequestContext, id_: Any) -> int:
        ctx.sim.changes.scene(id_).o_history.clear()
        return 0

    def scene_save_activity(
        self,
        ctx: RequestContext,
        id_: Any,
        resume_time: float | None = None,
        play_duration: float | None = None,
    ) -> bool:
        scene = ctx.sim.changes.scene(id_)
        scene.resume_time = scene.resume_time if resume_time is None else resume_time
        scene.play_duration += play_duration or 0
        return True

    def move_files(self, ctx: RequestContext, input_: Given) -> bool:
        folder, name = input_.get("destination_folder"), input_.get("destination_basename")
        if input_.get("destination_folder_id") is not None:
            rows = {row.num: row for row in ctx.library.folders.values()}
            folder = pick(rows, [input_["destination_folder_id"]], "folder")[0].path
        if folder is None:
            raise StashError("must specify destination folder or path")
        if name and len(input_["ids"]) != 1:
            raise StashError("must specify one file when providing destination path")
        for file in pick(ctx.library.files, input_["ids"], "file"):
            separator = split_path(file.path)[1]
            ctx.sim.changes.move_file(file, f"{folder}{separator}{name or file.basename}")
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
