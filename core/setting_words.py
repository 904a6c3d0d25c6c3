"""What people read of each setting: its group, its label and what it does.

The page, Stash's own list of settings and the health check take their words from here. The order of
the rows is the order on the page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from core.setting_values import Number, OneOf
from core.settings import DEFAULTS, REQUIRED, parser_of

ON = "On unless switched off."
OFF = "Off unless switched on."
CONNECTION, CONTENT, MATCHING, CARE, CLOCK, NOTICES, LOG = (
    "connection",
    "content",
    "matching",
    "care",
    "clock",
    "notices",
    "log",
)


@dataclass(frozen=True, slots=True)
class Group:
    """Settings that belong together."""

    name: str
    title: str
    help: str


@dataclass(frozen=True, slots=True)
class Word:
    """A setting in words.

    Attributes:
        group: the name of its group.
        help: what it does, in sentences; neither its default nor its limits.
        unset: what it means where it is not set; "": follows from its kind and its default.
    """

    group: str
    label: str
    help: str
    unset: str = ""


GROUPS = (
    Group(CONNECTION, "Connection to Plex", "Where Plex is, and which of its libraries to sync."),
    Group(CONTENT, "What is synced", "What Plex is to show of a scene."),
    Group(MATCHING, "Finding scenes in Plex", "How the files of both sides are told to be one."),
    Group(CARE, "What may be changed", "What becomes of values that Stash does not have."),
    Group(CLOCK, "What happens by itself", "When all is compared, and what is tried again."),
    Group(NOTICES, "Notifications", "Who is told when somebody has to look."),
    Group(LOG, "Log", "What is written down."),
)

WORDS: Mapping[str, Word] = MappingProxyType(
    {
        "plex_url": Word(
            CONNECTION,
            "Plex URL",
            "The address of Plex as seen from Stash, like http://192.168.1.10:32400.",
        ),
        "plex_token": Word(
            CONNECTION,
            "Plex token",
            "The X-Plex-Token of the account that owns the Plex server.",
        ),
        "plex_library": Word(
            CONNECTION,
            "Plex libraries",
            "Names or numbers of the Plex libraries to sync, separated by commas; a name that holds"
            " a comma goes in double quotes. Health Check lists them.",
            "Empty means all video libraries.",
        ),
        "verify_tls": Word(
            CONNECTION,
            "Check certificates",
            "For a Plex behind https whose certificate is not from a public authority: the file of"
            " its authority (PEM), like /config/ca.pem. Or false: nothing is checked.",
            "Empty means true.",
        ),
        "connect_timeout": Word(
            CONNECTION, "Connect timeout", "Seconds to wait for a connection to Plex."
        ),
        "read_timeout": Word(CONNECTION, "Read timeout", "Seconds to wait for an answer of Plex."),
        "enabled": Word(
            CONTENT,
            "Enabled",
            "The plugin as a whole. While it is off, changes are noted and nothing is synced.",
        ),
        "sync_master": Word(
            CONTENT,
            "Sync anything",
            "The main switch of all fields; while it is off, nothing is synced.",
        ),
        "sync_title": Word(CONTENT, "Sync title", "The title."),
        "sync_summary": Word(CONTENT, "Sync summary", "Details become the summary in Plex."),
        "sync_studio": Word(CONTENT, "Sync studio", "The studio."),
        "sync_date": Word(CONTENT, "Sync date", "The date."),
        "sync_rating": Word(CONTENT, "Sync rating", "The rating of the account that owns Plex."),
        "sync_performers": Word(CONTENT, "Sync performers", "Performers become actors in Plex."),
        "sync_tags": Word(CONTENT, "Sync tags", "Tags become genres in Plex."),
        "sync_director": Word(CONTENT, "Sync director", "The director."),
        "sync_collection": Word(
            CONTENT,
            "Sync collections",
            "Put the items of each studio into a collection of its name. A library can have"
            " hundreds of studios.",
        ),
        "sync_groups": Word(
            CONTENT,
            "Sync groups",
            "Put the items of each of Stash's groups into a collection of its name.",
        ),
        "sync_poster": Word(CONTENT, "Sync poster", "The cover becomes the poster in Plex."),
        "sync_background": Word(
            CONTENT, "Sync background", "The cover becomes the background in Plex."
        ),
        "poster_fit": Word(
            CONTENT,
            "Fit posters",
            "How a wide cover becomes a tall poster: none, crop or pad. Needs Pillow in Stash's"
            " Python; without it covers stay as they are.",
        ),
        "respect_overlays": Word(
            CONTENT,
            "Respect overlays",
            "Posters that Kometa has drawn on stay as they are until the cover in Stash changes;"
            " then the new one goes up, and Kometa draws anew.",
        ),
        "max_tags": Word(
            CONTENT,
            "Most tags of a scene",
            "A scene with more tags brings only the first of them by name.",
        ),
        "tag_blocklist": Word(
            CONTENT,
            "Blocked tags",
            "Tags that stay out of Plex, separated by commas; one that holds a comma goes in double"
            " quotes.",
            "Empty means none.",
        ),
        "tag_rules": Word(
            CONTENT,
            "Tag rules",
            "What tags and studios become in Plex, like: tag Solo => label; parent Places, use < 5"
            " => nothing; parent Places => collection, genre; parent studio => collection. The"
            " first rule that fits a tag decides.",
            "Empty means that all tags become genres.",
        ),
        "collection_min_items": Word(
            CONTENT,
            "Least items of a collection",
            "A studio, tag or group makes a collection only if at least so many scenes have it.",
        ),
        "content_rating": Word(
            CONTENT,
            "Content rating",
            "The content rating that all items get in Plex, like XXX or 18.",
            "Empty means that it is left as it is.",
        ),
        "performer_disambiguation": Word(
            CONTENT,
            "Performers of one name",
            "When performers are called 'Name (disambiguation)' in Plex: needed (where Stash has"
            " two of that name), always or never.",
        ),
        "organized_only": Word(
            CONTENT,
            "Only organized scenes",
            "Leave scenes alone that are not marked as organized.",
        ),
        "path_map": Word(
            MATCHING,
            "Path map",
            "For a Plex that sees the files in other folders than Stash:"
            " /stash/folder=>/plex/folder; /stash/other=>/plex/other. A folder with ; or => in its"
            " name goes in double quotes.",
            "Empty if both see the same paths.",
        ),
        "strict_matching": Word(
            MATCHING,
            "Strict matching",
            "Leave a scene alone when several Plex items fit it equally well.",
        ),
        "trigger_plex_scan": Word(
            MATCHING,
            "Let Plex scan",
            "Ask Plex to scan the folder of a scene that it does not have, once, and wait for that"
            " scan.",
        ),
        "skip_not_found": Word(
            MATCHING,
            "Skip scenes not in Plex",
            "Drop a scene that is not in Plex without retries and dead letter. For a Plex that is"
            " to hold only a part of Stash's files.",
        ),
        "first_sync": Word(
            CARE,
            "First sync",
            "What the first sync of a scene does with what Plex has and Stash has not: merge keeps"
            " it, mirror removes it.",
        ),
        "preserve_plex_edits": Word(
            CARE,
            "Keep edits made in Plex",
            "What you change in Plex after a sync stays, and conflicts with Stash are reported."
            " While it is off, Stash wins.",
        ),
        "max_clear_percent": Word(
            CARE,
            "Most values to remove (%)",
            "Scenes that would lose more than this share of the values a run touches, and more than"
            " 50, are held back until you confirm.",
        ),
        "remove_on_destroy": Word(
            CARE,
            "Clean up after deleted scenes",
            "When a scene is deleted in Stash, take its items in Plex out of the collections that"
            " this plugin put them into.",
        ),
        "reconcile_interval": Word(
            CLOCK,
            "Reconcile by itself",
            "How often to compare all with Plex by itself: never, hourly, daily or weekly. Runs at"
            " the first change or task at or after the due time.",
        ),
        "reconcile_scope": Word(
            CLOCK,
            "Scenes to reconcile by itself",
            "all, or scenes created or updated in the last 24h or 7days. Only all finds renamed"
            " tags, moved files and changes made in Plex.",
        ),
        "full_pass_days": Word(
            CLOCK,
            "Days between full passes",
            "A reconcile reads only what changed; after so many days it reads all of Stash and Plex"
            " again.",
        ),
        "reconcile_missing": Word(
            CLOCK, "Reconcile missing scenes", "Queue scenes that are not in Plex at all."
        ),
        "page_tick": Word(
            CLOCK,
            "Sync while Stash is open",
            "A tab of Stash that is open looks every few minutes whether changes wait, and starts"
            " Sync Changes for them.",
        ),
        "outage_wait": Word(
            CLOCK,
            "Wait for Plex (hours)",
            "How long Sync Changes waits for a Plex that does not answer, to bring all to it once"
            " it is back.",
            "Empty means 12; 0 means not at all.",
        ),
        "max_retries": Word(
            CLOCK,
            "Retries",
            "How often Plex is asked again for a scene that it does not have, before that becomes a"
            " dead letter.",
        ),
        "notify_url": Word(
            NOTICES,
            "Notification addresses",
            "Where to send a message when something happens: addresses of webhooks, which get JSON,"
            " or of Apprise, if it is installed into Stash's Python; with commas between them.",
            "Empty means that nobody is told.",
        ),
        "notify_on": Word(
            NOTICES,
            "Notify of",
            "What somebody is told of.",
            "Some of these: gaps (a reconcile found some), dead_letter (a scene was given up on),"
            " outage (Plex does not answer), guard (something is held back until you confirm)."
            " Empty means all of these.",
        ),
        "debug_logging": Word(
            LOG,
            "Debug logging",
            "Log every step. For finding a fault only; the log grows fast.",
        ),
        "obfuscate_paths": Word(
            LOG,
            "Hide paths and names in the log",
            "Replace file paths, titles and names in the log and in results by short names, for a"
            " log that is to be shared.",
        ),
    }
)


def in_stash(key: str) -> str:
    """What Stash's own list of settings says of a setting, which knows neither its default nor its
    limits."""
    word, parse = WORDS[key], parser_of(key)
    limits = f"From {parse.low:g} to {parse.high:g}." if isinstance(parse, Number) else ""
    return " ".join(filter(None, (word.help, limits, word.unset or _unset(key))))


def _unset(key: str) -> str:
    default = DEFAULTS[key]
    if key in REQUIRED:
        return "Required."
    if isinstance(default, bool):
        return ON if default else OFF
    if isinstance(parser_of(key), OneOf):
        return f"Empty means {default}."
    return f"Empty or 0 means {default:g}." if isinstance(default, (int, float)) else ""


def by_label(text: str) -> str:
    """A sentence with the labels of settings in the place of their keys."""
    return _KEYS.sub(lambda key: f"'{WORDS[key[0]].label}'", text)


_KEYS = re.compile(rf"\b({'|'.join(key for key in WORDS if '_' in key)})\b")
