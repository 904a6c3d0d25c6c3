"""The mutations around plugins, their settings and jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from simulators.stash.jobs import Job, JobError
from simulators.stash.library import StashError, to_num
from simulators.stash.plugin_settings import stored
from simulators.stash.state import RequestContext

Given = Mapping[str, Any]


class PluginMutations:
    """Method `run_plugin_task` resolves the field `runPluginTask`, and so on."""

    def configure_plugin(self, ctx: RequestContext, plugin_id: str, input_: Any) -> Given:
        """Replaces the plugin's whole map; nothing about plugin, keys or types is checked."""
        if not isinstance(input_, Mapping):
            kind = "[]interface {}" if isinstance(input_, list) else "string"
            raise StashError(f"{kind} is not a map")
        ctx.sim.plugin_settings[plugin_id] = stored(input_)
        return ctx.sim.plugin_settings[plugin_id]

    def set_plugins_enabled(self, ctx: RequestContext, enabled_map: Mapping[str, bool]) -> bool:
        disabled = ctx.sim.host.disabled
        for plugin_id, enabled in enabled_map.items():
            (disabled.discard if enabled else disabled.add)(plugin_id)
        return True

    def reload_plugins(self, ctx: RequestContext) -> bool:
        ctx.sim.host.reload()
        return True

    def run_plugin_task(
        self,
        ctx: RequestContext,
        plugin_id: str,
        task_name: str | None = None,
        description: str | None = None,
        args: Sequence[Given] | None = None,
        args_map: Given | None = None,
    ) -> str:
        """Queues the task; nothing about plugin or task is checked before its job starts."""
        given = dict(args_map) if args_map is not None else _typed(args or ())
        host, caller = ctx.sim.host, ctx.caller

        async def run(job: Job) -> None:
            def progress(value: float) -> None:
                job.progress = value

            try:
                output = await host.run_task(caller, plugin_id, task_name, given, progress)
            except StashError as error:
                raise JobError(str(error)) from None
            job.outcome.update(
                output=output.output, plugin_error=output.error, stdout=output.stdout
            )

        name = plugin_id if task_name is None else task_name
        name = name if description is None else description
        return ctx.sim.jobs.add(f"Running plugin task: {name}", run).id

    async def run_plugin_operation(
        self, ctx: RequestContext, plugin_id: str, args: Given | None = None
    ) -> Any:
        return await ctx.sim.host.run_operation(ctx.caller, plugin_id, args or {})

    def stop_job(self, ctx: RequestContext, job_id: str) -> bool:
        ctx.sim.jobs.stop(str(to_num(job_id, "converting id")))
        return True

    def stop_all_jobs(self, ctx: RequestContext) -> bool:
        ctx.sim.jobs.stop_all()
        return True


def _typed(args: Sequence[Given]) -> dict[str, Any]:
    """The deprecated list of typed arguments as a map."""
    return {arg["key"]: _typed_value(arg.get("value")) for arg in args}


def _typed_value(value: Given | None) -> Any:
    for kind in ("str", "i", "b", "f"):
        if value and value.get(kind) is not None:
            return value[kind]
    if value and value.get("o") is not None:
        return _typed(value["o"])
    if value and value.get("a") is not None:
        return [_typed_value(entry) for entry in value["a"]]
    return None
