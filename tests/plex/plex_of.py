"""A scripted Plex that has items, and fails for some of them or in some of its answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from urllib.parse import parse_qs, urlsplit

from tests.contract.scripted import Asked, Reply, as_html, as_json
from tests.plex.wire import IDENTITY, SECTIONS

NOT_FOUND = as_html(404, "Not Found")
FAILS = as_html(500, "Internal Server Error")


class PlexOf:
    """Answers as Plex does.

    Args:
        keys: of its items.
        bad: those that spoil each answer which holds them.
        failure: what such an answer is.
        by: what is answered instead, by the request; None: what Plex says.
        cap: the most items of a page.
    """

    def __init__(
        self,
        keys: Sequence[str],
        *,
        bad: Collection[str] = (),
        failure: Reply = FAILS,
        by: Callable[[Asked], Reply | None] = lambda _asked: None,
        cap: int = 1000,
    ) -> None:
        self.keys = list(keys)
        self.bad = set(bad)
        self.failure = failure
        self.by = by
        self.cap = cap

    def __call__(self, asked: Asked) -> Reply:
        return self.by(asked) or self._answer(asked)

    def _answer(self, asked: Asked) -> Reply:
        path = urlsplit(asked.path).path
        query = {name: values[0] for name, values in parse_qs(urlsplit(asked.path).query).items()}
        if path == "/identity":
            return IDENTITY
        if path == "/library/sections":
            return SECTIONS
        if asked.method == "PUT":
            return self.failure if query["id"] in self.bad else Reply()
        whole = re.fullmatch(r"/library/metadata/([\w,]+)", path)
        if whole is not None:
            return self._holding([key for key in whole[1].split(",") if key in self.keys])
        start, size = (int(query[f"X-Plex-Container-{name}"]) for name in ("Start", "Size"))
        window = self.keys[start : start + min(size, self.cap)]
        return self._holding(window, total=len(self.keys))

    def _holding(self, keys: Sequence[str], total: int | None = None) -> Reply:
        if self.bad.intersection(keys):
            return self.failure
        if total is None and not keys:
            return NOT_FOUND
        container: dict[str, object] = {"size": len(keys), "librarySectionID": 3}
        if total is not None:
            container["totalSize"] = total
        container["Metadata"] = [
            {
                "ratingKey": key,
                "title": f"Item {key}",
                "Media": [{"Part": [{"file": f"/data/{key}.mp4"}]}],
            }
            for key in keys
        ]
        return as_json({"MediaContainer": container})
