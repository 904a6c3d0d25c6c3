"""One thing that was looked at, and what there is to say of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from core.change_words import closed
from core.setting_words import by_label

OK: Final = "ok"
WARN: Final = "warn"
PROBLEM: Final = "problem"
State = Literal["ok", "warn", "problem"]


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Attributes:
        name: what it is about, for programs.
        text: what was found, as a sentence for people.
        advice: the one thing to do about it, likewise; "" where there is nothing to be done.
    """

    name: str
    state: State
    text: str
    advice: str = ""

    @property
    def sentences(self) -> str:
        """Both; errors of servers often say themselves what to do."""
        is_said = self.text.lower().endswith(self.advice.lower())
        return self.text if is_said else f"{self.text} {self.advice}"


@dataclass(slots=True)
class Checks:
    """The checks of one look, in their order."""

    made: list[Check] = field(default_factory=list)

    def ok(self, name: str, text: str) -> None:
        self._add(name, OK, text, "")

    def warn(self, name: str, text: str, advice: str) -> None:
        self._add(name, WARN, text, advice)

    def problem(self, name: str, text: str, advice: str) -> None:
        self._add(name, PROBLEM, text, advice)

    def of(self, state: State) -> Sequence[Check]:
        return [check for check in self.made if check.state == state]

    def _add(self, name: str, state: State, text: str, advice: str) -> None:
        self.made.append(Check(name, state, _sentence(by_label(text)), _sentence(by_label(advice))))


def _sentence(text: str) -> str:
    """With a capital and a full stop: messages of errors are often parts of sentences."""
    if not text:
        return text
    begins = text[0] if text.startswith("http") else text[0].upper()
    return closed(begins + text[1:])
