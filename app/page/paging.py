"""Lists come in pages: which one is asked for, and how it is answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.arguments import number
from core.errors import ConfigError

PER_PAGE = 50
MOST = 200


@dataclass(frozen=True, slots=True)
class Paging:
    """The page of that number, from 1 on, of so many rows each."""

    page: int
    per_page: int

    @classmethod
    def of(cls, args: Mapping[str, object]) -> Paging:
        """What `page` and `per_page` ask for. Raises ConfigError: one of them makes no sense."""
        per_page = number(args, "per_page") or PER_PAGE
        if per_page > MOST:
            raise ConfigError(f"The argument 'per_page' is {per_page}; at most {MOST} is allowed.")
        return cls(number(args, "page") or 1, per_page)

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.per_page

    def reply(self, total: int, rows: Sequence[object]) -> dict[str, Any]:
        """The answer: one page of a list of so many rows."""
        return {"total": total, "page": self.page, "per_page": self.per_page, "rows": list(rows)}

    def cut(self, rows: Sequence[object]) -> dict[str, Any]:
        """The answer: that page of all rows."""
        return self.reply(len(rows), rows[self.offset : self.offset + self.per_page])
