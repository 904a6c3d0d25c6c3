"""From a seed's item to an item of the simulated server."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timezone

from simulators.plex.model import TAG_ELEMENTS, Item, JsonObject, Media, Part, Section, TagLink
from simulators.plex.paths import stem
from simulators.plex.tags import TagRegister

# Seed name -> Plex's name of the values that are copied as they are.
VALUE_NAMES = {
    "title": "title",
    "title_sort": "titleSort",
    "summary": "summary",
    "studio": "studio",
    "originally_available_at": "originallyAvailableAt",
    "user_rating": "userRating",
    "tagline": "tagline",
    "content_rating": "contentRating",
}
TAG_NAMES = {
    "genres": "genre",
    "directors": "director",
    "writers": "writer",
    "collections": "collection",
    "labels": "label",
}
EARLY = 1_700_000_000


def item_from_seed(
    raw: JsonObject, section: Section, tags: TagRegister, fresh_id: Callable[[], int]
) -> Item:
    """Makes an item; keys that the seed leaves out have their empty value."""
    media = [_media(version, fresh_id) for version in raw.get("media", [])]
    files = [part.file for version in media for part in version.parts]
    return Item(
        key=int(raw.get("rating_key") or 0),
        section_key=section.key,
        type=raw.get("type") or ("episode" if section.type == "show" else "movie"),
        guid=raw.get("guid") or _none_guid(files),
        values=seed_values(raw, section, files),
        added_at=raw.get("added_at") or EARLY,
        updated_at=raw.get("updated_at", EARLY),
        subtype="clip" if section.agentless and section.type == "movie" else None,
        deleted_at=raw.get("deleted_at"),
        tags=seed_tags(raw, tags),
        locked=list(raw.get("locked", [])),
        media=media,
        index=raw.get("episode"),
        files_folded="\n".join(files).lower(),
    )


def shell_item(key: int, section: Section, kind: str, title: str, first: Item) -> Item:
    """A show or season: no files of its own, and the age of its first episode."""
    digest = hashlib.sha1(f"{section.key}/{kind}/{title}".encode()).hexdigest()
    values: JsonObject = {"title": title, "summary": ""}
    guid = f"local://{key}" if section.agentless else f"plex://{kind}/{digest[:24]}"
    return Item(key, section.key, kind, guid, values, first.added_at, first.updated_at)


def seed_values(raw: JsonObject, section: Section, files: list[str]) -> JsonObject:
    """The scalar values of a seed's item; unset ones are left out, but the summary is `""`."""
    values: JsonObject = {"title": stem(files[0]) if files else "", "summary": ""}
    for name, plex_name in VALUE_NAMES.items():
        if raw.get(name) is not None:
            values[plex_name] = raw[name]
    if "userRating" in values:
        values["userRating"] = float(values["userRating"])
    # Without an agent the date is that of the file, and there always is one.
    if section.agentless and section.type == "movie" and "originallyAvailableAt" not in values:
        added = raw.get("added_at") or EARLY
        day = datetime.fromtimestamp(added, timezone.utc).date()
        values["originallyAvailableAt"] = day.isoformat()
    set_year(values)
    return values


def set_year(values: JsonObject) -> None:
    """The year follows the date."""
    date = values.get("originallyAvailableAt")
    if date:
        values["year"] = int(date[:4])
    else:
        values.pop("year", None)


def seed_tags(raw: JsonObject, tags: TagRegister) -> dict[str, list[TagLink]]:
    links = {
        kind: [tags.link(kind, name) for name in raw[name_in_seed]]
        for name_in_seed, kind in TAG_NAMES.items()
        if raw.get(name_in_seed)
    }
    for role in raw.get("roles", []):
        link = tags.link("actor", role["tag"])
        if role.get("thumb"):
            tags.set_thumb(link.tag, role["thumb"])
        if role.get("role"):
            link = TagLink(link.tag, role["role"])
        links.setdefault("actor", []).append(link)
    return {kind: links[kind] for kind in TAG_ELEMENTS if kind in links}


def _media(parts: list[JsonObject], fresh_id: Callable[[], int]) -> Media:
    made = [
        Part(fresh_id(), part["file"], part.get("size"), part.get("duration")) for part in parts
    ]
    deleted = next((part["deleted_at"] for part in parts if part.get("deleted_at")), None)
    target = next((part["optimized_for"] for part in parts if part.get("optimized_for")), None)
    return Media(fresh_id(), made, deleted, target)


def _none_guid(files: list[str]) -> str:
    digest = hashlib.sha1("\n".join(files).encode()).hexdigest()
    return f"com.plexapp.agents.none://{digest}?lang=xn"
