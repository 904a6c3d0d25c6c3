"""What the operations of settings and of the assistant answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Answer = dict[str, Any]
FIRST_SYNC = ["merge", "mirror"]


def setting(key: str, label: str, kind: str, value: Any, default: Any, **more: Any) -> Answer:
    return {
        "key": key,
        "label": label,
        "help": f"What '{label}' does, in a sentence for people.",
        "kind": kind,
        "value": value,
        "default": default,
        "is_default": value == default,
        "source": "default" if value == default else "settings",
        **more,
    }


def settings(_args: Mapping[str, Any]) -> Answer:
    connection = [
        setting("plex_url", "Plex URL", "text", "http://plex:32400", "", required=True),
        setting("plex_token", "Plex token", "secret", "", "", required=True, is_set=True),
        setting("plex_library", "Plex libraries", "list", "Movies, Clips", ""),
    ]
    what = [
        setting("sync_title", "Sync title", "switch", True, True),
        setting("sync_collection", "Sync collections", "switch", False, False),
        setting(
            "first_sync", "First sync", "choice", "merge", "merge", choices=["merge", "mirror"]
        ),
        setting("max_tags", "Most tags of a scene", "number", 50, 100, min=1, max=1000),
    ]
    what += [setting("tag_rules", "Tag rules", "rules", "", "")]
    paths = [setting("path_map", "Path map", "path_map", "/data=>/media", "")]
    groups = [("plex", "Plex", connection), ("synced", "What is synced", what)]
    groups.append(("matching", "Matching", paths))
    told = [setting("notify_url", "Notification address", "secret", "", "", is_set=True)]
    kinds = ["gaps", "dead_letter", "outage"]
    told.append(setting("notify_on", "Notify of", "list", "", "", choices=kinds))
    groups.append(("notifications", "Notifications", told))
    return {
        "groups": [
            {"name": name, "title": title, "help": f"About {title}.", "settings": rows}
            for name, title, rows in groups
        ],
        "problems": [],
        "connected_as": "Owner",
    }


LIBRARIES = [
    {"key": "1", "title": "Movies", "type": "movie", "items": 9000, "agent": "none"},
    {"key": "2", "title": "Clips", "type": "movie", "items": 800, "agent": "none"},
]


def connection(args: Mapping[str, Any]) -> Answer:
    if "wrong" in str(args.get("plex_url")):
        known = {"ok": False, "text": "No Plex answers at this address. Check host and port."}
        return {**known, "server_name": "", "version": "", "owner": False, "libraries": []}
    known = {"ok": True, "text": "Connected to 'Living Room' as its owner."}
    version = {"server_name": "Living Room", "version": "1.41.0", "owner": True}
    return {**known, **version, "libraries": LIBRARIES}


def folders(args: Mapping[str, Any]) -> Answer:
    tried = f"With '{args.get('path_map')}': "
    return {
        "scenes": 9800,
        "line_up": 9000,
        "text": f"{tried}9,000 of 9,800 scenes have a file that Plex knows.",
        "examples": [{"path": "/data/films/a.mp4", "text": "Plex has it as /media/films/a.mp4."}],
        "suggested_path_map": "/data/films=>/media/films",
    }


def saved(args: Mapping[str, Any]) -> Answer:
    values = dict(args["values"])
    bad = [key for key, value in values.items() if value == "bad"]
    problems = [{"key": key, "text": "This is no address."} for key in bad]
    text = "Nothing was saved." if bad else "The settings are saved."
    return {"saved": [] if bad else list(values), "problems": problems, "text": text}


SIGN_IN = {"code": "WXYZ", "link": "https://plex.tv/link", "id": "5", "expires_at": 2e9}
SERVER = {
    "name": "Living Room",
    "addresses": [{"url": "http://10.0.0.2:32400", "ok": True, "text": "It answers."}],
    "best": "http://10.0.0.2:32400",
}
SETTINGS_READS: dict[str, Callable[[Mapping[str, Any]], Answer]] = {
    "page_settings": settings,
    "save_settings": saved,
    "try_connection": connection,
    "check_folders": folders,
    "sign_in": lambda _args: SIGN_IN,
    "sign_in_check": lambda _args: {
        "state": "done",
        "servers": [SERVER],
        "connected_as": "Owner",
    },
    "page_rules": lambda args: {
        "text": f"With {args['tag_rules']!r}: 312 collections; with a minimum of 5 items: 41.",
        "examples": ["Solo: a label"],
    },
    "try_notification": lambda args: {
        "ok": not args,
        "text": "It was not taken (HTTP 404)." if args else "A message was sent.",
    },
    "discover": lambda _args: {"servers": [{"name": "Attic", "url": "http://10.0.0.9:32400"}]},
}
