"""The settings as the page shows them: groups of rows with their words, true values and origin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from app.setup.token import KEPT, SETTING
from core import setting_values as kinds
from core.quoted_lists import quoted
from core.setting_values import BadValueError, Number, OneOf, SomeOf
from core.setting_words import GROUPS, WORDS, Word, by_label
from core.settings import (
    DEFAULTS,
    FROM_ENV,
    OLD_PATH_MAP,
    REQUIRED,
    SECRET,
    ReadSettings,
    parser_of,
    stored_value,
)

_KINDS: Mapping[object, str] = MappingProxyType(
    {
        kinds.switch: "switch",
        kinds.names: "list",
        kinds.path_map: "path_map",
        kinds.tag_rules: "rules",
    }
)


@dataclass(frozen=True, slots=True)
class KnownSettings:
    """What is known of the settings.

    Attributes:
        stored: as Stash has them.
        kept_token: a token rests in its file.
        read: what they come to.
    """

    stored: Mapping[str, object]
    env: Mapping[str, str]
    kept_token: bool
    read: ReadSettings

    def groups(self) -> list[dict[str, Any]]:
        """The groups with their settings, in the order of the page."""
        return [
            {
                "name": group.name,
                "title": group.title,
                "help": group.help,
                "settings": [
                    self._row(key, word) for key, word in WORDS.items() if word.group == group.name
                ],
            }
            for group in GROUPS
        ]

    def _row(self, key: str, word: Word) -> dict[str, Any]:
        source = self._source(key)
        parse = parser_of(key)
        row: dict[str, Any] = {
            "key": key,
            "label": word.label,
            "help": word.help,
            "kind": kind_of(key),
            "value": self._value(key, source),
            "default": _as_typed(DEFAULTS[key]),
            "is_default": source == "default" or self._is_default(key),
            "source": source,
        }
        if isinstance(parse, (OneOf, SomeOf)):
            row["choices"] = list(parse.choices)
        if isinstance(parse, Number):
            row |= {"min": parse.low, "max": parse.high}
        if key in REQUIRED:
            row["required"] = True
        if key in SECRET:
            row |= {"value": "", "is_set": source != "default"}
        return row

    def _is_default(self, key: str) -> bool:
        """Whether what was saved says no more than the default."""
        return key not in self.read.faults and self.read.settings.value(key) == DEFAULTS[key]

    def _source(self, key: str) -> str:
        given = self._given(key)
        if key == SETTING and given in (None, KEPT):
            if self.kept_token:
                return "token_file"
            given = None
        if given is not None:
            return "settings"
        return "environment" if self.env.get(FROM_ENV.get(key, "")) else "default"

    def _given(self, key: str) -> object:
        given = stored_value(self.stored, key)
        if given is None and key == "path_map" and self.read.settings.path_map:
            return kinds.path_map_text(self.read.settings.path_map)  # of the old key
        return given

    def _value(self, key: str, source: str) -> object:
        """As it would be typed; what makes no sense is shown as it is."""
        if source == "default" or key in SECRET:
            return _as_typed(DEFAULTS[key])
        given = self._given(key) if source == "settings" else self.env[FROM_ENV[key]]
        if key not in self.read.faults and kind_of(key) in ("switch", "number", "choice", "list"):
            value = self.read.settings.value(key)
            return ", ".join(map(quoted, value)) if isinstance(value, tuple) else value
        try:
            return kinds.text(given, "")
        except BadValueError:
            return str(given)


def kind_of(key: str) -> str:
    """What a setting is, for whoever shows a field for it."""
    parse = parser_of(key)
    if key in SECRET:
        return "secret"
    if isinstance(parse, OneOf):
        return "choice"
    if isinstance(parse, SomeOf):
        return "list"
    return "number" if isinstance(parse, Number) else _KINDS.get(parse, "text")


def told(faults: Mapping[str, str]) -> list[dict[str, str]]:
    """Faults of settings for the page, by the keys that it knows."""
    return [
        {"key": "path_map" if key == OLD_PATH_MAP else key, "text": by_label(text)}
        for key, text in faults.items()
    ]


def _as_typed(default: object) -> object:
    if isinstance(default, (str, int, float)):
        return default
    return ""
