"""The /graphql endpoint: transport rules, error shapes and compression as in Stash.

Errors of resolvers are HTTP 200; of parsing and validation 422. From v0.29 on, a request that
does not name application/json is answered as application/graphql-response+json, uncompressed, with
400 instead; one without an Accept header is answered as before.
"""

from __future__ import annotations

import gzip
import inspect
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from functools import lru_cache
from typing import Any

from aiohttp import web
from graphql import GraphQLSchema, GraphQLSyntaxError, OperationType, parse, validate
from graphql.execution import ExecutionResult, execute
from graphql.language import DocumentNode, FieldNode, OperationDefinitionNode

from simulators.stash.errors import PARSE_FAILED, VALIDATION_FAILED, BadRequestError, Body, located
from simulators.stash.executor import ProjectingExecutor
from simulators.stash.session import Caller
from simulators.stash.state import RequestContext, Simulator
from simulators.stash.variables import VariableError, checked_variables

JSON, GRAPHQL_JSON = "application/json", "application/graphql-response+json"
UNTYPED = "text/plain; charset=utf-8"
CACHE_LIMIT = 500
GZIP_LEVEL = 5


@dataclass(frozen=True, slots=True)
class Request:
    query: str
    variables: dict[str, Any]
    operation: str | None


class GraphQLEndpoint:
    """Handles GET and POST /graphql."""

    def __init__(self, sim: Simulator) -> None:
        self._sim = sim

    async def handle(self, request: web.Request) -> web.Response:
        newer = self._newer_rule(request)
        kind = GRAPHQL_JSON if newer else JSON
        caller: Caller = request["caller"]
        try:
            asked = await _read(request)
            if request.method == "GET":
                self._only_a_query(asked)
            body = await self._answer(asked, base_url(request), caller)
            status = 200
        except BadRequestError as error:
            body, status = error.body, error.status
            if error.of_graphql:
                status = 400 if newer else 422
            kind = kind if error.is_json else UNTYPED
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        return _respond(text, status, request, kind)

    def _newer_rule(self, request: web.Request) -> bool:
        return self._sim.since("0.29") and _accepts_graphql_json(request.headers.get("Accept", ""))

    async def ask(
        self, caller: Caller, query: str, variables: Mapping[str, Any]
    ) -> tuple[int, Body]:
        """Status and answer of what a script asks that runs in the server itself."""
        try:
            asked = _checked({"query": query, "variables": variables})
            return 200, await self._answer(asked, "http://", caller)
        except BadRequestError as error:
            return (422 if error.of_graphql else error.status), error.body

    def _only_a_query(self, asked: Request) -> None:
        operation = _operation(_document(self._sim.schema, asked.query), asked.operation)
        if operation.operation is not OperationType.QUERY:
            raise BadRequestError(
                [{"message": "GET requests only allow query operations"}], status=406
            )

    async def _answer(self, asked: Request, base: str, caller: Caller) -> Body:
        document = _document(self._sim.schema, asked.query)
        operation = _operation(document, asked.operation)
        if self._sim.rng.random() < self._sim.switches["locked_share"]:
            return self._logged(_locked(operation))
        context = RequestContext(self._sim, caller, base)
        try:
            variables = checked_variables(self._sim.schema, operation, asked.variables)
        except VariableError as error:
            wrong = {"message": str(error), "path": list(error.path)}
            raise BadRequestError([wrong], VALIDATION_FAILED) from None
        outcome = execute(
            self._sim.schema,
            document,
            context_value=context,
            variable_values=variables,
            operation_name=asked.operation,
            executor_class=ProjectingExecutor,
        )
        result = await outcome if inspect.isawaitable(outcome) else outcome
        return self._logged(_body(result))

    def _logged(self, body: Body) -> Body:
        """The answer, once the errors of its resolvers are in the log."""
        for failed in body.get("errors", ()):
            where = _place(failed["path"] or ())
            self._sim.log.add("error", f"{where}: input: {where} {failed['message']}")
        return body


