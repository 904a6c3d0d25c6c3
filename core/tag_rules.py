"""The rules of the setting `tag_rules`: what becomes of tags and studios in Plex.

    tag Solo => label; parent Locations, use < 5 => nothing; parent Locations => collection, genre

Rules stand on lines of their own or between semicolons, and the first that fits a tag decides about
it. To the left of `=>` are conditions, all of which have to hold, and to the right is all that
becomes of the tag. A name that holds a comma, a semicolon or an arrow goes in double quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from core.fields import LINE_LIMIT
from core.quoted_lists import QUOTED, quoted, unquoted
from core.text import clean_line, shortened

FORM = "rules like: tag Solo => label; parent Places, use < 5 => nothing"


class Subject(Enum):
    """What a condition looks at: TAG: its name; PARENT: any tag above it; USE: how many scenes have
    it; OTHERS: every tag. STUDIO and NETWORK: the scene's studio and the parent of that."""

    TAG = "tag"
    PARENT = "parent"
    USE = "use"
    OTHERS = "others"
    STUDIO = "studio"
    NETWORK = "parent studio"


class TargetKind(Enum):
    """What something becomes in Plex."""

    GENRE = "genre"
    LABEL = "label"
    COLLECTION = "collection"
    STUDIO = "studio"


STUDIOS = (Subject.STUDIO, Subject.NETWORK)
_NAMED = (Subject.TAG, Subject.PARENT)
_LONGEST = 60  # characters of a rule that a message repeats
_NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: a name for TAG and PARENT, `below` for USE (fewer scenes than that)."""

    subject: Subject
    name: str = ""
    below: int = 0

    def __str__(self) -> str:
        if self.subject is Subject.USE:
            return f"use < {self.below}"
        return f"{self.subject.value} {_written(self.name)}" if self.name else self.subject.value


@dataclass(frozen=True, slots=True)
class Target:
    """What it becomes, and under which name; "": its own."""

    kind: TargetKind
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind.value} {_written(self.name)}" if self.name else self.kind.value


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; without targets nothing becomes of what fits it."""

    conditions: tuple[Condition, ...]
    targets: tuple[Target, ...]

    def __str__(self) -> str:
        right = ", ".join(map(str, self.targets)) or _NOTHING
        return f"{', '.join(map(str, self.conditions))} => {right}"

    @property
    def subject(self) -> Subject:
        """What it is about, told by its first condition."""
        return self.conditions[0].subject


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """All rules, in the order in which they are tried."""

    rules: tuple[Rule, ...] = ()

    def __str__(self) -> str:
        """A text that means the same."""
        return "; ".join(map(str, self.rules))

    @property
    def of_tags(self) -> tuple[Rule, ...]:
        return tuple(rule for rule in self.rules if rule.subject not in STUDIOS)

    def without_tags(self) -> Taxonomy:
        """Those of studios alone."""
        return Taxonomy(tuple(rule for rule in self.rules if rule.subject in STUDIOS))

    def of_studios(self, subject: Subject) -> tuple[Target, ...] | None:
        """What becomes of studios, or of their parents; None: no rule says so."""
        found = (rule.targets for rule in self.rules if rule.subject is subject)
        return next(found, None)

    def makes(self, kind: TargetKind) -> bool:
        """Whether any rule makes something of this kind."""
        return any(target.kind is kind for rule in self.rules for target in rule.targets)

    def looks_at(self, *subjects: Subject) -> bool:
        """Whether any rule has a condition of these."""
        return any(each.subject in subjects for rule in self.rules for each in rule.conditions)


class RuleError(Exception):
    """A rule that makes no sense; the text names it."""


def parse(text: str) -> Taxonomy:
    """The rules of a text. Raises RuleError: the first that makes no sense."""
    rules, problems = read(text)
    if problems:
        raise RuleError(problems[0])
    return rules


def read(text: str) -> tuple[Taxonomy, list[str]]:
    """The rules of a text that make sense, and for people what is wrong with the others."""
    rules: list[Rule] = []
    problems: list[str] = []
    for number, said in enumerate(_split(text), start=1):
        try:
            rule = _rule(said)
            _check_place(rule, rules)
            rules.append(rule)
        except RuleError as error:
            problems.append(f"rule {number} ({_shown(said)}): {error}")
    return Taxonomy(tuple(rules)), problems


# Parsing ----------------------------------------------------------------------------------

