"""The fault matrix: what may go wrong with either server, and what is right then."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from tests.acceptance.faults import HTML

Fault = dict[str, Any]
JSON = "application/json"
DEEP = "[" * 100_000 + "]" * 100_000
XML_MAINTENANCE = (
    '<?xml version="1.0"?><Response code="503" title="Maintenance" '
    'status="Plex Media Server is currently running startup maintenance tasks."/>'
)
NESTED_MAINTENANCE = (
    '{"Response": {"code": 503, "title": "Maintenance", "status": "Plex Media Server is currently '
    'running startup maintenance tasks."}}'
)


class Right(Enum):
    """What is right. WAITS: the run ends or is partial, nobody is blamed, and all is well once the
    fault is over. PASSES: nothing is to be noticed but time. CHARGED: one job has an attempt less,
    and all others are done. PICTURES: all is done but the pictures; nobody is blamed."""

    WAITS = "waits"
    PASSES = "passes"
    CHARGED = "charged"
    PICTURES = "pictures"


@dataclass(frozen=True)
class Row:
    """One fault.

    Attributes:
        met: what people would say has happened.
        server: "plex" or "stash".
        fault: as `simulators.faults` reads it, "KEY" in its pattern being the key of an item.
        says: what the sentence for the user has to have in it.
    """

    met: str
    server: str
    fault: Fault
    right: Right = Right.WAITS
    says: str = ""
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.server}: {self.met}"


# How any answer can be wrong, whatever was asked.
ANSWERS: dict[str, Fault] = {
    "the connection is cut": {"action": "reset"},
    "half an answer comes": {"action": "truncate"},
    "500, database is locked": {"action": "status", "status": 500, "body": "database is locked"},
    "503, starting (JSON)": {
        "action": "status",
        "status": 503,
        "body": NESTED_MAINTENANCE,
        "content_type": JSON,
    },
    "503, starting (XML)": {
        "action": "status",
        "status": 503,
        "body": XML_MAINTENANCE,
        "content_type": "text/xml",
    },
    "429, with Retry-After": {"action": "status", "status": 429, "headers": {"Retry-After": "0"}},
    "a web page with 200": {"action": "status", "status": 200, "body": HTML},
    "nothing with 200": {"action": "status", "status": 200, "body": "", "content_type": JSON},
    "an empty object": {"action": "status", "status": 200, "body": "{}", "content_type": JSON},
    "JSON nested 100,000 deep": {
        "action": "status",
        "status": 200,
        "body": DEEP,
        "content_type": JSON,
    },
    "a redirect to a login page": {
        "action": "status",
        "status": 302,
        "headers": {"Location": "/login"},
    },
    "a gzip that unpacks to 100 MB": {
        "action": "status",
        "status": 200,
        "body": "0",
        "size": 100_000_000,
        "packed": True,
        "content_type": JSON,
    },
}
STARTING: Fault = {
    "action": "status",
    "status": 400,
    "body": "the server is still starting up. Please retry later",
    "content_type": "text/plain",
}
PLEX_READS = {
    "its libraries": "^GET /library/sections[? ]",
    "a listing": "^GET /library/sections/\\d+/all",
    "whole items": "^GET /library/metadata/",
    "an edit": "^PUT /library/sections/",
}
PICTURES = {"sync_poster": True, "sync_background": True}
OTHERS = ("an edit", "a listing", "whole items")
FEW = ("the connection is cut", "a web page with 200")
STASH_READS = {"scenes": "^POST /graphql.*(findScenes|FindScenes)"}


def rows(*, sample: bool) -> list[Row]:
    """Lasting faults of every kind of answer, those that pass, and single bad things.

    Args:
        sample: each bad answer is tried with one of three requests to Plex, in turn, and every
            other one with Stash; what passes with one of three requests.
    """
    found = []
    for number, (answer, fault) in enumerate(ANSWERS.items()):
        for what, match in PLEX_READS.items():
            if what == "its libraries" and answer not in FEW:
                continue  # one request like any other
            if what == "an edit" and answer in ("nothing with 200", "an empty object"):
                continue  # an edit is answered so when all is well; see test_proof
            if sample and what in OTHERS and what != OTHERS[number % 3]:
                continue
            found.append(Row(f"{what}: {answer}", "plex", {"match": match, **fault, "times": -1}))
        for what, match in STASH_READS.items():
            if sample and number % 2:
                continue
            found.append(Row(f"{what}: {answer}", "stash", {"match": match, **fault, "times": -1}))
    found.append(Row("all: 400, starting", "plex", {"match": "", **STARTING, "times": -1}))
    return [*found, *of_all(), *passing()[:: 3 if sample else 1], *single()]


def of_all() -> list[Row]:
    """What looks like a matter of single things, and is one of the server."""
    no_proxy = {"action": "status", "status": 404, "body": HTML.replace("502", "404")}
    forbidden = {"action": "status", "status": 403}
    untold = {"action": "alter", "find": '"Media":', "replace": '"Medium":'}
    no_files = {"action": "alter", "find": '"files":', "replace": '"files":null,"x":'}
    rows: list[tuple[str, str, Fault]] = [
        ("all: 404 of a proxy", "plex", {"match": "", **no_proxy}),
        ("whole items: 404", "plex", {"match": PLEX_READS["whole items"], **no_proxy}),
        ("whole items: no file is told", "plex", {"match": PLEX_READS["whole items"], **untold}),
        ("an edit: 403", "plex", {"match": PLEX_READS["an edit"], **forbidden}),
        ("scenes: null for their files", "stash", {"match": STASH_READS["scenes"], **no_files}),
    ]
    return [Row(met, server, {**fault, "times": -1}) for met, server, fault in rows]


def passing() -> list[Row]:
    """What the next try mends."""
    kinds = ("the connection is cut", "500, database is locked", "503, starting (XML)")
    found = []
    for kind in kinds:
        for what, match in PLEX_READS.items():
            fault = {"match": match, **ANSWERS[kind], "times": 2}
            found.append(Row(f"{what}, twice: {kind}", "plex", fault, Right.PASSES))
        fault = {"match": STASH_READS["scenes"], **ANSWERS[kind], "times": 2}
        found.append(Row(f"scenes, twice: {kind}", "stash", fault, Right.PASSES))
    lost = {"match": PLEX_READS["an edit"], "action": "lost", "times": 2}
    return [*found, Row("an edit, twice: carried out, and cut", "plex", lost, Right.PASSES)]


def single() -> list[Row]:
    """One byte, one number, one item, and what concerns pictures alone."""
    spoilt = {
        "a control character in each title": ('"title":"', '"title":"\x04'),
        "a byte in each title that is no UTF-8": ('"title":"', '"title":"\xff'),
        "half a surrogate pair in each title": ('"title":"', '"title":"\\ud83d'),
        "addedAt of 20 digits": ('"addedAt":', '"addedAt":9999999999'),
    }
    listed = "^GET /library/sections/\\d+/all"
    found = [
        Row(
            met,
            "plex",
            {"match": listed, "action": "alter", "find": find, "replace": new, "times": -1},
            Right.PASSES,
        )
        for met, (find, new) in spoilt.items()
    ]
    groups = {"match": "^GET /library/metadata/[0-9]+,", "action": "status", "times": -1}
    found += [
        Row(f"groups of items: {status}", "plex", {**groups, "status": status}, Right.PASSES)
        for status in (404, 414, 500)
    ]
    alone = {"one item: 500 whenever it is read": "^GET /library/metadata/([0-9]+,)*KEY[,?]"}
    alone["one item: 500 whenever it is edited"] = "^PUT /library/.*[?&]id=([0-9]+,)*KEY[,&]"
    failing = {"action": "status", "status": 500, "body": "boom", "times": -1}
    found += [
        Row(met, "plex", {"match": match, **failing}, Right.CHARGED) for met, match in alone.items()
    ]
    covers: dict[str, Fault] = {
        "500, database is locked": ANSWERS["500, database is locked"],
        "a redirect to a login page": ANSWERS["a redirect to a login page"],
        "a web page with 200": ANSWERS["a web page with 200"],
        "empty": {"action": "status", "status": 200, "content_type": "image/jpeg"},
    }
    for kind, how in covers.items():
        fault = {"match": "^GET /scene/.*/screenshot", **how, "times": -1}
        found.append(Row(f"all covers: {kind}", "stash", fault, Right.PICTURES, settings=PICTURES))
    return found
