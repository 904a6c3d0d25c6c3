"""The plugin's settings: their names, defaults, kinds and limits. No default lives anywhere else.

Stash keeps plugin settings as untyped values. It has no defaults, shows what is unset as "", 0 or
off, and depending on its version and on the user's history hands a value over as string, number,
boolean or not at all. Here they become one typed, immutable value, or one error that names
everything that is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from core import notification_texts
from core import setting_values as kinds
from core.desired import Picture, SyncPolicy
from core.errors import ConfigError
from core.fields import (
    BY_NAME,
    COLLECTION,
    CONTENT_RATING,
    LABEL,
    PICTURES,
    SWITCHES,
    TAGS,
    name_keys,
)
from core.performer_names import Disambiguate
from core.reconcile_due import INTERVALS
from core.scopes import BY_SETTING
from core.setting_values import BadValueError
from core.tag_filter import TagFilter
from core.tag_placement import PlacingRules
from core.tag_rules import TargetKind, parse

T = TypeVar("T")

# Accepted so that users of earlier versions see no complaint; nothing depends on them.
WITHOUT_EFFECT = frozenset({"poll_interval", "sync_tagline"})
OLD_PATH_MAP = "plex_unmatched_path_map"

_SHOWN = 80  # characters of a bad value that an error repeats


_CHECKED: bool | str = True
_DISAMBIGUATE = tuple(each.value for each in Disambiguate)


def _setting(
    default: T, parse: Callable[[object], T], *, secret: bool = False, zero: bool = False
) -> T:
    """A field of `Settings` that knows how to read itself.

    Args:
        zero: the number 0 means 0, and not the default.
    """
    metadata = {"parse": parse, "secret": secret, "zero": zero}
    return field(default=default, repr=not secret, metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the user wants. Field names are the keys in Stash; `docs/settings.md` explains each.

    Timeouts are in seconds. `path_map` has (Stash's prefix, Plex's prefix) pairs. `switched_on` are
    the fields whose switches `sync_…` are on. `unknown_keys` are those found in Stash that mean
    nothing to this version; they are worth a line in the log.
    """

    plex_url: str = _setting("", kinds.url)
    plex_token: str = _setting("", kinds.token, secret=True)
    plex_library: tuple[str, ...] = _setting((), kinds.names)
    enabled: bool = _setting(True, kinds.switch)
    max_retries: int = _setting(5, kinds.WholeNumber(1, 100))
    strict_matching: bool = _setting(True, kinds.switch)
    preserve_plex_edits: bool = _setting(False, kinds.switch)
    connect_timeout: float = _setting(5.0, kinds.Number(0.1, 300))
    read_timeout: float = _setting(30.0, kinds.Number(0.1, 600))
    verify_tls: bool | str = _setting(_CHECKED, kinds.trust)
    max_tags: int = _setting(100, kinds.WholeNumber(1, 1000))
    tag_blocklist: tuple[str, ...] = _setting((), kinds.names)
    tag_rules: str = _setting("", kinds.tag_rules)
    sync_groups: bool = _setting(False, kinds.switch)
    collection_min_items: int = _setting(1, kinds.WholeNumber(1, 100_000))
    content_rating: str = _setting("", kinds.line)
    performer_disambiguation: str = _setting("needed", kinds.OneOf(_DISAMBIGUATE))
    sync_master: bool = _setting(True, kinds.switch)
    first_sync: str = _setting("merge", kinds.OneOf(("merge", "mirror")))
    max_clear_percent: int = _setting(10, kinds.WholeNumber(1, 100))
    poster_fit: str = _setting("none", kinds.OneOf(("none", "crop", "pad")))
    respect_overlays: bool = _setting(True, kinds.switch)
    remove_on_destroy: bool = _setting(False, kinds.switch)
    trigger_plex_scan: bool = _setting(False, kinds.switch)
    skip_not_found: bool = _setting(False, kinds.switch)
    organized_only: bool = _setting(False, kinds.switch)
    path_map: tuple[tuple[str, str], ...] = _setting((), kinds.path_map)
    reconcile_interval: str = _setting("daily", kinds.OneOf(("never", *INTERVALS)))
    reconcile_scope: str = _setting("all", kinds.OneOf((*BY_SETTING,)))
    full_pass_days: int = _setting(7, kinds.WholeNumber(1, 365))
    reconcile_missing: bool = _setting(True, kinds.switch)
    page_tick: bool = _setting(True, kinds.switch)
    outage_wait: float = _setting(12.0, kinds.hours, zero=True)
    notify_url: tuple[str, ...] = _setting((), kinds.addresses, secret=True)
    notify_on: tuple[str, ...] = _setting((), kinds.SomeOf((*notification_texts.KINDS,)))
    debug_logging: bool = _setting(False, kinds.switch)
    obfuscate_paths: bool = _setting(False, kinds.switch)
    switched_on: frozenset[str] = frozenset(one.name for one in SWITCHES.values() if one.is_on)
    unknown_keys: tuple[str, ...] = field(default=(), compare=False)

    def value(self, name: str) -> object:
        """A setting by its key in Stash."""
        if name in SWITCHES:
            return SWITCHES[name].name in self.switched_on
        return getattr(self, name)

    def synced_fields(self) -> frozenset[str]:
        """The names of all fields to sync; none while `sync_master` is off."""
        if not self.sync_master:
            return frozenset()
        rules = self.placing_rules()
        by_setting = {
            CONTENT_RATING: bool(self.content_rating),
            LABEL: TAGS in self.switched_on or rules.taxonomy.makes(TargetKind.LABEL),
            COLLECTION: rules.makes_collections,
        }
        return self.switched_on.union(name for name, is_on in by_setting.items() if is_on)

    def placing_rules(self) -> PlacingRules:
        """Where tags and studios show; rules about tags are asleep while tags are not synced."""
        taxonomy = parse(self.tag_rules)
        return PlacingRules(
            taxonomy if TAGS in self.switched_on else taxonomy.without_tags(),
            self._blocked,
            studios=COLLECTION in self.switched_on,
            groups=self.sync_groups,
            least=self.collection_min_items,
        )

    def sync_policy(self) -> SyncPolicy:
        """What Plex should show, as far as the settings alone say. The library has a say as well:
        `reconciliation.library_facts`."""
        enabled = self.synced_fields()
        images = tuple(
            Picture(name, self.poster_fit if name == "poster" else "")
            for name in sorted(enabled & PICTURES)
        )
        tags = TagFilter(self._blocked, self.max_tags)
        return SyncPolicy(
            enabled,
            tags,
            images,
            self.organized_only,
            self.content_rating,
            respect_overlays=self.respect_overlays,
        )

    @property
    def _blocked(self) -> frozenset[str]:
        """The identities of blocked tags, also of names with odd blanks in them."""
        return name_keys(BY_NAME[TAGS].normal(self.tag_blocklist))

    def public(self) -> dict[str, object]:
        """All settings by name, for logs and reports, with secrets hidden."""
        shown = {name: self.value(name) for name in DEFAULTS}
        secrets = {name: "***" for name in SECRET if shown[name]}
        return {**shown, "unknown_keys": self.unknown_keys, **secrets}