_WORDS = (r"parent[^\S\n]+studio", *(each.value for each in (*Subject, *TargetKind)), _NOTHING)
_BLANK = r"[^\S\n]*"
_PART = re.compile(
    rf"{_BLANK}(?:({'|'.join(_WORDS)})(?!\w))?{_BLANK}({QUOTED}|[^\n]*?){_BLANK}(=>|[,;\n]|\Z)",
    re.IGNORECASE,
)
_ARROW, _COMMA = "=>", ","
_LEAST = re.compile(r"<\s*([1-9][0-9]{0,8})")


@dataclass(frozen=True, slots=True)
class _Part:
    """A condition or a target as it was written: its keyword in small letters, and what follows."""

    word: str
    rest: str
    end: str

    @property
    def is_blank(self) -> bool:
        return not self.word and not self.rest

    @property
    def name(self) -> str:
        return clean_line(unquoted(self.rest), LINE_LIMIT).strip()


def _split(text: str) -> Iterable[list[_Part]]:
    """The parts of each rule, without rules that say nothing."""
    parts: list[_Part] = []
    place = 0
    while True:
        found = _PART.match(text, place)
        assert found is not None  # everything may be empty
        word = " ".join((found[1] or "").lower().split())
        parts.append(_Part(word, found[2], found[3]))
        place = found.end()
        if found[3] not in (_ARROW, _COMMA):
            if not all(part.is_blank and not part.end.strip(";\n") for part in parts):
                yield parts
            parts = []
        if not found[3]:
            return


def _rule(parts: Sequence[_Part]) -> Rule:
    arrows = [place for place, part in enumerate(parts) if part.end == _ARROW]
    if len(arrows) != 1:
        raise RuleError('one "=>" has to stand between what it is about and what becomes of it')
    left, right = parts[: arrows[0] + 1], parts[arrows[0] + 1 :]
    conditions = tuple(map(_condition, left))
    about = [each.subject in STUDIOS for each in conditions]
    if any(about) and len(conditions) > 1:
        raise RuleError("a rule about studios has no other conditions")
    return Rule(conditions, _targets(right, is_studio=about[0]))


def _condition(part: _Part) -> Condition:
    known = {each.value: each for each in Subject}
    subject = known.get(part.word)
    if subject is None:
        raise RuleError(f"on the left goes one of {', '.join(known)}")
    if subject is Subject.USE:
        least = _LEAST.fullmatch(part.rest)
        if least is None:
            raise RuleError("'use' goes with a number, like: use < 5")
        return Condition(subject, below=int(least[1]))
    if subject in _NAMED and not part.name:
        raise RuleError(f"'{subject.value}' needs the name of a tag")
    if subject not in _NAMED and part.rest:
        raise RuleError(f"nothing goes behind '{subject.value}'")
    return Condition(subject, part.name)


def _targets(parts: Sequence[_Part], *, is_studio: bool) -> tuple[Target, ...]:
    if len(parts) == 1 and parts[0].word == _NOTHING and not parts[0].rest:
        return ()
    kinds = [
        kind
        for kind in TargetKind
        if kind is not (TargetKind.GENRE if is_studio else TargetKind.STUDIO)
    ]
    known = {kind.value: kind for kind in kinds}
    if any(part.word not in known for part in parts):
        raise RuleError(f"on the right goes {', '.join(known)} or, alone, {_NOTHING}")
    targets = [Target(known[part.word], part.name) for part in parts]
    return tuple(dict.fromkeys(targets))


def _check_place(rule: Rule, before: Sequence[Rule]) -> None:
    """Raises RuleError where the rule never decides anything, since an earlier one does."""
    about_tags = rule.subject not in STUDIOS
    for earlier in before:
        if earlier.conditions == rule.conditions:
            raise RuleError("an earlier rule has the same on its left")
        if about_tags and all(each.subject is Subject.OTHERS for each in earlier.conditions):
            raise RuleError("it comes after 'others', which fits every tag")


def _shown(parts: Sequence[_Part]) -> str:
    """A rule as it was written, cut."""
    words = (" ".join(filter(None, (p.word, p.rest, p.end.strip("\n;")))) for p in parts)
    text = " ".join(words).replace(" ,", ",")
    return shortened(text, _LONGEST)


def _written(name: str) -> str:
    """A name as it has to be written after its keyword; 'parent studio' would be another one."""
    bare = quoted(name)
    return f'"{name}"' if bare == name and name[:6].lower() == Subject.STUDIO.value else bare
