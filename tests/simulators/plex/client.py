"""A bare HTTP client for the tests of the Plex simulator: it adds nothing and hides nothing."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import requests

from simulators.launch import PlexHandle


class PlexHttp:
    """Sends addresses exactly as written (requests only escapes what no URL may hold)."""

    def __init__(self, process: PlexHandle) -> None:
        self.sim = process
        self.url = process.url
        self._session = requests.Session()
        self._session.headers.update({"X-Plex-Token": process.token, "Accept": "application/json"})

    def __enter__(self) -> PlexHttp:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def ask(
        self,
        method: str,
        path: str,
        headers: dict[str, str | None] | None = None,
        data: bytes | None = None,
    ) -> requests.Response:
        # A header of None is left out.
        return self._session.request(
            method, self.url + path, headers=headers or {}, data=data, timeout=20
        )

    def container(self, path: str, headers: dict[str, str | None] | None = None) -> Any:
        answer = self.ask("GET", path, headers)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        return answer.json()["MediaContainer"]

    def items(self, path: str, headers: dict[str, str | None] | None = None) -> list[Any]:
        found: list[Any] = self.container(path, headers).get("Metadata", [])
        return found

    def keys(self, path: str, headers: dict[str, str | None] | None = None) -> list[int]:
        return [int(item["ratingKey"]) for item in self.items(path, headers)]

    def full(self, key: int) -> Any:
        return self.items(f"/library/metadata/{key}")[0]

    def status(self, method: str, path: str, data: bytes | None = None) -> int:
        return self.ask(method, path, data=data).status_code

    def edit(self, key: int | str, **parameters: str) -> int:
        """PUT A on items of section 1. Underscores that can't be in a name: see `query`."""
        return self.status("PUT", f"/library/sections/1/all?type=1&id={key}&{query(parameters)}")


def query(parameters: dict[str, str]) -> str:
    """Names and values, percent-encoded once."""
    return "&".join(
        f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in parameters.items()
    )
