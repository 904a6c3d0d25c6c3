"""What an item has to show for a scene, field by field: the contract's table, read a second time.

Values are comparable forms, not wire forms: text in Plex's normal form, "" for nothing, lists
as sorted case-folded names.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from simulators.library.oracle_text import date_agrees, name_key, name_keys, padded_date, safe_text
from simulators.seed import PlexItem, StashPerformer, StashScene, StashSeed

Value = str | float | list[str] | None
Fields = dict[str, Value]
FirstSync = Literal["mirror", "merge"]

DATE = "originallyAvailableAt"
DIRECTORS = "directors"
COLLECTIONS = "collections"
# The fields that a sync writes unless it is told otherwise.
SYNCED = frozenset({"title", "summary", "studio", DATE, "genres", "roles", "userRating", DIRECTORS})
# The same and the collection named after the studio, which they only write when told to.
WITH_COLLECTIONS = SYNCED | {COLLECTIONS}
NO_AGENT = frozenset({"com.plexapp.agents.none", "tv.plex.agents.none"})


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
            _called(stash["performers"]),
            {tag["id"]: tag["name"] for tag in stash["tags"]},
        )

    def studio(self, scene: StashScene) -> str:
        return "" if scene["studio_id"] is None else self.studios[scene["studio_id"]]


def _called(performers: Iterable[StashPerformer]) -> dict[int, str]:
    """By id; of those who share a name, with the disambiguation that tells them apart."""
    known = list(performers)
    names = Counter(name_key(each["name"]) for each in known)
    return {
        each["id"]: f"{each['name']} ({each['disambiguation']})"
        if each["disambiguation"] and names[name_key(each["name"])] > 1
        else each["name"]
        for each in known
    }


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
        DATE: item["originally_available_at"] or "",
        "genres": sorted(name_keys(item["genres"])),
        "roles": sorted(name_keys(role["tag"] for role in item["roles"])),
        DIRECTORS: sorted(name_keys(item["directors"])),
        COLLECTIONS: sorted(name_keys(item["collections"])),
        "userRating": None if rating is None else round(rating, 2),
    }


def file_name(path: str) -> str:
    """The base name of a path of either system."""
    return path.replace("\\", "/").rpartition("/")[2]


def file_stem(path: str) -> str:
    return posixpath.splitext(file_name(path))[0]


@dataclass(frozen=True, slots=True)
class Base:
    """What the scene was when it was last synced: what came from there has to go with it."""

    scene: StashScene
    catalog: Catalog

    def had(self, name: str) -> bool:
        return bool(_plain(self.scene, self.catalog)[name])


def wanted(
    scene: StashScene,
    catalog: Catalog,
    before: PlexItem,
    agent: str,
    first_sync: FirstSync,
    base: Base | None = None,
) -> Fields:
    """What the item must show once the scene is synced; without a base, for the first time.

    Fields about which the contract leaves no demand are absent: a rating that Stash does not
    have, and, without a date in Stash, the file's date that a section without an agent shows.
    """
    now = shown(before)
    fields: Fields = {"title": _title(scene, before, now, base)}
    for name, text in _plain(scene, catalog).items():
        keep = first_sync == "merge" and not (base and base.had(name))
        fields[name] = safe_text(text) or (now[name] if keep else "")
    if scene["date"]:
        agreed = date_agrees(scene["date"], before["originally_available_at"])
        fields[DATE] = now[DATE] if agreed else padded_date(scene["date"])
    elif agent in NO_AGENT and not (base and base.had(DATE)):
        del fields[DATE]
    for name, found in _lists(scene, catalog).items():
        present = now[name] if first_sync == "merge" else []
        gone = _lists(base.scene, base.catalog)[name] - found if base else frozenset()
        fields[name] = sorted(found.union(present if isinstance(present, list) else ()) - gone)
    if scene["rating100"] is not None:
        fields["userRating"] = round(scene["rating100"] / 10, 2)
    elif base is not None and base.scene["rating100"] is not None:
        fields["userRating"] = None
    return fields


def collections(
    scene: StashScene, catalog: Catalog, before: PlexItem, base: Base | None
) -> list[str]:
    """The item's collections afterwards: of those only that of an earlier studio may go."""
    ours = name_keys([base.catalog.studio(base.scene)]) if base else frozenset()
    return sorted(name_keys([catalog.studio(scene)]) | name_keys(before["collections"]) - ours)


def _plain(scene: StashScene, catalog: Catalog) -> dict[str, str]:
    return {
        "summary": scene["details"],
        "studio": catalog.studio(scene),
        DATE: scene["date"] or "",
    }


def _lists(scene: StashScene, catalog: Catalog) -> dict[str, frozenset[str]]:
    return {
        "genres": name_keys(catalog.tags[tag] for tag in scene["tag_ids"]),
        "roles": name_keys(catalog.performers[who] for who in scene["performer_ids"]),
        DIRECTORS: name_keys([scene["director"]]),
    }


def _title(scene: StashScene, before: PlexItem, now: Fields, base: Base | None) -> Value:
    """An untitled scene's file stem replaces a file name or our title, never somebody's own."""
    title = safe_text(scene["title"])
    if title or not scene["files"]:
        return title or now["title"]
    paths = [file["path"] for file in scene["files"]]
    paths += [part["file"] for version in before["media"] for part in version]
    names = {safe_text(file_name(path)) for path in paths}
    names |= {safe_text(file_stem(path)) for path in paths}
    if base is not None:
        names.add(safe_text(base.scene["title"]))
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
