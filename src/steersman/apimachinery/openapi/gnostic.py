"""OpenAPI version 2 documents as protobuf, which kubectl up to 1.2x insists on.

Source: gnostic's OpenAPIv2.proto: the field numbers below. Of other servers' documents, whatever ours don't contain is
left out.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

MEDIA_TYPE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
# Clients ask by the first, which is no valid media type (`@`): an answer under that name they couldn't parse.
ASKED_BY = ("application/com.github.proto-openapi.spec.v2@v1.0+protobuf", MEDIA_TYPE)

Writer = Callable[[Any], bytes]


def encode_document(document: Mapping[str, Any]) -> bytes:
    """An openapi.v2.Document."""
    return b"".join(
        (
            _text(1, document["swagger"]),
            _message(2, _info(document["info"])),
            _message(8, b"".join(_named(2, path, _path_item(item)) for path, item in document["paths"].items())),
            _message(9, b"".join(_named(1, name, _schema(one)) for name, one in document["definitions"].items())),
            _shared(document.get("parameters") or {}),
            b"".join(_message(12, _security(one)) for one in document.get("security", ())),
            _message(13, b"".join(_named(1, n, _scheme(o)) for n, o in document["securityDefinitions"].items())),
        )
    )


def _shared(parameters: Mapping[str, Any]) -> bytes:
    """Parameters that paths refer to: a ParametersItem's content each."""
    return _message(10, b"".join(_named(1, name, _own(one)) for name, one in parameters.items())) if parameters else b""


# The wire: a tag is the field's number and how its value is written.


def _varint(value: int) -> bytes:
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)


def _message(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _text(number: int, value: str) -> bytes:
    return _message(number, value.encode()) if value else b""


def _texts(number: int, values: Any) -> bytes:
    return b"".join(_message(number, value.encode()) for value in values)


def _flag(number: int, value: bool) -> bytes:
    return _varint(number << 3) + b"\x01" if value else b""


def _named(number: int, name: str, value: bytes) -> bytes:
    return _message(number, _text(1, name) + _message(2, value))


def _any(number: int, value: Any) -> bytes:
    """A gnostic Any; its YAML is JSON, which is YAML too."""
    return _message(number, _text(2, json.dumps(value)))


def _extensions(number: int, holder: Mapping[str, Any]) -> bytes:
    return b"".join(
        _message(number, _text(1, name) + _any(2, value)) for name, value in holder.items() if name.startswith("x-")
    )


# The messages.


def _info(info: Mapping[str, Any]) -> bytes:
    return _text(1, info["title"]) + _text(2, info["version"])


def _security(requirement: Mapping[str, Any]) -> bytes:
    return b"".join(_named(1, name, _texts(1, scopes)) for name, scopes in requirement.items())


def _scheme(scheme: Mapping[str, Any]) -> bytes:
    key = _text(1, scheme["type"]) + _text(2, scheme["name"]) + _text(3, scheme["in"]) + _text(4, scheme["description"])
    return _message(2, key)


_METHODS = {"get": 2, "put": 3, "post": 4, "delete": 5, "options": 6, "head": 7, "patch": 8}


def _path_item(item: Mapping[str, Any]) -> bytes:
    methods = (_message(number, _operation(item[name])) for name, number in _METHODS.items() if name in item)
    return b"".join(methods) + b"".join(_message(9, _parameter(one)) for one in item.get("parameters", ()))


def _operation(operation: Mapping[str, Any]) -> bytes:
    responses = b"".join(_named(1, code, _response(one)) for code, one in operation["responses"].items())
    return b"".join(
        (
            _texts(1, operation.get("tags", ())),
            _text(3, operation.get("description", "")),
            _text(5, operation.get("operationId", "")),
            _texts(6, operation.get("produces", ())),
            _texts(7, operation.get("consumes", ())),
            b"".join(_message(8, _parameter(one)) for one in operation.get("parameters", ())),
            _message(9, responses),
            _texts(10, operation.get("schemes", ())),
            _extensions(13, operation),
        )
    )


def _parameter(parameter: Mapping[str, Any]) -> bytes:
    """A ParametersItem: a reference, or a Parameter."""
    if "$ref" in parameter:
        return _message(2, _text(1, parameter["$ref"]))
    return _message(1, _own(parameter))


def _own(parameter: Mapping[str, Any]) -> bytes:
    """A Parameter."""
    if parameter["in"] == "body":
        body = (
            _text(1, parameter.get("description", ""))
            + _text(2, parameter["name"])
            + _text(3, parameter["in"])
            + _flag(4, parameter.get("required", False))
            + _message(5, _schema(parameter["schema"]))
        )
        return _message(1, body)
    is_query = parameter["in"] == "query"
    common = (
        _flag(1, parameter.get("required", False))
        + _text(2, parameter["in"])
        + _text(3, parameter.get("description", ""))
        + _text(4, parameter["name"])
        + _text(6 if is_query else 5, parameter["type"])
        + _flag(16 if is_query else 15, False)
    )
    return _message(2, _message(3 if is_query else 4, common))


def _response(response: Mapping[str, Any]) -> bytes:
    """A ResponseValue holding a Response."""
    made = _text(1, response.get("description", ""))
    if "schema" in response:
        made += _message(2, _message(1, _schema(response["schema"])))
    return _message(1, made)


def _additional(value: Any) -> bytes:
    return _message(1, _schema(value))


def _properties(value: Mapping[str, Any]) -> bytes:
    return b"".join(_named(1, name, _schema(one)) for name, one in value.items())


def _items(value: Any) -> bytes:
    return _message(1, _schema(value))


def _type(value: str | Sequence[str]) -> bytes:
    return _texts(1, (value,) if isinstance(value, str) else value)


_TEXTS = {"$ref": 1, "format": 2, "description": 4}
_PARTS: Mapping[str, tuple[int, Writer]] = {
    "additionalProperties": (21, _additional),
    "type": (22, _type),
    "items": (23, _items),
    "properties": (25, _properties),
}


def _schema(schema: Mapping[str, Any]) -> bytes:
    texts = b"".join(_text(number, schema[name]) for name, number in _TEXTS.items() if name in schema)
    default = _any(5, schema["default"]) if "default" in schema else b""
    required = _texts(19, schema.get("required", ()))
    enum = b"".join(_any(20, value) for value in schema.get("enum", ()))
    parts = (_message(number, write(schema[name])) for name, (number, write) in _PARTS.items() if name in schema)
    return texts + default + required + enum + b"".join(parts) + _extensions(31, schema)
