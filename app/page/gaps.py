"""The lists of the last reconcile: gaps, and items of Plex that no scene has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.arguments import choice, text
from app.page.context import PageContext
from app.page.paging import Paging
from app.page.plex_links import links
from core.finding_types import AMBIGUOUS, CONTESTED, IGNORED, OUTSIDE, TITLES
from storage.page.finding_query import ORDERS, FindingQuery
from storage.page.findings import Finding
from storage.page.page_facts import LAST

FILTERS = ("type", "studio", "library", "text", "sort")
# No sync can tell which item it is, or bring it to one that is not there.
UNDECIDED = (AMBIGUOUS, CONTESTED, OUTSIDE)


def page_gaps(context: PageContext) -> dict[str, Any]:
    """The gaps by `type`, `studio`, `library` and `text`, in the order `sort`."""
    wanted, paging = wanted_by(context.args), Paging.of(context.args)
    with context.open_page() as page:
        total, found = page.findings.page(wanted, paging.offset, paging.per_page)
        facets = page.findings.facets()
        told = {"as_of_at": page.get_value(LAST).get("at"), "plex": links(page)}
    with context.open_queue() as queue:
        scene_ids = [each.scene_id for each in found]
        queued, held = queue.queued_among(scene_ids), queue.held_among(scene_ids)
    rows = [
        _row(each, is_queued=each.scene_id in queued, is_held=each.scene_id in held)
        for each in found
    ]
    named = {
        kind: [{"name": name, "count": count} for name, count in counts]
        for kind, counts in facets.items()
    }
    types = {"type_titles": dict(TITLES), "undecided_types": UNDECIDED}
    return {**paging.reply(total, rows), "facets": named, **types, **told}


def wanted_by(args: Mapping[str, object]) -> FindingQuery:
    """What arguments ask for. Raises ConfigError: one makes no sense."""
    kind, sort = choice(args, "type", TITLES), choice(args, "sort", ORDERS) or "title"
    return FindingQuery(kind, text(args, "studio"), text(args, "library"), text(args, "text"), sort)


def _row(each: Finding, *, is_queued: bool, is_held: bool) -> dict[str, Any]:
    return {
        **each.row(),
        "updated_at": each.updated_at or None,
        "queued": is_queued,
        "held": is_held,
        "ignored": each.type == IGNORED,
        "can_sync": can_sync(each),
    }


def can_sync(gap: Finding) -> bool:
    """Whether a sync can close it."""
    return gap.type not in UNDECIDED and gap.says_enough


def page_orphans(context: PageContext) -> dict[str, Any]:
    """The items that no scene's file matches, by `library` and `text`."""
    args, paging = context.args, Paging.of(context.args)
    with context.open_page() as page:
        total, found = page.orphans.page(
            text(args, "library"), text(args, "text"), paging.offset, paging.per_page
        )
        counts = page.orphans.count()
        told = {"as_of_at": page.get_value(LAST).get("at"), "plex": links(page)}
    facets = {"libraries": [{"name": name, "count": count} for name, count in counts.items()]}
    return {**paging.reply(total, [each.row() for each in found]), "facets": facets, **told}
