"""The report: what it tells, and that nothing in it is more than text."""

from __future__ import annotations

import csv
import json
import os
import stat
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from app.report.files import NAMES, write_report
from app.report.model import Report, read_report
from core.errors import StateError
from storage.page.findings import Finding, Item
from storage.page.orphans import Orphan
from storage.page.page_facts import LAST
from storage.page.page_file import PageFile

NOW = 1_760_000_000.0
PROBE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&amp;"
CANDIDATE = {"library": "Films", "section": "1", "rating_key": "7", "path": f"/plex/{PROBE}.mp4"}
FOUND = (
    Finding(1, "missing", "One", "/stash/one.mp4", "Plex has no such file", "A studio", "Films"),
    Finding(
        2,
        "drift",
        "Two",
        altered=("title", "tags"),
        updated_at=NOW,
        items=(Item("1", "5", PROBE),),
    ),
    Finding(3, "drift", "=SUM(A1)", altered=("tags",)),
    Finding(
        4, "ambiguous", PROBE, f"/stash/{PROBE}.mp4", PROBE, PROBE, PROBE, candidates=(CANDIDATE,)
    ),
    Finding(5, "outside", "Five", "/elsewhere/five.mp4", "no folder for '/elsewhere/five.mp4'"),
)
ORPHANS = (Orphan("1", "9", "Films", PROBE, f"/plex/{PROBE}.mp4", 1_700_000_000),)


class Parsed(HTMLParser):
    """Tags, attributes and texts of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def made(folder: Path, *, hides_names: bool = False, found: Any = FOUND) -> Report:
    with PageFile(folder, lambda _: None, clock=lambda: NOW) as page:
        assert read_report(page, NOW, "1.2.3", hides_names=hides_names) is None
        page.findings.replace_all(found, ORPHANS)
        page.set_value(LAST, {"at": NOW - 60, "scenes": 40, "left_alone": 1})
        report = read_report(page, NOW, "1.2.3", hides_names=hides_names)
    assert report is not None
    return report


def written(report: Report, folder: Path) -> dict[str, str]:
    files = write_report(report, folder)
    assert {Path(path).name for path in files.values()} == {path.name for path in folder.iterdir()}
    return {kind: Path(path).read_text("utf-8") for kind, path in files.items()}


def test_both_directions_are_told_with_reasons_and_candidates(tmp_path: Path) -> None:
    report = made(tmp_path / "data")
    assert report.counts == {"scenes": 40, "gaps": 4, "left_alone": 1, "orphans": 1}
    assert report.by_type["Differs in Plex"] == 2
    assert report.drift_by_field == {"Tags": 2, "Title": 1}

    files = written(report, tmp_path / "out")
    told = json.loads(files["json"])
    assert [row["scene_id"] for row in told["gaps"]] == ["1", "3", "2", "4"]
    assert told["gaps"][3]["candidates"] == [CANDIDATE]
    assert told["orphans"][0]["title"] == PROBE
    assert (told["as_of"], told["version"]) == ("2025-10-09T08:52:20Z", "1.2.3")
    rows = list(csv.DictReader(files["gaps_csv"].splitlines()))
    assert [row["scene_id"] for row in rows] == ["1", "3", "2", "4", "5"]
    assert rows[3]["candidates"] == f"1:7 {CANDIDATE['path']}"
    assert rows[2]["items"] == f"1:5 {PROBE}"
    (orphan,) = csv.DictReader(files["orphans_csv"].splitlines())
    assert (orphan["rating_key"], orphan["path"]) == ("9", f"/plex/{PROBE}.mp4")
    text = " ".join(Parsed(files["html"]).texts)
    for said in (
        "4 gaps in 40 scenes, 1 Plex item without a scene",
        "Plex has no such file",
        "Scenes left alone (1)",
        "No folder for '/elsewhere/five.mp4'",
    ):
        assert said in text, said


def test_nothing_is_more_than_text(tmp_path: Path) -> None:
    files = written(made(tmp_path / "data"), tmp_path / "out")
    page = Parsed(files["html"])
    assert not {"script", "img", "link", "iframe", "a"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on") or name == "src"]
    assert "".join(page.texts).count(PROBE) >= 5
    assert "http" not in files["html"].replace("http-equiv", "")
    assert "'=SUM(A1)" in files["gaps_csv"]  # which no spreadsheet computes


def test_names_are_hidden_where_that_is_wished(tmp_path: Path) -> None:
    found = [each._replace(library="Films") for each in FOUND]  # which the log tells as well
    report = made(tmp_path / "data", hides_names=True, found=found)
    files = written(report, tmp_path / "out")
    for content in files.values():
        for name in ("alert", "one.mp4", "five.mp4", "One", "A studio", "SUM", "elsewhere"):
            assert name not in content, name
    assert "Paths and names are hidden" in files["html"]
    assert "path-" in files["gaps_csv"]
    assert "Plex has no such file" in files["gaps_csv"]


def test_a_long_list_is_cut_on_the_page_alone(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("app.report.page.SHOWN", 3)
    files = written(made(tmp_path / "data"), tmp_path / "out")
    assert "And 1 more: see the files beside this one." in files["html"]
    assert len(json.loads(files["json"])["gaps"]) == 4


def test_a_report_of_nothing(tmp_path: Path) -> None:
    files = written(made(tmp_path / "data", found=()), tmp_path / "out")
    assert "No gaps in 40 scenes" in files["html"]
    assert len(files["gaps_csv"].splitlines()) == 1


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match="The report cannot be written to"):
        write_report(made(tmp_path / "data"), tmp_path / "file" / "out")


@pytest.mark.skipif(os.name == "nt", reason="the system has no such modes")
def test_the_folder_is_private(tmp_path: Path) -> None:
    write_report(made(tmp_path / "data"), tmp_path / "out")
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o700
    assert sorted(NAMES.values()) == sorted(path.name for path in (tmp_path / "out").iterdir())
