"""The OpenAPI 3.1 document, made from the contract."""

from functools import cache
from typing import Any, Final

from pydantic import TypeAdapter

from core.contract.administration import FileRef
from core.contract.operation import Operation
from core.services.catalogue import OPERATIONS, SERVICES

REFERENCE: Final = "#/components/schemas/{model}"
STATUSES: Final = {
    400: "The request itself is wrong",
    401: "No valid credential",
    403: "The credential may not do this",
    404: "There is no such thing",
    405: "The path is there, the method is not",
    409: "It contradicts what is there",
    413: "The body is too large",
    415: "The body is no JSON",
    429: "Too many requests",
    500: "The server failed",
    503: "The program file cannot be used",
}
SECURITY: Final[dict[str, list[dict[str, list[str]]]]] = {
    "admin": [{"SecretKey": []}],
    "consumer": [{"PublishableKey": [], "CustomerToken": []}],
    "events": [{"PublishableKey": []}, {"SecretKey": []}],
}

_TEXT: Final = {"type": "string"}
_STEP: Final = {
    "type": "object",
    "required": ["type", "origin", "input", "key"],
    "properties": {"type": _TEXT, "origin": _TEXT, "input": {}, "key": {"type": ["string", "number"]}},
}
_ISSUE_TEXTS: Final = ("kind", "type", "expected", "received", "message")
_ERRORS: Final[dict[str, Any]] = {
    "ErrorMessage": {
        "type": "object",
        "required": ["error"],
        "properties": {"error": _TEXT, "message": _TEXT, "context": {"type": "object"}},
    },
    "ValidationIssue": {
        "type": "object",
        "required": [*_ISSUE_TEXTS, "path"],
        "properties": {**dict.fromkeys(_ISSUE_TEXTS, _TEXT), "path": {"type": "array", "items": _STEP}},
    },
    "ValidationError": {
        "type": "object",
        "required": ["error", "issues"],
        "properties": {
            "error": {"const": "validation_error"},
            "message": _TEXT,
            "context": {"type": "object"},
            "issues": {"type": "array", "items": {"$ref": "#/components/schemas/ValidationIssue"}},
        },
    },
}
_SCHEMES: Final = {
    "SecretKey": {"type": "http", "scheme": "bearer", "description": "sk_live_… or sk_test_…"},
    "CustomerToken": {"type": "http", "scheme": "bearer", "description": "A customer's own token"},
    "PublishableKey": {"type": "apiKey", "in": "header", "name": "X-Publishable-Key"},
}
_WHOLE: Final = {"schema": {"type": "integer"}}
_LIMIT_HEADERS: Final = {
    "X-Request-Id": {"schema": _TEXT},
    "X-RateLimit-Limit": _WHOLE,
    "X-RateLimit-Remaining": _WHOLE,
    "X-RateLimit-Reset": _WHOLE,
}


def _refusal(status: int, description: str) -> dict[str, Any]:
    name = "ValidationError" if status == 400 else "ErrorMessage"
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    return {"description": description, "content": content}


_RESPONSES: Final = {f"Status{status}": _refusal(status, text) for status, text in STATUSES.items()}
_REFUSALS: Final = {str(status): {"$ref": f"#/components/responses/Status{status}"} for status in STATUSES}


@cache
def document() -> dict[str, Any]:
    """The whole document: every operation that is carried out here, with every status that it may answer."""
    offered = [operation for name, operation in OPERATIONS.items() if name in SERVICES]
    inputs: list[Any] = [((o.name, "in"), "validation", TypeAdapter(o.request)) for o in offered]
    outputs: list[Any] = [((o.name, "out"), "serialization", o.answer_adapter) for o in offered]
    found, shared = TypeAdapter.json_schemas([*inputs, *outputs], by_alias=True, ref_template=REFERENCE)
    schemas: dict[str, Any] = {**shared.get("$defs", {}), **_ERRORS}
    paths: dict[str, Any] = {}
    for operation in offered:
        request = _resolved(found[((operation.name, "in"), "validation")], schemas)
        answer = found[((operation.name, "out"), "serialization")]
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, request, answer)
    _add_files(paths)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Stagedoor", "version": "1", "description": "The Admin, Consumer and Events API."},
        "servers": [{"url": "/api"}, {"url": "/api/v1"}],
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": schemas, "securitySchemes": _SCHEMES, "responses": _RESPONSES},
    }


