"""Requests that cannot be executed, in the words of Stash's GraphQL library."""

from __future__ import annotations

import re
from typing import Any

from graphql import GraphQLError

PARSE_FAILED, VALIDATION_FAILED = "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"
Body = dict[str, Any]
# What graphql-core says, and what clients of Stash read instead.
WORDINGS = (
    (re.compile(r"^Syntax Error: (.*?)\.?$"), r"\1"),
    (
        re.compile(
            r'^Expected value of type (".*?") not to include unknown field (".*?")'
            r"(?:\.( Did you mean .*?\?) F|, f)ound: .*$",
            re.DOTALL,
        ),
        r"Field \2 is not defined by type \1.\3",
    ),
    (
        re.compile(r'^Argument "\w+\.(\w+)\((\w+):\)" of type'),
        r'Field "\1" argument "\2" of type',
    ),
)


class BadRequestError(Exception):
    """The request cannot be executed.

    Args:
        code: the error's extension; None: a transport error, always HTTP 400.
        is_json: whether the answer says that it is JSON (it always is).
    """

    def __init__(
        self,
        errors: list[Body],
        code: str | None = None,
        status: int = 400,
        is_json: bool = True,
    ) -> None:
        super().__init__(errors[0]["message"])
        self.status = status
        self.body: Body = {"errors": errors, "data": None}
        self.of_graphql = code is not None
        self.is_json = is_json
        if code is not None:
            for error in errors:
                error["extensions"] = {"code": code}


def located(error: GraphQLError) -> Body:
    """The error as clients see it."""
    # gqlgen quotes names with double quotes.
    message = error.message.replace("'", '"')
    for pattern, words in WORDINGS:
        message = pattern.sub(words, message)
    known: Body = {"message": message}
    if error.locations:
        known["locations"] = [{"line": at.line, "column": at.column} for at in error.locations]
    return known
