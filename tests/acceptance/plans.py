"""What a preview has planned and what a run has written, in one shape."""

from __future__ import annotations

import dataclasses
from typing import Any

from app.tasks.preview import apply_preview
from core.models import ItemRef, Value
from tests.acceptance.site import Site
from tests.stored import journal_of, plan_of

# item, field, before, after; lists without their order
Edit = tuple[ItemRef, str, object, object]


def apply(site: Site, **args: object) -> dict[str, Any]:
    with site.context() as context:
        return apply_preview(dataclasses.replace(context, args=args))


def planned(site: Site, run_id: int) -> set[Edit]:
    with site.state() as state:
        return {
            (each.ref, each.change.field, _plain(each.change.before), _plain(each.change.after))
            for each in plan_of(state, run_id)
        }


def written(site: Site, kind: str) -> list[Edit]:
    """What the last run of a kind wrote, by its journal."""
    with site.state() as state:
        (run,) = state.runs.latest(kind, limit=1)
        return [
            (each.ref, each.field, _plain(each.before), _plain(each.after))
            for each in journal_of(state, run.id)
        ]


def _plain(value: Value) -> object:
    return frozenset(value) if isinstance(value, tuple) else value