def _resolved(schema: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref")
    resolved: dict[str, Any] = schemas[reference.rsplit("/", 1)[1]] if reference else schema
    return resolved


def _operation(operation: Operation[Any, Any], request: dict[str, Any], answer: Any) -> dict[str, Any]:
    fields: dict[str, Any] = request.get("properties", {})
    needed = request.get("required", [])
    inside = [name for name in fields if name not in operation.path_fields]
    parameters = [_parameter("path", name, fields[name], True) for name in operation.path_fields]
    made: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.name.partition(".")[0]],
        "security": SECURITY[operation.side],
        "x-permission": operation.permission.value,
        "responses": {"200": _ok(operation, answer), **_REFUSALS},
    }
    if operation.method in ("GET", "DELETE"):
        parameters += [_parameter("query", name, _not_null(fields[name]), name in needed) for name in inside]
    elif operation.body:
        made["requestBody"] = _json_body(fields[operation.body], required=True)
    else:
        body = {
            "type": "object",
            "properties": {name: fields[name] for name in inside},
            "required": [name for name in needed if name in inside],
            "additionalProperties": False,
        }
        made["requestBody"] = _json_body(body, required=bool(body["required"]))
    if operation.writes:
        parameters.append(_header("Idempotency-Key", "The request's own key: the same key has one effect"))
    if operation.revised:
        parameters.append(_header("If-Match", "The revision that the edit was made on, as the ETag gave it"))
    return {**made, "parameters": parameters}


def _ok(operation: Operation[Any, Any], answer: Any) -> dict[str, Any]:
    return {
        "description": operation.summary,
        "headers": _LIMIT_HEADERS,
        "content": {"application/json": {"schema": answer}},
    }


def _json_body(schema: Any, *, required: bool) -> dict[str, Any]:
    return {"required": required, "content": {"application/json": {"schema": schema}}}


def _parameter(place: str, name: str, schema: Any, required: bool) -> dict[str, Any]:
    return {"name": name, "in": place, "required": required, "schema": schema}


def _header(name: str, description: str) -> dict[str, Any]:
    pattern = r'^"?[0-9]{1,18}"?$' if name == "If-Match" else r"^[!-~]{1,200}$"
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": description,
        "schema": {"type": "string", "pattern": pattern},
    }


def _not_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A query field is left out rather than null."""
    kinds = [kind for kind in schema.get("anyOf", []) if kind != {"type": "null"}]
    if not kinds:
        return {name: value for name, value in schema.items() if name != "default" or value is not None}
    return kinds[0] if len(kinds) == 1 else {"anyOf": kinds}


def _add_files(paths: dict[str, Any]) -> None:
    binary = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
    name = _parameter("query", "name", {"type": "string", "minLength": 1, "maxLength": 500}, True)
    purpose = _parameter("query", "purpose", {"enum": ["import"], "default": "import"}, False)
    reference = TypeAdapter(FileRef).json_schema(by_alias=True, mode="serialization")
    paths.setdefault("/files", {})["post"] = {
        "operationId": "files.add",
        "summary": "Hand a file in",
        "tags": ["files"],
        "security": SECURITY["admin"],
        "parameters": [name, purpose],
        "requestBody": {"required": True, **binary},
        "responses": {
            "200": {"description": "Its reference", "content": {"application/json": {"schema": reference}}},
            **_REFUSALS,
        },
    }
    paths["/files/{id}"] = {
        "get": {
            "operationId": "files.fetch",
            "summary": "Fetch a file",
            "tags": ["files"],
            "security": SECURITY["admin"],
            "parameters": [_parameter("path", "id", {"type": "string", "minLength": 1, "maxLength": 200}, True)],
            "responses": {"200": {"description": "Its bytes", **binary}, **_REFUSALS},
        }
    }