@lru_cache(CACHE_LIMIT)
def _document(schema: GraphQLSchema, query: str) -> DocumentNode:
    """The parsed and validated query, kept for the next time, also for the next library.

    Raises:
        BadRequestError: it does not parse or does not fit the schema.
    """
    try:
        document = parse(query)
    except GraphQLSyntaxError as error:
        raise BadRequestError([located(error)], PARSE_FAILED) from None
    errors = validate(schema, document)
    if errors:
        raise BadRequestError([located(error) for error in errors], VALIDATION_FAILED)
    return document


def base_url(request: web.Request) -> str:
    """Scheme and Host header of the request, with a reverse proxy's prefix."""
    scheme = request.headers.get("X-Forwarded-Proto", "http")
    return f"{scheme}://{request.host}{request.headers.get('X-Forwarded-Prefix', '')}"


async def _read(request: web.Request) -> Request:
    if request.method == "GET":
        return _checked(
            {
                "query": request.query.get("query", ""),
                "variables": _decoded(request.query.get("variables") or "null"),
                "operationName": request.query.get("operationName"),
            }
        )
    if request.method != "POST" or request.content_type != JSON:
        raise BadRequestError([{"message": "transport not supported"}], is_json=False)
    text = (await request.read()).decode("utf-8", "replace")
    return _checked(_decoded(text), text)


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise _undecoded(str(error), text) from None


def _undecoded(why: str, text: str) -> BadRequestError:
    message = f"json request body could not be decoded: {why} body:{text}"
    return BadRequestError([{"message": message}])


def _checked(raw: Any, text: str = "") -> Request:
    if not isinstance(raw, Mapping):
        raise _undecoded("json: cannot unmarshal it into graphql.RawParams", text)
    query, variables = raw.get("query") or "", raw.get("variables") or {}
    if not isinstance(query, str) or not isinstance(variables, dict) or raw.get("variables") == []:
        raise _undecoded("json: cannot unmarshal a field of RawParams", text)
    if not query.strip():
        raise BadRequestError([{"message": "no operation provided"}], VALIDATION_FAILED)
    return Request(query, variables, raw.get("operationName"))


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    known = [row for row in document.definitions if isinstance(row, OperationDefinitionNode)]
    if not name and len(known) == 1:
        return known[0]
    for definition in known:
        if name and definition.name is not None and definition.name.value == name:
            return definition
    raise BadRequestError([{"message": f"operation {name or ''} not found"}], VALIDATION_FAILED)


def _locked(operation: OperationDefinitionNode) -> Body:
    first = operation.selection_set.selections[0]
    path = [first.name.value] if isinstance(first, FieldNode) else []
    return {"errors": [{"message": "database is locked", "path": path}], "data": None}


def _body(result: ExecutionResult) -> Body:
    """The errors come before the data.

    Raises:
        BadRequestError: the variables do not fit: that is a validation error.
    """
    if not result.errors:
        return {"data": result.data}
    if result.data is None and all(error.path is None for error in result.errors):
        raise BadRequestError([located(error) for error in result.errors], VALIDATION_FAILED)
    errors = [{"message": error.message, "path": error.path} for error in result.errors]
    return {"errors": errors, "data": result.data}


def _place(path: Sequence[str | int]) -> str:
    """Where in the answer, in the way of Stash's GraphQL library."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).removeprefix(".")


def _accepts_graphql_json(accept: str) -> bool:
    """Whatever is not plain JSON gets the newer type, but for those who say nothing."""
    for part in accept.split(",") if accept else ():
        header = Message()
        header["Content-Type"] = part.strip() or "text/plain"
        kind = header.get_content_type()
        if part.strip().startswith(("*/*", "application/*")) or kind == GRAPHQL_JSON:
            return True
        if kind == JSON:
            return False
    return bool(accept)


def _respond(text: bytes, status: int, request: web.Request, kind: str) -> web.Response:
    headers = {"Content-Type": kind, "Cache-Control": "no-store"}
    if kind == JSON and "gzip" in request.headers.get("Accept-Encoding", ""):
        text = gzip.compress(text, GZIP_LEVEL, mtime=0)
        headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return web.Response(body=text, status=status, headers=headers)
