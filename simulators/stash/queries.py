"""The resolvers of the query root."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any

from simulators.stash.filters import performer_test
from simulators.stash.jobs import WORKERS, Job
from simulators.stash.library import by_ids, to_num
from simulators.stash.model import Scene
from simulators.stash.plugin_config import Operation, Plugin
from simulators.stash.plugin_settings import StoredSettings
from simulators.stash.state import RequestContext

Given = Mapping[str, Any] | None


class Queries:
    """Method `find_scenes` resolves the field `findScenes`, and so on."""

    def find_scene(self, ctx: RequestContext, id_: Any = None) -> Scene | None:
        return None if id_ is None else ctx.library.scenes.get(to_num(id_))

    def find_scenes(
        self,
        ctx: RequestContext,
        scene_filter: Given = None,
        scene_ids: Sequence[int] | None = None,
        ids: Sequence[str] | None = None,
        filter_: Given = None,
    ) -> SimpleNamespace:
        finder, sim = ctx.sim.finder, ctx.sim
        if ids or scene_ids:
            twins = bool(ids) and sim.since("0.30")
            page = matched = finder.scenes_by_ids(ids or scene_ids or (), twins)
        else:
            page, matched = finder.scenes(scene_filter or {}, filter_ or {}, sim.since("0.26"))
        return SimpleNamespace(scenes=page, count=len(matched))

    def version(self, ctx: RequestContext) -> SimpleNamespace:
        version = ctx.sim.switches["version"]
        return SimpleNamespace(version=version, hash="0123abcd", build_time="2026-01-11 07:00:00")

    def configuration(self, ctx: RequestContext) -> SimpleNamespace:
        general = SimpleNamespace(
            stashes=[],
            apiKey=ctx.api_key,
            username=ctx.caller.user,
            password="",
            maxSessionAge=ctx.sim.switches["max_session_age"],
            parallelTasks=WORKERS,
            pythonPath="",
        )
        defaults = SimpleNamespace(
            scan=None, autoTag=None, generate=None, deleteFile=False, deleteGenerated=True
        )
        settings = StoredSettings(
            ctx.sim.plugin_settings,
            through_snake_case=not ctx.sim.since("0.26"),
        )
        return SimpleNamespace(general=general, defaults=defaults, ui={}, plugins=settings)

    def plugins(self, ctx: RequestContext) -> list[SimpleNamespace] | None:
        host = ctx.sim.host
        return [_view(plugin, plugin.id not in host.disabled) for plugin in host.plugins] or None

    def logs(self, ctx: RequestContext) -> list[SimpleNamespace]:
        newest = reversed(ctx.sim.log.entries[-30:])
        return [
            SimpleNamespace(
                time=entry["time"],
                level="Debug" if entry["level"] == "none" else entry["level"].capitalize(),
                message=entry["message"],
            )
            for entry in newest
        ]

    def job_queue(self, ctx: RequestContext) -> list[Job] | None:
        return ctx.sim.jobs.listed()

    def find_job(self, ctx: RequestContext, input_: Mapping[str, Any]) -> Job | None:
        return ctx.sim.jobs.find(str(to_num(input_["id"])))


_KINDS = ("performer", "studio", "tag", "group", "movie", "folder")


def entity_queries() -> dict[str, Callable[..., Any]]:
    """The resolvers by name: `find_tag` resolves the field `findTag`, and so on."""
    one = {f"find_{kind}": partial(_one, kind) for kind in _KINDS}
    return {**one, **{f"find_{kind}s": partial(_some, kind) for kind in _KINDS}}


def _rows(kind: str, ctx: RequestContext) -> Mapping[int, Any]:
    if kind == "folder":
        return {folder.num: folder for folder in ctx.library.folders.values()}
    return ctx.sim.entities.rows("group" if kind == "movie" else kind)


def _one(kind: str, ctx: RequestContext, id_: Any) -> Any:
    return _rows(kind, ctx).get(to_num(id_))


def _some(
    kind: str,
    ctx: RequestContext,
    performer_filter: Given = None,
    filter_: Given = None,
    performer_ids: Sequence[int] | None = None,
    ids: Sequence[str] | None = None,
) -> SimpleNamespace:
    """A page under the name that the query asks for, and the number of all."""
    rows, wanted = _rows(kind, ctx), ids or performer_ids
    if wanted:
        page: Sequence[Any] = by_ids(rows, wanted, kind, reject_twins=ctx.sim.since("0.30"))
        return SimpleNamespace(**{f"{kind}s": page}, count=len(page))
    test = performer_test(performer_filter) if performer_filter else None
    page, count = ctx.sim.finder.entities(kind, rows, test, filter_ or {})
    return SimpleNamespace(**{f"{kind}s": page}, count=count)


def _view(plugin: Plugin, enabled: bool) -> SimpleNamespace:
    """A plugin as GraphQL shows it; empty lists are null, as nil slices of nullable lists."""
    view = SimpleNamespace(
        id=plugin.id,
        name=plugin.name,
        description=plugin.description,
        url=plugin.url,
        version=plugin.version,
        enabled=enabled,
        requires=list(plugin.requires) or None,
        paths=SimpleNamespace(javascript=None, css=None),
        settings=plugin.settings,
    )
    view.tasks = [_operation(task, view) for task in plugin.tasks] or None
    view.hooks = [_operation(hook, view) for hook in plugin.hooks] or None
    return view


def _operation(operation: Operation, plugin: SimpleNamespace) -> SimpleNamespace:
    return SimpleNamespace(
        name=operation.name,
        description=operation.description,
        hooks=list(operation.triggered_by) or None,
        plugin=plugin,
    )
