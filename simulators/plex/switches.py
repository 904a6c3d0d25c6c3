"""The switches of the Plex simulator: where public evidence conflicts, and how it may fail.

`POST /_sim/config` changes them at run time. The environment variable `PLEX_SIM_SWITCHES`, a JSON
object, turns some from the start: so a whole test can be run against another kind of server.
"""

from __future__ import annotations

import copy
import json
import os
from types import MappingProxyType
from typing import Any

VARIABLE = "PLEX_SIM_SWITCHES"


# What recordings and measurements of real servers show.
_DEFAULTS = MappingProxyType(
    {
        # Access and load
        "maintenance": False,  # every request but /identity: 503 as of a starting server
        "non_admin": False,  # the token is no owner's: writes, scans and /accounts give 403
        "locked_share": 0.0,  # share of writes that end in 500 (database is locked)
        "max_url": 0,  # longest address in bytes, else 414; 0: unlimited
        "unlisted": [],  # keys of libraries that are hidden from the token, or deleted
        "seconds_per_item": 0.0,  # added to a listing for each item shown: slow pages
        "gzip": True,  # compress answers for clients that ask
        # Listings
        "size_cap": 1000,  # largest page
        "over_cap": "clamp",  # clamp | 400
        "total_size": "partial",  # partial | always: totalSize where a window covers all
        "size_without_start": "ignored",  # ignored | used: ignored, everything is listed
        "missing_size": "full",  # full | 400: a listing without X-Plex-Container-Size
        "honour_excludes": True,  # excludeElements and excludeFields
        # Full items
        "stale_reads": 0,  # so often a changed item is still answered as it was
        "shuffle_metadata": False,  # items of /library/metadata/a,b,c in another order
        "metadata_page_cap": 0,  # most items of one answer unless the size is sent; 0: all
        # Edits
        "edit_section": "additive",  # PUT /library/sections/{id}/all: additive | replacing
        "single_removal": False,  # only the first removal of a PUT is honoured
        "removal_last": False,  # additions before removals
        "exact_tag_case": False,  # names that differ in case are different tags
        "capital_labels": True,  # the first letter of a label is stored as a capital
        "strip_text": False,  # trailing blanks go, CRLF becomes LF
        "refuse_fields": [],  # fields that are silently not changed
        "round_rating": False,  # ratings are kept as whole points
        "edits_move_content": False,  # edits move the section's contentChangedAt
        "clock_offset": 0,  # seconds added to the server's clock
        # Images
        "pictures_lock": True,  # an upload, selection or removal locks the thumb or art
        # Scans
        "scan_seconds": 0.0,  # how long a scan takes; 0: done when the request is answered
        "butler": True,  # an idle server has an activity "butler"
        "auto_empty_trash": False,  # a scan takes out what is in the trash below its folder
    }
)


def first_switches() -> dict[str, Any]:
    """The switches of a server that starts: the defaults, and what the environment turns."""
    turned: dict[str, Any] = json.loads(os.environ.get(VARIABLE) or "{}")
    switches = default_switches()
    if not turned.keys() <= switches.keys():
        raise ValueError(f"{VARIABLE} has unknown switches: {turned.keys() - switches.keys()}")
    return switches | turned


def default_switches() -> dict[str, Any]:
    """The defaults, to be changed."""
    return copy.deepcopy(dict(_DEFAULTS))
