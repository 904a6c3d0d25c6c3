"""The report as one web page: nothing is loaded, and everything is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from app.report.model import Report
from core.change_words import closed, counted
from core.finding_types import TITLES

SHOWN = 2_000  # rows of each table; the other files have all
_STYLE = """
:root { color-scheme: dark; }
* { box-sizing: border-box; }
body { background: #202b33; color: #f5f8fa; font: 15px/1.5 system-ui, sans-serif; margin: 0 auto;
  max-width: 1200px; padding: 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: .5rem 0; } h2 { font-size: 1.15rem; }
p, small { color: #bfccd6; }
ul.figures { display: flex; flex-wrap: wrap; gap: .6rem; list-style: none; padding: 0; }
ul.figures li { background: #30404d; border-radius: 4px; min-width: 8rem; padding: .6rem .9rem; }
ul.figures b { display: block; font-size: 1.4rem; }
details { background: #30404d; border-radius: 4px; margin: .8rem 0; padding: .3rem .9rem; }
summary { cursor: pointer; font-size: 1.1rem; padding: .4rem 0; }
table { border-collapse: collapse; width: 100%; }
th, td { border-top: 1px solid #394b59; padding: .4rem .5rem; text-align: left;
  vertical-align: top; }
th, td[data-label=What], td[data-label=Library], td[data-label=Added] { overflow-wrap: normal; }
td[data-label=Studio] { overflow-wrap: break-word; }
th { border-top: 0; color: #bfccd6; font-weight: 600; }
td ol { margin: .3rem 0 0; padding-left: 1.2rem; }
code { color: #bfccd6; font-size: .85em; }
@media (max-width: 720px) {
  thead { position: absolute; left: -9999px; }
  table, tbody, tr, td { display: block; }
  tr { border-top: 2px solid #394b59; padding: .4rem 0; }
  td { border: 0; padding: .15rem 0; }
  td::before { color: #8a9ba8; content: attr(data-label) " "; }
}
"""
Cells = Sequence[tuple[str, str]]  # what it is, and HTML


def page_of(report: Report) -> Iterator[str]:
    """The page, part by part."""
    yield (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\';'
        " style-src 'unsafe-inline'\"><title>Stash2Plex report</title>"
        f"<style>{_STYLE}</style></head><body><main><h1>{_headline(report)}</h1>"
    )
    hidden = " Paths and names are hidden." if report.names_hidden else ""
    yield (
        f"<p>The reconcile of {_at(report.as_of)}, written down {_at(report.made_at)} by"
        f" Stash2Plex {escape(report.version)}.{hidden}</p>"
    )
    yield from _figures(report.by_type)
    if report.drift_by_field:
        yield "<h2>Fields that no longer show what was written</h2>"
        yield from _figures(report.drift_by_field)
    yield from _table("Gaps", [_scene(row) for row in report.gaps[:SHOWN]], len(report.gaps))
    left = report.left_alone
    yield from _table("Scenes left alone", [_scene(row) for row in left[:SHOWN]], len(left))
    lost = report.orphans
    what = "Plex items without a scene"
    yield from _table(what, [_orphan(row) for row in lost[:SHOWN]], len(lost))
    yield "</main></body></html>\n"


def _headline(report: Report) -> str:
    gaps, orphans = report.counts["gaps"], report.counts["orphans"]
    found = counted(gaps, "gap") if gaps else "No gaps"
    items = counted(orphans, "Plex item")
    return f"{found} in {report.counts['scenes']:,} scenes, {items} without a scene"


def _figures(counts: Mapping[str, int]) -> Iterator[str]:
    if counts:
        told = "".join(f"<li><b>{n:,}</b>{escape(what)}</li>" for what, n in counts.items())
        yield f'<ul class="figures">{told}</ul>'


def _table(title: str, rows: Sequence[Cells], total: int) -> Iterator[str]:
    if not rows:
        return
    yield f"<details open><summary>{title} ({total:,})</summary><table><thead><tr>"
    yield "".join(f"<th>{label}</th>" for label, _ in rows[0])
    yield "</tr></thead><tbody>"
    for row in rows:
        cells = "".join(f'<td data-label="{label}">{html}</td>' for label, html in row if html)
        yield f"<tr>{cells}</tr>"
    yield "</tbody></table>"
    if total > len(rows):
        yield f"<p>And {total - len(rows):,} more: see the files beside this one.</p>"
    yield "</details>"


def _scene(row: Mapping[str, Any]) -> Cells:
    path = f"<br><code>{escape(row['path'])}</code>" if row["path"] else ""
    items = [item["title"] for item in row["items"]]
    why = closed(f"{row['reason'][:1].upper()}{row['reason'][1:]}") if row["reason"] else ""
    candidates = [f"{each['library']}: {each['path']}" for each in row["candidates"]]
    return [
        ("Scene", f"{escape(row['scene_id'])} {escape(row['title'])}{path}"),
        ("What", escape(TITLES.get(row["type"], row["type"]))),
        ("Why", escape(why) + _listed(candidates)),
        ("Studio", escape(row["studio"]) or "–"),
        ("Library", escape(row["library"]) or "–"),
        ("In Plex", _listed(items) or "–"),
    ]


def _orphan(row: Mapping[str, Any]) -> Cells:
    return [
        ("Library", escape(row["library"])),
        ("Item", f"{escape(row['rating_key'])} {escape(row['title'])}"),
        ("File", f"<code>{escape(row['path'])}</code>"),
        ("Added", _at(row["added_at"]) or "–"),
    ]


def _at(time: str) -> str:
    return f"{escape(time[:16].replace('T', ' '))} UTC" if time else ""


def _listed(texts: Iterable[str]) -> str:
    told = "".join(f"<li>{escape(text)}</li>" for text in texts)
    return f"<ol>{told}</ol>" if told else ""
