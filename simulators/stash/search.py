"""The search box: every word somewhere, quoted phrases whole, `-` for what must not be, and OR.

The rules are those of ParseSearchString in Stash's pkg/models/search.go.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from simulators.stash.criteria import Test, like
from simulators.stash.model import Scene, Studio, Tag

WORDS = re.compile(r'-?"[^"]*"|\S+')
OR_SIGNS = ("or", "|")


@dataclass(slots=True)
class Search:
    """What one search asks for, as patterns."""

    needed: list[re.Pattern[str]] = field(default_factory=list)
    unwanted: list[re.Pattern[str]] = field(default_factory=list)
    choices: list[list[re.Pattern[str]]] = field(default_factory=list)  # one of each

    def finds(self, texts: Iterable[str]) -> bool:
        known = list(texts)
        return (
            all(_found(word, known) for word in self.needed)
            and not any(_found(word, known) for word in self.unwanted)
            and all(any(_found(word, known) for word in words) for words in self.choices)
        )


def _found(word: re.Pattern[str], texts: list[str]) -> bool:
    return any(word.fullmatch(text) for text in texts)


def parse_search(query: str) -> Search:
    """An OR at either end is a word like the others."""
    words, search = WORDS.findall(query), Search()
    index = 0
    while index < len(words):
        chain = [words[index]]
        while index + 2 < len(words) and words[index + 1].lower() in OR_SIGNS:
            chain.append(words[index + 2])
            index += 2
        index += 1
        if len(chain) > 1:
            search.choices.append([_pattern(word) for word in chain])
        elif len(chain[0]) > 1 and chain[0].startswith("-"):
            search.unwanted.append(_pattern(chain[0][1:]))
        elif chain[0] != '""':
            search.needed.append(_pattern(chain[0]))
    return search


def _pattern(word: str) -> re.Pattern[str]:
    return like(f"%{word.strip(chr(34)) or word}%")


def scene_search(query: str) -> Test:
    """In title, details, path or hash."""
    search = parse_search(query)

    def test(scene: Scene) -> bool:
        texts = [scene.title, scene.details]
        for file in scene.files:
            texts += (file.path, file.oshash)
        return search.finds(texts)

    return test


def name_search(query: str) -> Test:
    search = parse_search(query)

    def test(entity: Any) -> bool:
        aliases = entity.aliases if isinstance(entity, Studio | Tag) else entity.alias_list
        return search.finds([entity.name, *aliases])

    return test
