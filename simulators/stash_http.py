"""The /graphql endpoint: transport rules, error shapes and compression as in Stash.

Errors of resolvers are HTTP 200; of parsing and validation 422. From v0.29 on, a request that
accepts anything is answered as application/graphql-response+json, uncompressed, with 400 instead.
"""

from __future__ import annotations

import gzip
import inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any

from aiohttp import web
from graphql import GraphQLError, GraphQLSyntaxError, OperationType, parse, validate
from graphql.execution import ExecutionResult, execute
from graphql.language import DocumentNode, FieldNode, OperationDefinitionNode

from simulators.stash_executor import ProjectingExecutor
from simulators.stash_session import Caller
from simulators.stash_state import RequestContext, Simulator

JSON, GRAPHQL_JSON = "application/json", "application/graphql-response+json"
PARSE_FAILED, VALIDATION_FAILED = "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"
CACHE_LIMIT = 500
GZIP_LEVEL = 5
Body = dict[str, Any]


class BadRequestError(Exception):
    """The request cannot be executed.

    Args:
        code: the error's extension; None: a transport error, always HTTP 400.
    """

    def __init__(self, errors: list[Body], code: str | None = None, status: int = 400) -> None:
        super().__init__(errors[0]["message"])
        self.status = status
        self.body: Body = {"errors": errors, "data": None}
        self.of_graphql = code is not None
        if code is not None:
            for error in errors:
                error["extensions"] = {"code": code}


@dataclass(frozen=True, slots=True)
class Request:
    query: str
    variables: dict[str, Any] | None
    operation: str | None


class GraphQLEndpoint:
    """Handles GET and POST /graphql."""

    def __init__(self, sim: Simulator) -> None:
        self._sim = sim
        self._documents: dict[tuple[int, str], DocumentNode] = {}

    async def handle(self, request: web.Request) -> web.Response:
        newer = self._newer_rule(request)
        caller: Caller = request["caller"]
        try:
            body = await self._answer(await _read(request), request, caller)
            status = 200
        except BadRequestError as error:
            body, status = error.body, error.status
            if error.of_graphql:
                status = 400 if newer else 422
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        return _respond(text, status, request, GRAPHQL_JSON if newer else JSON)

    def _newer_rule(self, request: web.Request) -> bool:
        rule = self._sim.switches["accept_rule"]
        newer = self._sim.since("0.29") if rule == "auto" else rule == "new"
        return newer and _accepts_graphql_json(request.headers.get("Accept", ""))

    async def _answer(self, asked: Request, request: web.Request, caller: Caller) -> Body:
        document = self._document(asked.query)
        operation = _operation(document, asked.operation)
        if request.method == "GET" and operation.operation is not OperationType.QUERY:
            raise BadRequestError(
                [{"message": "GET requests only allow query operations"}], status=406
            )
        if self._sim.rng.random() < self._sim.switches["locked_share"]:
            return _locked(operation)
        external = self._sim.switches["external_host"]
        context = RequestContext(self._sim, caller, external or base_url(request))
        outcome = execute(
            self._sim.schema,
            document,
            context_value=context,
            variable_values=asked.variables,
            operation_name=asked.operation,
            executor_class=ProjectingExecutor,
        )
        result = await outcome if inspect.isawaitable(outcome) else outcome
        return _body(result)

    def _document(self, query: str) -> DocumentNode:
        """The parsed and validated query, kept for the next time.

        Raises:
            BadRequestError: it does not parse or does not fit the schema.
        """
        key = (id(self._sim.schema), query)
        if key not in self._documents:
            try:
                document = parse(query)
            except GraphQLSyntaxError as error:
                raise BadRequestError([_located(error)], PARSE_FAILED) from None
            errors = validate(self._sim.schema, document)
            if errors:
                raise BadRequestError([_located(error) for error in errors], VALIDATION_FAILED)
            if len(self._documents) >= CACHE_LIMIT:
                self._documents.clear()
            self._documents[key] = document
        return self._documents[key]


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
    if request.content_type != JSON:
        raise BadRequestError([{"message": "transport not supported"}])
    return _checked(_decoded(await request.read()))


def _decoded(text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        message = f"json request body could not be decoded: {error}"
        raise BadRequestError([{"message": message}]) from None


def _checked(raw: Any) -> Request:
    if not isinstance(raw, Mapping) or not isinstance(raw.get("query"), str):
        raise BadRequestError([{"message": "json request body could not be decoded"}])
    if not raw["query"].strip():
        raise BadRequestError([{"message": "no operation provided"}], VALIDATION_FAILED)
    return Request(raw["query"], raw.get("variables"), raw.get("operationName"))


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            known = definition.name.value if definition.name else None
            if not name or name == known:
                return definition
    raise BadRequestError([{"message": f"operation {name} not found"}], VALIDATION_FAILED)


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
        raise BadRequestError([_located(error) for error in result.errors], VALIDATION_FAILED)
    errors = [{"message": error.message, "path": error.path} for error in result.errors]
    return {"errors": errors, "data": result.data}


def _located(error: GraphQLError) -> Body:
    # gqlgen quotes names with double quotes.
    known: Body = {"message": error.message.replace("'", '"')}
    if error.locations:
        known["locations"] = [{"line": at.line, "column": at.column} for at in error.locations]
    return known


def _accepts_graphql_json(accept: str) -> bool:
    for part in accept.split(","):
        header = Message()
        header["Content-Type"] = part.strip() or "text/plain"
        kind = header.get_content_type()
        if part.strip().startswith(("*/*", "application/*")) or kind == GRAPHQL_JSON:
            return True
        if kind == JSON:
            return False
    return False


def _respond(text: bytes, status: int, request: web.Request, kind: str) -> web.Response:
    headers = {"Content-Type": kind}
    if kind == JSON and "gzip" in request.headers.get("Accept-Encoding", ""):
        text = gzip.compress(text, GZIP_LEVEL, mtime=0)
        headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return web.Response(body=text, status=status, headers=headers)
