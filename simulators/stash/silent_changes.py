"""Changes behind the plugin's back: what Stash does, or what its data may be, without any hook.

Each is one action of POST /_sim/edit, {"action": name, ...}; the answer is {"ok": true}.

    action            parameters                              scene's updated_at
    edit_scene        scene_id, values (SceneUpdateInput)     now (hooks of a bulk edit cut off)
    create_scene      values (SceneCreateInput)               now
    import_scene      scene (as in the seed)                  as given
    import_scenes     scenes (likewise); no other is left     as given
    destroy_scene     scene_id                                -
    merge_scenes      source [ids], destination               now, of the destination
    auto_tag          scene_id, performer_ids, tag_ids,       now
                      studio_id
    cover             scene_id, cover (seed string or null)   now
    assign_file       scene_id, file_id                       unchanged
    attach_file       scene_id, file {path, size, ...}        now
    move_file         file_id, path                           unchanged
    rename_folder     path, to (with all that is below)       unchanged (the files' too)
    drop_file         file_id (a clean that finds it gone)    now, if others are left
    delete_file       file_id                                 unchanged
    play, count_o     scene_id                                unchanged
    create, update    kind (performer, studio, tag), [id,]    unchanged (the entity's moves)
                      values
    destroy           kind, id                                unchanged
    merge_tags        source [ids], destination               unchanged (the tag's too)
    set               kind (scene, file, performer, studio,   as given
                      tag), id, attributes
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulators.stash.library import StashError, pick
from simulators.stash.state import Simulator

Given = Mapping[str, Any]


class SilentEdits:
    """Method `auto_tag` is the action "auto_tag", and so on."""

    def __init__(self, sim: Simulator) -> None:
        self._sim = sim
        self._changes = sim.changes
        self._entities = sim.entities

    def edit(self, request: Given) -> dict[str, Any]:
        """Does one action.

        Raises:
            StashError: it is unknown, or cannot be done.
            KeyError: a parameter is missing.
        """
        name = request["action"]
        if name.startswith("_") or name == "edit" or name not in vars(SilentEdits):
            raise StashError(f"unknown action {name!r}")
        result = getattr(self, name)(request)
        self._sim.library.touch()
        return {"ok": True} if result is None else {"ok": True, "id": result}

    def edit_scene(self, given: Given) -> None:
        self._changes.update_scene(self._changes.scene(given["scene_id"]), given["values"])

    def create_scene(self, given: Given) -> int:
        return self._changes.create_scene(given["values"]).num

    def import_scene(self, given: Given) -> int:
        return self._changes.import_scene(given["scene"]).num

    def import_scenes(self, given: Given) -> None:
        for scene in given["scenes"]:
            self._changes.import_scene(scene)
        for num in self._sim.library.scenes.keys() - {each["id"] for each in given["scenes"]}:
            self._changes.destroy_scene(self._changes.scene(num))

    def destroy_scene(self, given: Given) -> None:
        self._changes.destroy_scene(self._changes.scene(given["scene_id"]))

    def merge_scenes(self, given: Given) -> None:
        sources = pick(self._sim.library.scenes, given["source"], "scene")
        self._changes.merge_scenes(sources, self._changes.scene(given["destination"]))

    def auto_tag(self, given: Given) -> None:
        library = self._sim.library
        studio = given.get("studio_id")
        self._changes.auto_tag(
            self._changes.scene(given["scene_id"]),
            pick(library.performers, given.get("performer_ids") or (), "performer"),
            pick(library.tags, given.get("tag_ids") or (), "tag"),
            None if studio is None else pick(library.studios, [studio], "studio")[0],
        )

    def cover(self, given: Given) -> None:
        self._changes.set_cover(self._changes.scene(given["scene_id"]), given["cover"])

    def assign_file(self, given: Given) -> None:
        scene = self._changes.scene(given["scene_id"])
        self._changes.assign_file(scene, self._changes.file(given["file_id"]))

    def attach_file(self, given: Given) -> int:
        scene = self._changes.scene(given["scene_id"])
        file = self._changes.add_file(given["file"])
        self._changes.attach_file(scene, file)
        return file.num

    def move_file(self, given: Given) -> None:
        self._changes.move_file(self._changes.file(given["file_id"]), given["path"])

    def rename_folder(self, given: Given) -> None:
        library = self._sim.library
        library.rename_on_disk(given["path"], given["to"])
        self._changes.rename_folder(library.folders[given["path"]], given["to"])

    def drop_file(self, given: Given) -> None:
        self._changes.drop_file(self._changes.file(given["file_id"]))

    def delete_file(self, given: Given) -> None:
        self._changes.delete_file(self._changes.file(given["file_id"]))

    def play(self, given: Given) -> None:
        self._changes.play(self._changes.scene(given["scene_id"]))

    def count_o(self, given: Given) -> None:
        self._changes.count_o(self._changes.scene(given["scene_id"]))

    def create(self, given: Given) -> int:
        return self._entities.create(given["kind"], given["values"]).num

    def update(self, given: Given) -> None:
        entity = self._entities.entity(given["kind"], given["id"])
        self._entities.update(given["kind"], entity, given["values"])

    def destroy(self, given: Given) -> None:
        entity = self._entities.entity(given["kind"], given["id"])
        self._entities.destroy(given["kind"], entity)

    def merge_tags(self, given: Given) -> None:
        sources = pick(self._sim.library.tags, given["source"], "tag")
        destination = self._entities.entity("tag", given["destination"])
        self._entities.merge_tags(sources, destination)

    def set(self, given: Given) -> None:
        library = self._sim.library
        tables: dict[str, dict[int, Any]] = {"scene": library.scenes, "file": library.files}
        rows = tables.get(given["kind"]) or self._entities.rows(given["kind"])
        entity = pick(rows, [given["id"]], given["kind"])[0]
        for name, value in given["attributes"].items():
            setattr(entity, name, value)
