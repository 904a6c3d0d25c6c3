"""What the page does at once: it changes what we keep, and never Plex."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from app import stopping
from app.arguments import filters, numbers
from app.page import public_figures
from app.page.context import PageContext
from app.page.gaps import FILTERS, can_sync, wanted_by
from app.page.running_task import running_now
from app.page.sync_request import ask_for_sync
from app.page.task_titles import title_of_mode
from app.tasks.dead_letters import FILTERS as DEAD_FILTERS
from app.tasks.dead_letters import dead_like
from core.change_words import counted
from core.errors import ConfigError, StateError
from storage.page.log_lines import LogLine
from sync_queue.jobs import EDIT

REASON = "page: asked for by the user"
LEFT_ALONE = "left alone by reconciles, changes and tasks until you say otherwise"


def sync_scenes(context: PageContext) -> dict[str, Any]:
    """Queue scenes before all bulk work, and have them brought to Plex; of all that a filter shows,
    those that a sync can help."""
    scene_ids = _scene_ids(context)
    with context.open_page() as page:
        known, titles = page.findings.of_scenes(scene_ids), page.findings.titles(scene_ids)
    with context.open_state() as state:
        ignored = state.ignored.ids()
        wanted = [each for each in scene_ids if each not in ignored]
        if "filter" in context.args:
            wanted = [each for each in wanted if each in known and can_sync(known[each])]
        known_records = state.records.get_many(wanted).values()
        undone = [replace(record, undone=False) for record in known_records if record.undone]
        state.records.save_many(undone)  # what was undone is wanted again
    jobs = [
        {
            "scene_id": each,
            "reason": REASON,
            "data": {
                "title": titles.get(each, ""),
                "path": known[each].path if each in known else "",
            },
        }
        for each in wanted
    ]
    with context.open_queue() as queue:
        queue.put_many(jobs, priority=EDIT)
    if wanted:
        ask_for_sync(context, wanted[-1])
    left = sum(each in ignored for each in scene_ids)
    apart = f" {_count(left)} left alone, since you ignore {_them(left)}." if left else ""
    undecided = len(scene_ids) - left - len(wanted)
    if undecided:
        apart += f" {_count(undecided)} left out, since no sync can help {_them(undecided)} yet."
    return _done(context, "queued", len(wanted), f"{_count(len(wanted))} queued.{apart}")


def ignore_scenes(context: PageContext) -> dict[str, Any]:
    """Leave scenes alone; what waits of them, or was given up on, is dropped."""
    scene_ids = _scene_ids(context)
    with context.open_page() as page:
        known = page.findings.titles(scene_ids)
        titles = {each: known.get(each, "") for each in scene_ids}
        with context.open_state() as state:
            changed = state.ignored.add(titles, context.clock())
        page.findings.note_ignored(titles)
    with context.open_queue() as queue:
        queue.drop_scenes(scene_ids)
        queue.drop_scenes(scene_ids, is_dead=True)
    return _done(context, "changed", changed, f"{_count(changed)} {LEFT_ALONE}.")


def unignore_scenes(context: PageContext) -> dict[str, Any]:
    """Leave scenes alone no longer."""
    scene_ids = _scene_ids(context)
    with context.open_state() as state:
        changed = state.ignored.remove(scene_ids)
    with context.open_page() as page:
        page.findings.note_unignored(scene_ids)
    text = f"{_count(changed)} no longer ignored. The next reconcile looks at {_them(changed)}."
    return _done(context, "changed", changed, text)


def drop_dead_letters(context: PageContext) -> dict[str, Any]:
    """Forget that scenes were given up on; `filter` means all that the list shows so."""
    told = filters(context.args, DEAD_FILTERS)
    with context.open_queue() as queue:
        if told is not None:
            scene_ids: Sequence[int] = [job.scene_id for job in dead_like(queue, told)]
        else:
            scene_ids = _scene_ids(context)
        changed = queue.drop_scenes(scene_ids, is_dead=True)
    if not changed:
        return _done(context, "changed", 0, "None of these scenes was given up on.")
    what = counted(changed, "dead letter is", "dead letters are")
    return _done(context, "changed", changed, f"{what} gone.")


def stop_run(context: PageContext) -> dict[str, Any]:
    """Ask the task that runs to end once the scenes in hand are done."""
    running = running_now(context.data_dir, context.clock())
    if running is None:
        return {"text": "No task of Stash2Plex runs."}
    try:
        stopping.request(context.data_dir)
    except OSError as error:
        raise StateError(f"Nothing can be written to {context.data_dir}: {error}.") from error
    return {"text": f"{title_of_mode(running.mode)} ends once the scenes in hand are done."}


def _scene_ids(context: PageContext) -> Sequence[int]:
    """The scenes that are meant, each once; `filter` means all that the list of gaps shows so.

    Raises:
        ConfigError: none is named, a filter is not known, or something that is no scene.
    """
    told = filters(context.args, FILTERS)
    if told is not None:
        with context.open_page() as page:
            return page.findings.ids(wanted_by(told))
    scene_ids = numbers(context.args, "scene_ids")
    if not scene_ids:
        raise ConfigError("The argument 'scene_ids' is missing: the scenes that are meant.")
    return list(dict.fromkeys(scene_ids))


def _count(scenes: int) -> str:
    return counted(scenes, "scene is", "scenes are")


def _them(scenes: int) -> str:
    return "it" if scenes == 1 else "them"


def _done(context: PageContext, name: str, count: int, text: str) -> dict[str, Any]:
    """The answer; it is noted in the log, and the published figures are brought up to date."""
    now, mode = context.clock(), str(context.args.get("mode") or "")
    with context.open_page() as page:
        page.log.add([LogLine(now, "info", text, f"{int(now * 1000):x}-{os.getpid()}", mode)])
    public_figures.publish(context)
    return {name: count, "text": text}