_PARSED = {one.name: one for one in fields(Settings) if one.metadata}
SECRET = tuple(name for name, one in _PARSED.items() if one.metadata["secret"])
# Every setting that has an effect, with its default.
DEFAULTS: Mapping[str, object] = {name: Settings().value(name) for name in (*_PARSED, *SWITCHES)}
_WITH_ZERO = tuple(name for name, one in _PARSED.items() if one.metadata["zero"])
FROM_ENV = {"plex_url": "PLEX_URL", "plex_token": "PLEX_TOKEN"}
REQUIRED = {
    "plex_url": "enter the address of Plex, like http://192.168.1.10:32400",
    "plex_token": "enter the token of the account that owns the Plex server",
}


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """Settings as far as they make sense.

    Attributes:
        settings: with the default in the place of what makes none.
        faults: by key, what is wrong with it, for people; without secrets.
    """

    settings: Settings
    faults: Mapping[str, str]

    def complain(self) -> None:
        """Raises ConfigError, which lists all faults, where there are any."""
        if self.faults:
            head = "The settings of Stash2Plex need your attention (in Stash: Settings > Plugins)"
            raise ConfigError("\n- ".join([f"{head}:", *self.faults.values()]))


def read_settings(raw: Mapping[str, Any], env: Mapping[str, str]) -> ReadSettings:
    """Settings from what Stash has stored for the plugin, as in `configuration { plugins }`.

    Args:
        raw: keys and values as Stash hands them over. What is absent, null or an empty text means
            the default, and so does the number 0, but where 0 has a meaning of its own.
        env: the environment; PLEX_URL and PLEX_TOKEN are used where Stash has none.
    """
    given = _by_plain_key(raw)
    values: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for name, default in DEFAULTS.items():
        value = given.get(_plain(name))
        zero = name in _WITH_ZERO
        if _is_unset(value, default, zero=zero):
            value = env.get(FROM_ENV.get(name, ""), "").strip()
        if not _is_unset(value, default, zero=zero):
            _take(name, parser_of(name), value, values, faults)
    _take_old_path_map(given.get(_plain(OLD_PATH_MAP)), values, faults)
    for name, hint in REQUIRED.items():
        if name not in values:
            faults.setdefault(name, f"{name} is not set; {hint}")
    switches = {one.name: values.pop(key, one.is_on) for key, one in SWITCHES.items()}
    switched_on = frozenset(name for name, is_on in switches.items() if is_on)
    settings = Settings(**values, switched_on=switched_on, unknown_keys=_unknown(raw))
    return ReadSettings(settings, _without_secrets(faults, given, env))


