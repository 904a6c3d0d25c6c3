"""Asks Stash to queue our task, from within a hook: the user waits, so a bare socket has to do.

The session cookie of the hook goes along, since in it Stash counts the hooks that led here: that is
how it ends loops. Tasks have time and use `stash.job_queue`.
"""

from __future__ import annotations

import json
import socket
import time

TYPE_CHECKING = False
if TYPE_CHECKING:  # spares the hooks the import of typing
    from collections.abc import Mapping
    from typing import Any

PLUGIN = "Stash2Plex"
TASK = "Sync Changes"
RUN_TASK = (
    "mutation($plugin: ID!, $task: String!) { runPluginTask(plugin_id: $plugin, task_name: $task) }"
)
FIND_JOB = "query($id: ID!) { findJob(input: {id: $id}) { status description } }"
QUEUE = "query { jobQueue { status description } }"
READY = frozenset({"READY"})
UNFINISHED = frozenset({"READY", "RUNNING"})

SECONDS = 1.0  # for everything together
_EVERYWHERE = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - compared, never bound
_MOST = 1_000_000  # bytes of an answer


class AskFailed(Exception):
    """Stash could not be asked, or refused. `slow`: it did not answer in time."""

    def __init__(self, text: str, *, slow: bool = False) -> None:
        super().__init__(text)
        self.slow = slow


class _Endpoint:
    """Where Stash listens and what lets us in; as `stash.connection`, which takes too long."""

    __slots__ = ("headers", "host", "path", "port", "tls", "verify")

    def __init__(self, server: Mapping[str, Any], env: Mapping[str, str]) -> None:
        if env.get("STASH_URL", "").strip() or env.get("STASH_API_KEY", "").strip():
            self._from_connection(server, env)
            return
        host = str(server.get("Host") or "").strip().removeprefix("[").removesuffix("]")
        port = server.get("Port", 9999)
        self.host = "127.0.0.1" if host in _EVERYWHERE else host
        self.port = port if isinstance(port, int) and 0 < port < 65536 else 9999
        self.tls = str(server.get("Scheme") or "").lower() == "https"
        self.verify = False  # a certificate for another name, on our own machine
        self.path = "/graphql"
        cookie = server.get("SessionCookie")
        told = cookie if isinstance(cookie, dict) else {}
        self.headers = _cookie_header(str(told.get("Name") or "session"), told.get("Value"))

    def _from_connection(self, server: Mapping[str, Any], env: Mapping[str, str]) -> None:
        """The settings of the environment are rare, and worth their time."""
        from core.errors import SyncError
        from stash.connection import StashConnection

        try:
            known = StashConnection.from_plugin_input(server, env)
        except SyncError as error:
            raise AskFailed(str(error)) from error
        self.host, self.port, self.path = known.host, known.port, f"{known.prefix}/graphql"
        self.tls, self.verify = known.scheme == "https", known.verify_tls
        self.headers = _cookie_header(known.cookie_name, known.cookie)
        if not self.headers and known.api_key:
            self.headers = f"ApiKey: {known.api_key}\r\n"


def _cookie_header(name: str, value: object) -> str:
    if not isinstance(value, str) or not value or not (name + value).isprintable():
        return ""
    return f"Cookie: {name}={value}\r\n" if (name + value).isascii() else ""


def sync_changes(
    server: Mapping[str, Any],
    env: Mapping[str, str],
    job_id: str | None,
    *,
    is_beside: bool = False,
) -> str:
    """Has Stash queue our task, unless the job that was asked for is still there; the job's id.

    Args:
        server: `server_connection` of the plugin input.
        job_id: what an earlier request has queued; None if nothing is known of one.
        is_beside: unless any job for it has not begun; "" if there is one.

    Raises:
        AskFailed: it may be queued or not.
    """
    endpoint, deadline = _Endpoint(server, env), time.monotonic() + SECONDS
    if job_id is not None:
        job = _ask(endpoint, FIND_JOB, {"id": job_id}, deadline).get("findJob")
        if is_waiting(job):
            return job_id
    if is_beside:
        jobs = _ask(endpoint, QUEUE, {}, deadline).get("jobQueue")
        if isinstance(jobs, list) and any(is_waiting(job, READY) for job in jobs):
            return ""
    given = {"plugin": PLUGIN, "task": TASK}
    queued = _ask(endpoint, RUN_TASK, given, deadline).get("runPluginTask")
    if not isinstance(queued, str):
        raise AskFailed("it answered without a job")
    return queued


def is_waiting(job: object, statuses: frozenset[str] = UNFINISHED) -> bool:
    """Whether a job of Stash (status, description) is our task, and is waiting or running.

    After a restart Stash gives the same numbers to other jobs.
    """
    if not isinstance(job, dict):
        return False
    return str(job.get("status")) in statuses and str(job.get("description")).endswith(TASK)


def _ask(
    endpoint: _Endpoint, query: str, variables: Mapping[str, str], deadline: float
) -> Mapping[str, Any]:
    body = json.dumps({"query": query, "variables": variables})
    # HTTP/1.0, so that the answer comes in one piece and ends with the connection.
    request = (
        f"POST {endpoint.path} HTTP/1.0\r\nHost: {_netloc(endpoint)}\r\n{endpoint.headers}"
        "Content-Type: application/json\r\nAccept: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}"
    )
    try:
        head, _, content = _exchange(endpoint, request.encode(), deadline).partition(b"\r\n\r\n")
    except TimeoutError:
        raise AskFailed(f"no answer within {SECONDS:g} s", slow=True) from None
    except (OSError, UnicodeError) as error:  # the latter of a host that is no name
        told = error.strerror if isinstance(error, OSError) else None
        raise AskFailed(told or type(error).__name__) from None
    status = head.partition(b"\r\n")[0].decode("latin-1")
    try:
        data = json.loads(content).get("data")
    except (ValueError, AttributeError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise AskFailed(f"it answered {status[:80]!r}")
    return data


def _netloc(endpoint: _Endpoint) -> str:
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    return f"{host}:{endpoint.port}"


def _exchange(endpoint: _Endpoint, request: bytes, deadline: float) -> bytes:
    answer = bytearray()
    with socket.create_connection((endpoint.host, endpoint.port), _left(deadline)) as plain:
        line = _encrypted(plain, endpoint) if endpoint.tls else plain
        line.settimeout(_left(deadline))
        line.sendall(request)
        while len(answer) < _MOST:
            line.settimeout(_left(deadline))
            part = line.recv(65536)
            if not part:
                break
            answer += part
        if line is not plain:
            line.close()
    return bytes(answer)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _encrypted(plain: socket.socket, endpoint: _Endpoint) -> socket.socket:
    import ssl

    context = ssl.create_default_context()
    if not endpoint.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(plain, server_hostname=endpoint.host)
