"""What an item has to show for a scene, field by field: the contract's table, read a second time.

Values are comparable forms, not wire forms: text in Plex's normal form, "" for nothing, lists
as sorted case-folded names.
"""

from __future__ import annotations

import ntpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from simulators.oracle_text import date_agrees, name_keys, padded_date, safe_text
from simulators.seed import PlexItem, StashScene, StashSeed

Value = str | float | list[str] | None
Fields = dict[str, Value]
FirstSync = Literal["mirror", "merge"]

NO_AGENT = frozenset({"com.plexapp.agents.none", "tv.plex.agents.none"})
LISTS = ("genres", "roles", "directors")


@dataclass(frozen=True, slots=True)
class Catalog:
    """The names behind Stash's ids."""

    studios: Mapping[int, str]
    performers: Mapping[int, str]
    tags: Mapping[int, str]

    @classmethod
    def of(cls, stash: StashSeed) -> Catalog:
        return cls(
            {studio["id"]: studio["name"] for studio in stash["studios"]},
            {performer["id"]: performer["name"] for performer in stash["performers"]},
            {tag["id"]: tag["name"] for tag in stash["tags"]},
        )

    def studio(self, scene: StashScene) -> str:
        return "" if scene["studio_id"] is None else self.studios[scene["studio_id"]]


def passes_quality_gate(scene: StashScene) -> bool:
    """At least one of studio, performers, tags, details, date: less is never written."""
    return bool(
        scene["studio_id"] is not None
        or scene["performer_ids"]
        or scene["tag_ids"]
        or scene["details"].strip()
        or scene["date"]
    )


def shown(item: PlexItem) -> Fields:
    """What the item shows now."""
    rating = item["user_rating"]
    return {
        "title": safe_text(item["title"]),
        "summary": safe_text(item["summary"]),
        "studio": safe_text(item["studio"] or ""),
        "originallyAvailableAt": item["originally_available_at"] or "",
        "genres": sorted(name_keys(item["genres"])),
        "roles": sorted(name_keys(role["tag"] for role in item["roles"])),
        "directors": sorted(name_keys(item["directors"])),
        "userRating": None if rating is None else round(rating, 2),
    }


def file_name(path: str) -> str:
    """The base name of a path of either system."""
    return ntpath.basename(path)


def file_stem(path: str) -> str:
    return ntpath.splitext(file_name(path))[0]


def wanted(
    scene: StashScene, catalog: Catalog, before: PlexItem, agent: str, first_sync: FirstSync
) -> Fields:
    """What the item must show once the scene is synced for the first time.

    Fields about which the contract leaves no demand are absent: a rating that Stash does not
    have, and, without a date in Stash, the file's date that a section without an agent shows.
    """
    now = shown(before)
    fields: Fields = {"title": _title(scene, before, now)}
    plain = {"summary": scene["details"], "studio": catalog.studio(scene)}
    for name, text in plain.items():
        fields[name] = safe_text(text) or _emptied(now[name], first_sync)
    date = scene["date"]
    if date:
        agreed = date_agrees(date, before["originally_available_at"])
        fields["originallyAvailableAt"] = (
            now["originallyAvailableAt"] if agreed else padded_date(date)
        )
    elif agent not in NO_AGENT:
        fields["originallyAvailableAt"] = _emptied(now["originallyAvailableAt"], first_sync)
    names = _names(scene, catalog)
    for name in LISTS:
        kept = now[name] if first_sync == "merge" else []
        fields[name] = sorted(name_keys(names[name]).union(kept if isinstance(kept, list) else []))
    if scene["rating100"] is not None:
        fields["userRating"] = round(scene["rating100"] / 10, 2)
    return fields


def _emptied(present: Value, first_sync: FirstSync) -> Value:
    return present if first_sync == "merge" else ""


def _names(scene: StashScene, catalog: Catalog) -> dict[str, Iterable[str]]:
    return {
        "genres": [catalog.tags[tag] for tag in scene["tag_ids"]],
        "roles": [catalog.performers[performer] for performer in scene["performer_ids"]],
        "directors": [scene["director"]],
    }


def _title(scene: StashScene, before: PlexItem, now: Fields) -> Value:
    """An untitled scene's file stem replaces a file name, and nothing that somebody wrote."""
    title = safe_text(scene["title"])
    if title or not scene["files"]:
        return title or now["title"]
    paths = [file["path"] for file in scene["files"]]
    paths += [part["file"] for version in before["media"] for part in version]
    names = {safe_text(file_name(path)) for path in paths}
    names |= {safe_text(file_stem(path)) for path in paths}
    return (
        safe_text(file_stem(scene["files"][0]["path"])) if now["title"] in names else now["title"]
    )


def unequal(wanted_fields: Fields, item: PlexItem) -> dict[str, tuple[Value, Value]]:
    """Field → (wanted, shown) where they differ."""
    now = shown(item)
    return {name: (value, now[name]) for name, value in wanted_fields.items() if now[name] != value}


def shows_nothing(item: PlexItem, agent: str) -> bool:
    """The item's half of `empty_metadata`: no studio, performers, tags, details or date.

    In a section without an agent the date is the file's and does not count.
    """
    date = item["originally_available_at"] and agent not in NO_AGENT
    return not (item["studio"] or item["roles"] or item["genres"] or item["summary"] or date)