def settings_of(config: Settings | Mapping[str, Any]) -> Settings:
    """Settings, or what they are read from. Raises ConfigError: they make no sense."""
    if isinstance(config, Settings):
        return config
    read = read_settings(config, {})
    read.complain()
    return read.settings


def parser_of(name: str) -> Callable[[object], Any]:
    """What reads a setting, by its key; see `core.setting_values`."""
    if name in SWITCHES:
        return kinds.switch
    parse: Callable[[object], Any] = _PARSED[name].metadata["parse"]
    return parse


def stored_value(raw: Mapping[str, Any], name: str, *, absent: bool = False) -> object:
    """What Stash has stored for a setting, however it spells its key; None where it is not set.

    Args:
        absent: None only where nothing at all is stored, be it what stands for "not set".
    """
    value = _by_plain_key(raw).get(_plain(name))
    if absent:
        return value
    return None if _is_unset(value, DEFAULTS[name], zero=name in _WITH_ZERO) else value


def _take(
    name: str,
    parse: Callable[[object], object],
    value: object,
    values: dict[str, Any],
    faults: dict[str, str],
) -> None:
    try:
        values[name] = parse(value)
    except BadValueError as allowed:
        shown = "***" if name in SECRET else _shown(value)
        faults[name] = f"{name} is {shown}; allowed: {allowed}"


def _take_old_path_map(value: object, values: dict[str, Any], faults: dict[str, str]) -> None:
    """The old key has Plex's prefix on the left. It counts only while `path_map` is not used."""
    if "path_map" in values or "path_map" in faults or _is_unset(value, ""):
        return
    old: dict[str, Any] = {}
    _take(OLD_PATH_MAP, kinds.path_map, value, old, faults)
    values["path_map"] = tuple((ours, plex) for plex, ours in old.get(OLD_PATH_MAP, ()))


def _is_unset(value: object, default: object, *, zero: bool = False) -> bool:
    """Whether a stored value is one that Stash shows for a setting nobody has touched.

    Args:
        zero: the number 0 is none of these.
    """
    if isinstance(default, bool):
        return value is None or (isinstance(value, str) and not value.strip())
    if value is None or value is False or (isinstance(value, str) and not value.strip()):
        return True
    if isinstance(default, (int, float)) and not zero:
        return value == 0 or (isinstance(value, str) and value.strip() == "0")
    return False


def same_key(one: str, other: str) -> bool:
    """Whether two spellings name one setting; the old path map is a spelling of the new one."""
    new, old = _plain("path_map"), _plain(OLD_PATH_MAP)
    left, right = (new if _plain(each) == old else _plain(each) for each in (one, other))
    return left == right


def _plain(key: str) -> str:
    """A key without case and underscores: Stash before 0.26 makes `plexUrl` of `plex_url`."""
    return key.replace("_", "").casefold()


def _by_plain_key(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The values by plain key; where two spellings are stored, the one with underscores counts."""
    spelled = sorted(raw, key=lambda key: ("_" in key, key))
    return {_plain(key): raw[key] for key in spelled}


def _unknown(raw: Mapping[str, Any]) -> tuple[str, ...]:
    names = (*DEFAULTS, *WITHOUT_EFFECT, OLD_PATH_MAP)
    known = {_plain(name) for name in names}
    return tuple(sorted(key for key in raw if _plain(key) not in known))


def _shown(value: object) -> str:
    """A bad value as an error repeats it: cut, on one line, without credentials in URLs."""
    text = repr(value)
    text = re.sub(r"//[^/@]*@", "//***@", text)
    text = re.sub(r"([?&#;][^=&]*=)[^&'\"]*", r"\1***", text) if "://" in text else text
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


def _without_secrets(
    faults: Mapping[str, str], given: Mapping[str, Any], env: Mapping[str, str]
) -> dict[str, str]:
    """A token pasted into the wrong box must not show up in what is said of that one."""
    found = [given.get(_plain(name)) for name in SECRET]
    found += [env.get(FROM_ENV.get(name, "")) for name in SECRET]
    told = [str(each).strip() for each in found if each]
    told += [one for each in told for one in re.findall(r"\w+://[^\s,'\"\]]+", each)]  # of several
    secrets = sorted((each for each in told if len(each) > 5), key=len, reverse=True)
    cleaned = dict(faults)
    for name, text in cleaned.items():
        for secret in secrets:
            text = text.replace(secret, "***")
        cleaned[name] = text
    return cleaned
