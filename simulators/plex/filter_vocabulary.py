"""The vocabulary of filters and sorts that `includeMeta=1` asks for (plexapi's search needs it)."""

from __future__ import annotations

from simulators.plex.fields import FIELDS, SORTS
from simulators.plex.model import TYPE_NUMBERS, JsonObject, Section

# Filters of the drop-down menu: they have an address that lists their choices.
CHOICES = ("genre", "studio", "collection", "director", "actor", "writer", "country", "label")
FIELD_OPERATORS = {
    "integer": ("=", "!=", ">>=", "<<="),
    "string": ("=", "!=", "==", "!==", "<=", ">="),
    "boolean": ("=", "!="),
    "date": ("<<=", ">>="),
    "tag": ("=", "!="),
}
BY_HAND = frozenset({"guid", "id", "index", "updatedAt", "lastRatedAt"})  # plexapi adds them itself
COLLECTIONS_META: JsonObject = {
    "Type": [
        {
            "key": "/library/sections/all/collections?type=18",
            "type": "collection",
            "title": "Collections",
            "active": True,
            "Sort": [{"defaultDirection": "asc", "key": "titleSort", "title": "Title"}],
            "Field": [{"key": "collection.title", "title": "Title", "type": "string"}],
        }
    ]
}


def meta_of(section: Section, active: str) -> JsonObject:
    names = ("show", "season", "episode") if section.type == "show" else (section.type,)
    return {
        "Type": [_type(section, name, name == active) for name in names],
        "FieldType": [
            {
                "type": kind,
                "Operator": [{"key": sign, "title": sign} for sign in signs],
            }
            for kind, signs in FIELD_OPERATORS.items()
        ],
    }


def _type(section: Section, name: str, active: bool) -> JsonObject:
    number = TYPE_NUMBERS[name]
    root = f"/library/sections/{section.key}"
    prefix = "" if name == "movie" else f"{name}."
    return {
        "key": f"{root}/all?type={number}",
        "type": name,
        "title": name.title(),
        "active": active,
        "Filter": [
            {
                "filter": choice,
                "filterType": "string",
                "key": f"{root}/{choice}?type={number}",
                "title": choice.title(),
                "type": "filter",
            }
            for choice in CHOICES
        ],
        "Sort": [
            {
                "defaultDirection": "asc",
                "descKey": f"{sort}:desc",
                "key": sort,
                "title": sort,
            }
            for sort in SORTS
            if sort not in BY_HAND
        ],
        "Field": [
            {"key": f"{prefix}{field}", "title": field, "type": described.kind}
            for field, described in FIELDS.items()
            if described.kind in FIELD_OPERATORS and field not in BY_HAND
        ],
    }
