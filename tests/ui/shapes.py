"""What the plugin's operations answer, as a library of 120 gaps: for tests of the page alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from app.page.gaps import UNDECIDED
from app.page.labels import FAILURE_TITLES
from core.finding_types import TITLES

Answer = dict[str, Any]
NOW = 1_790_000_000.0
PER_PAGE = 12  # fewer than the plugin gives: a browser has less to draw
PROBE = '<img src=x onerror="window.probed=1"><script>window.probed=1</script>'
TYPES = ("missing", "empty_metadata", "stale_sync", "drift", "ambiguous")
PLEX = {"machine_identifier": "abc123", "web_url": "https://app.plex.tv/desktop/"}
REASONS = {
    "missing": "No item in Plex has this file. Plex may not have scanned its folder yet.",
    "empty_metadata": "The item in Plex has no metadata at all.",
    "stale_sync": "The scene was changed in Stash after its last sync.",
    "drift": "Title and genres in Plex are not what was written there.",
    "ambiguous": "Two items in Plex fit this scene equally well.",
}


def gap(number: int) -> Answer:
    kind = TYPES[number % len(TYPES)]
    title = f"{PROBE} {number}" if number == 1 else f"A Long Weekend, part {number}"
    items = [{"section": "1", "rating_key": str(100 + number), "title": title}]
    return {
        "scene_id": str(number),
        "title": title,
        "type": kind,
        "reason": REASONS[kind],
        "studio": PROBE if number == 1 else f"Studio {number % 7}",
        "library": "" if kind == "missing" else ("Movies", "Clips")[number % 2],
        "path": f"/data/films/studio {number % 7}/A Long Weekend, part {number} {'x' * 60}.mp4",
        "updated_at": NOW - 3600 * number,
        "items": [] if kind == "missing" else items,
        "queued": number % 11 == 0,
        "held": number == 110,
        "ignored": False,
        "can_sync": kind != "ambiguous" and number != 15,
    }


GAPS = [gap(number) for number in range(1, 121)]


def paged(rows: list[Answer], args: Mapping[str, Any], **more: Any) -> Answer:
    page, per_page = int(args.get("page", 1)), int(args.get("per_page", PER_PAGE))
    part = rows[(page - 1) * per_page : page * per_page]
    return {"total": len(rows), "page": page, "per_page": per_page, "rows": part, **more}


def facet(rows: list[Answer], name: str) -> list[Answer]:
    counted = Counter(str(row[name]) for row in rows if row[name])
    return [{"name": key, "count": n} for key, n in counted.most_common(50)]


def gaps(args: Mapping[str, Any]) -> Answer:
    rows = [
        row
        for row in GAPS
        if all(args.get(name) in (None, row[name]) for name in ("type", "studio", "library"))
        and str(args.get("text", "")).lower() in (row["title"] + row["path"]).lower()
    ]
    sort = str(args.get("sort") or "title")
    key = {"updated": "updated_at"}.get(sort.lstrip("-"), sort.lstrip("-"))
    rows.sort(key=lambda row: row[key], reverse=sort.startswith("-"))
    facets = {
        "types": facet(rows, "type"),
        "studios": facet(rows, "studio"),
        "libraries": facet(rows, "library"),
    }
    told = {
        "as_of_at": NOW,
        "plex": PLEX,
        "type_titles": dict(TITLES),
        "undecided_types": UNDECIDED,
    }
    return paged(rows, args, facets=facets, **told)


def overview(_args: Mapping[str, Any]) -> Answer:
    days = range(29, -1, -1)
    return {
        "version": "1.2.0",
        "headline": "120 of 9,800 scenes differ from Plex.",
        "tone": "attention",
        "needs_setup": False,
        "advice": [
            {"text": "Three scenes were given up on. Try them again.", "action": "retry_dlq"},
            {"text": "12 scenes are held back by the clear guard.", "action": "held"},
            {"text": "Something newer than this page.", "action": "dance"},
        ],
        "tiles": {
            "scenes": 9800,
            "left_alone": 5,
            "in_step": 9680,
            "in_step_percent": 98.8,
            "gaps": len(GAPS),
            "gaps_by_type": dict(Counter(row["type"] for row in GAPS)),
            "waiting": 5,
            "dead_letters": 3,
            "held": 12,
            "edits_waiting": 2,
        },
        "type_titles": dict(TITLES),
        "last_reconcile": {"at": NOW - 7200, "status": "done", "text": "It found 120 gaps."},
        "next_reconcile_at": NOW + 79200,
        "running": None,
        "failure": None,
        "services": [
            {"name": "Plex", "ok": True, "since_at": NOW - 86400, "text": "It answers."},
            {"name": "Stash's pictures", "ok": False, "since_at": NOW, "text": "They do not load."},
        ],
        "points": [
            {"at": NOW - 86400 * day, "gaps": 100 + day * day, "synced": (day % 5) * 30}
            for day in days
        ],
        "state": None,
    }


def field(name: str, label: str, stash: Any, plex: Any, **more: Any) -> Answer:
    known = {"differs": stash != plex, "kept": False, "kind": "line"}
    return {"name": name, "label": label, "stash": stash, "plex": plex, **known, **more}


def scene(args: Mapping[str, Any]) -> Answer:
    row = next(row for row in GAPS if row["scene_id"] == str(args["scene_id"]))
    candidates = [
        {
            "section": "1",
            "library": library,
            "rating_key": str(key),
            "title": f"A Long Weekend ({library})",
            "path": f"/media/{library}/weekend.mp4",
            "why": "Its file has the same name and the same size.",
        }
        for key, library in ((901, "Movies"), (902, "Clips"))
    ]
    ambiguous = row["type"] == "ambiguous"
    return {
        "scene_id": row["scene_id"],
        "title": row["title"],
        "state": {"missing": "missing", "ambiguous": "ambiguous"}.get(row["type"], "differs"),
        "headline": "Plex shows something else than Stash.",
        "reason": row["reason"],
        "fields": []
        if ambiguous
        else [
            field("title", "Title", row["title"], "Weekend"),
            field("summary", "Summary", "They go to the sea.", "They went to a lake.", kind="text"),
            field("tags", "Genres", ["Beach", "Summer", PROBE], ["Beach", "Winter"], kind="names"),
            field("studio", "Studio", "Studio 1", "Studio 1"),
            field("date", "Date", "2020-05-01", "", kind="date"),
            field("rating", "Rating", "4", "3", kind="rating", kept=True, differs=False),
        ],
        "items": [{**item, "library": "Movies", "path": "/m/a.mp4"} for item in row["items"]],
        "candidates": candidates if ambiguous else [],
        "queued": row["queued"],
        "held": row["held"],
        "pinned": row["scene_id"] == "2",
        "actions": ["sync", "ignore", "retry"],
        "plex": PLEX,
    }


def change(number: int, **more: Any) -> Answer:
    tags = number % 2
    return {
        "library": "Movies",
        "rating_key": str(100 + number),
        "item_title": f"Weekend {number}",
        "field": "tags" if tags else "title",
        "label": "Genres" if tags else "Title",
        "before": ["Beach", "Winter"] if tags else "Weekend",
        "after": ["Beach", PROBE] if tags else f"A Long Weekend, part {number}",
        "kind": "add" if tags else "set",
        "why": "Stash has changed since the last sync.",
        **more,
    }


def planned(number: int) -> Answer:
    changes = [change(number), change(number + 1)]
    title = f"A Long Weekend, part {number}"
    later = number == 2
    return {"scene_id": str(number), "title": title, "changes": changes, "in_later_run": later}


PLAN = [planned(number) for number in range(1, 61)]


def plan(args: Mapping[str, Any]) -> Answer:
    text, kind = str(args.get("text", "")).lower(), args.get("kind")
    rows = [
        row
        for row in PLAN
        if text in row["title"].lower()
        and (kind is None or any(each["kind"] == kind for each in row["changes"]))
    ]
    counts = {"scenes": 60, "items": 61, "set": 60, "clear": 2, "add": 60, "remove": 9}
    told = {"run_id": "7", "made_at": NOW - 600, "can_apply": True, "is_outdated": True}
    text_ = "60 scenes would change."
    return paged(rows, args, counts={**counts, "pictures": 4}, text=text_, plex=PLEX, **told)


def run(number: int) -> Answer:
    return {
        "run_id": str(number),
        "kind": "queue",
        "title": "Process Queue",
        "status": ("finished", "failed", "stopped")[number % 3],
        "started_at": NOW - 7200 * number,
        "finished_at": NOW - 7200 * number + 95,
        "text": "58 scenes were synced, 2 were given up on.",
        "items_changed": 0 if number % 3 == 1 else 58,
        "can_undo": number % 3 == 0,
    }


RUNS = [run(number) for number in range(60)]


def run_changes(args: Mapping[str, Any]) -> Answer:
    rows = [
        {"scene_id": str(n), "title": f"Part {n}", "undone": n % 5 == 0, **change(n)}
        for n in range(70)
    ]
    return paged(rows, args, run=run(int(args["run_id"])), plex=PLEX)


def held(args: Mapping[str, Any]) -> Answer:
    rows = [
        {
            "scene_id": str(n),
            "title": f"A Long Weekend, part {n}",
            "reason": "All of its genres are gone in Stash.",
            "would_remove": 4,
            "changes": [change(1, before=["A", "B"], after=[], kind="clear")],
        }
        for n in range(1, 13)
    ]
    headline = "12 scenes would lose 48 values, which is more than a tenth of the run."
    return paged(rows, args, headline=headline, can_confirm=True, plex=PLEX)


def dead_letters(args: Mapping[str, Any]) -> Answer:
    all_rows = [
        {
            "job_id": f"job-{n}",
            "scene_id": str(n),
            "title": f"A Long Weekend, part {n}",
            "error": ("PlexNotFound", "PlexRejected")[n % 2],
            "reason": "Plex has no item with this file. Let Plex scan the folder, then try again.",
            "failed_at": NOW - 86400 * n,
            "attempts": n,
        }
        for n in range(1, 4)
    ]
    rows = [row for row in all_rows if args.get("error") in (None, row["error"])]
    told = {"facets": {"errors": facet(all_rows, "error")}, "error_titles": dict(FAILURE_TITLES)}
    return paged(rows, args, **told)


def orphans(args: Mapping[str, Any]) -> Answer:
    rows = [
        {
            "section": "1",
            "library": "Movies",
            "rating_key": str(n),
            "title": f"Holiday {n}",
            "path": f"/media/holiday {n}.mkv",
            "added_at": NOW - 86400 * n if n % 2 else None,
        }
        for n in range(1, 9)
    ]
    return paged(rows, args, plex=PLEX, as_of_at=NOW)


def pins(args: Mapping[str, Any]) -> Answer:
    row = {
        "scene_id": "2",
        "title": "A Long Weekend, part 2",
        "library": "Movies",
        "rating_key": "102",
        "item_title": "Weekend",
        "path": "/media/weekend.mp4",
        "since_at": NOW - 86400,
    }
    return paged([row], args, plex=PLEX)


def log(args: Mapping[str, Any]) -> Answer:
    levels = ("info", "warning", "error", "debug")
    rows = [
        {
            "at": NOW - n,
            "level": levels[n % 4],
            "text": f"{PROBE if n == 2 else 'Scene'} {n}: its title was written to 'Weekend'.",
            "run": str(n // 50),
            "task": "Process Queue",
        }
        for n in range(250)
    ]
    rows = [row for row in rows if args.get("run") in (None, row["run"])]
    runs = [{"run": str(n), "task": "Process Queue", "at": NOW - 50 * n} for n in range(5)]
    return paged(rows, args, runs=runs)


Reader = Callable[[Mapping[str, Any]], Answer]
READS: dict[str, Reader] = {
    "page_overview": overview,
    "page_gaps": gaps,
    "page_scene": scene,
    "page_plan": plan,
    "page_runs": lambda args: paged(RUNS, args),
    "page_run": run_changes,
    "page_held": held,
    "page_dead_letters": dead_letters,
    "page_orphans": orphans,
    "page_pins": pins,
    "page_log": log,
    "page_report": lambda _args: {
        "name": "stash2plex-report.html",
        "folder": "/data/reports",
        "page": "<!doctype html>A report",
    },
    "page_support": lambda _args: {"text": "Stash2Plex 1.2.0\nStash v0.30.1\n"},
}
