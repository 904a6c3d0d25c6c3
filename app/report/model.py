"""All that a report tells, as plain values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from core.fields import BY_NAME
from core.finding_types import GAPS, LEFT_ALONE, TITLES
from core.redaction import Redactor, short_name
from core.timestamps import rfc3339
from storage.page.finding_query import FindingQuery
from storage.page.findings import Finding
from storage.page.orphans import Orphan
from storage.page.page_facts import LAST
from storage.page.page_file import PageFile

ALL = 10**9  # rows
Hide = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Report:
    """What is told. Rows are JSON-able; see `_row`, `_orphan`.

    Attributes:
        made_at, as_of: RFC 3339, UTC; the second of the reconcile.
        counts: "scenes", "gaps", "left_alone", "orphans".
        by_type: how many scenes, by the words of their type.
        drift_by_field: how many scenes differ, by field in words.
    """

    made_at: str
    as_of: str
    version: str
    names_hidden: bool
    counts: Mapping[str, int]
    by_type: Mapping[str, int]
    drift_by_field: Mapping[str, int]
    gaps: list[dict[str, Any]]
    left_alone: list[dict[str, Any]]
    orphans: list[dict[str, Any]]


def read_report(page: PageFile, now: float, version: str, *, hides_names: bool) -> Report | None:
    """The report of the last whole reconcile; None before the first.

    Args:
        hides_names: paths, titles and names become short names.
    """
    last = page.get_value(LAST)
    if last.get("at") is None:
        return None
    hide: Hide = short_name if hides_names else _as_it_is
    gaps = [f for kind in GAPS for f in page.findings.page(FindingQuery(kind), 0, ALL)[1]]
    left = [f for kind in LEFT_ALONE for f in page.findings.page(FindingQuery(kind), 0, ALL)[1]]
    _, orphans = page.orphans.page("", "", 0, ALL)
    counts = Counter(each.type for each in (*gaps, *left))
    return Report(
        made_at=rfc3339(now),
        as_of=rfc3339(last["at"]),
        version=version,
        names_hidden=hides_names,
        counts={
            "scenes": int(last.get("scenes") or 0),
            "gaps": len(gaps),
            "left_alone": len(left),
            "orphans": len(orphans),
        },
        by_type={title: counts[kind] for kind, title in TITLES.items() if counts[kind]},
        drift_by_field=_by_field(gaps),
        gaps=[_row(each, hide) for each in gaps],
        left_alone=[_row(each, hide) for each in left],
        orphans=[_orphan(each, hide) for each in orphans],
    )


def _by_field(found: Iterable[Finding]) -> dict[str, int]:
    fields = Counter(name for each in found for name in each.altered)
    return {
        name.replace("_", " ").capitalize(): count
        for name, count in fields.most_common()
        if name in BY_NAME
    }


def _row(each: Finding, hide: Hide) -> dict[str, Any]:
    shown = each._replace(
        title=hide(each.title),
        studio=hide(each.studio),
        path=hide(each.path),
        reason=_reason(each, hide),
        items=tuple(item._replace(title=hide(item.title)) for item in each.items),
        candidates=tuple({**c, "path": hide(str(c.get("path", "")))} for c in each.candidates),
    )
    return {**shown.row(), "updated_at": rfc3339(each.updated_at) if each.updated_at else ""}


def _reason(each: Finding, hide: Hide) -> str:
    """A reason may name the file."""
    if hide is _as_it_is:
        return each.reason
    reason = each.reason
    for name in filter(None, (each.path, each.title)):
        reason = reason.replace(name, hide(name))
    return Redactor(hides_names=True).clean(reason)


def _orphan(each: Orphan, hide: Hide) -> dict[str, Any]:
    shown = each._replace(title=hide(each.title), path=hide(each.path))
    return {**shown.row(), "added_at": rfc3339(each.added_at) if each.added_at else ""}


def _as_it_is(text: str) -> str:
    return text
