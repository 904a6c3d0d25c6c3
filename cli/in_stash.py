"""A task started in Stash itself and waited for, by stashapp-tools.

That is for a machine that has no part in Stash's files: the task runs there, in Stash's own queue,
with the data folder that it always has.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from app.directories import PLUGIN_ID
from core.errors import StashError
from stash.connection import StashConnection

PAUSE = 1.0  # seconds between two looks at a job
_ENDED = frozenset({"FINISHED", "CANCELLED", "FAILED"})
_START = "mutation($id: ID!, $args: Map) { runPluginTask(plugin_id: $id, args_map: $args) }"
_JOB = "query($id: ID!) { findJob(input: {id: $id}) { status progress error } }"


class Api(Protocol):
    """What is used of stashapp-tools' `StashInterface`."""

    def call_GQL(self, query: str, variables: Mapping[str, Any]) -> Any: ...  # noqa: N802


def connect(connection: StashConnection) -> Api:
    """Stash by stashapp-tools. Raises StashError: it does not answer, or refuses the key."""
    from stashapi.stashapp import StashInterface

    if connection.prefix:
        raise StashError("--in-stash needs an address of Stash without a path behind the port")
    told = {
        "Scheme": connection.scheme,
        "Host": connection.host,
        "Port": connection.port,
        "ApiKey": connection.api_key or "",
        "Logger": logging.getLogger("stashapi"),
    }
    try:
        api: Api = StashInterface(told, verify_ssl=connection.verify_tls)
    except Exception as error:  # noqa: BLE001 - it raises plain ones, and those of requests
        raise StashError(
            f"Stash at {connection.base_url} cannot be used ({type(error).__name__}): is the "
            "address right, and the API key (STASH_API_KEY)?"
        ) from None
    return api


def run(
    api: Api,
    mode: str,
    args: Mapping[str, object],
    on_progress: Callable[[float], None],
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Start a task in Stash and wait for its end.

    Raises:
        StashError: Stash does not know the plugin, or the job was cancelled or has failed.
    """
    told = {"mode": mode, **{key: value for key, value in args.items() if value is not None}}
    job_id = _asked(api, _START, {"id": PLUGIN_ID, "args": told}, "runPluginTask")
    while True:
        job = _asked(api, _JOB, {"id": str(job_id)}, "findJob")
        if job is None:  # Stash forgets jobs soon after their end
            return
        on_progress(float(job.get("progress") or 0.0))
        if job["status"] in _ENDED:
            if job["status"] != "FINISHED":
                why = job.get("error") or job["status"].lower()
                raise StashError(f"The task in Stash has not come to its end: {why}")
            return
        sleep(PAUSE)


def _asked(api: Api, query: str, variables: Mapping[str, Any], name: str) -> Any:
    try:
        return api.call_GQL(query, variables)[name]
    except Exception as error:  # noqa: BLE001 - stashapp-tools raises plain exceptions
        raise StashError(f"Stash did not take the request: {error}") from None
