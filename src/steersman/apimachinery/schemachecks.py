"""What a JSON schema says is wrong with a value, in the words users of custom resources know.

Source: kube-openapi/pkg/validation: validate, errors; apiextensions-apiserver/pkg/apiserver/validation; KEP-4008 for
what is let through because it hasn't changed.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from steersman.apimachinery import stringformats
from steersman.apimachinery.codec.json import encode
from steersman.apimachinery.fielderrors import invalid_value, not_supported, required, too_long, too_many, type_invalid
from steersman.apimachinery.fieldpath import ROOT, Path
from steersman.apimachinery.gotext import quote
from steersman.apimachinery.patch.json import same
from steersman.apimachinery.regex import compile_pattern
from steersman.apimachinery.status import Cause

Written = Mapping[str, Any]
Causes = list[Cause]
NOTHING: Any = object()
INT_OR_STRING = "x-kubernetes-int-or-string"


def check(value: Any, schema: Written, path: Path = ROOT, old: Any = NOTHING) -> Causes:
    """Every violation, in the order a reader of the schema would look.

    old: the stored value, of which whatever is the same needs no check: the schema may have become stricter since.
    """
    if old is not NOTHING and same(value, old):
        return []
    if value is None:
        return [] if schema.get("nullable") or not _types(schema) else [_wrong_type(path, schema, "null")]
    found: Causes = []
    if types := _types(schema):
        kind = type_name(value)
        is_whole = kind == "number" and float(value).is_integer()
        fits = kind in types or (kind == "integer" and "number" in types) or (is_whole and "integer" in types)
        if not fits:
            return [_wrong_type(path, schema, kind)]
    match value:
        case str():
            found += _string(value, schema, path)
        case bool():
            pass
        case int() | float():
            found += _number(value, schema, path)
        case list():
            found += _list(value, schema, path, old)
        case dict():
            found += _object(value, schema, path, old)
    if "enum" in schema and not any(same(value, one) for one in schema["enum"]):
        listed = [one if isinstance(one, str) else encode(one).decode() for one in schema["enum"]]
        found.append(not_supported(path, value, listed))
    return [*found, *_combined(value, schema, path)]


def type_name(value: Any) -> str:
    """JSON schema's name of a value's type."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case str():
            return "string"
        case int():
            return "integer"
        case float():
            return "number"
        case list():
            return "array"
        case _:
            return "object"


def _types(schema: Written) -> tuple[str, ...]:
    if schema.get(INT_OR_STRING):
        return ("integer", "string")
    kind = schema.get("type")
    return (kind,) if kind else ()


def _wrong_type(path: Path, schema: Written, kind: str) -> Cause:
    detail = f"{path} in body must be of type {','.join(_types(schema))}: {quote(kind)}"
    return type_invalid(path, kind, detail)


def _invalid(path: Path, value: Any, said: str) -> Cause:
    return invalid_value(path, value, f"{path} in body {said}")


def _string(value: str, schema: Written, path: Path) -> Causes:
    found: Causes = []
    longest, shortest, pattern = schema.get("maxLength"), schema.get("minLength"), schema.get("pattern")
    if longest is not None and len(value) > longest:
        found.append(too_long(path, longest))
    if shortest is not None and len(value) < shortest:
        found.append(_invalid(path, value, f"should be at least {shortest} chars long"))
    if pattern and compile_pattern(pattern).search(value) is None:
        found.append(_invalid(path, value, f"should match '{pattern}'"))
    known = stringformats.FORMATS.get(schema.get("format", ""))
    if known is not None and not known(value):
        found.append(type_invalid(path, value, f"{path} in body must be of type {schema['format']}: {quote(value)}"))
    return found


def _number(value: float, schema: Written, path: Path) -> Causes:
    found: Causes = []
    least, most, factor = schema.get("minimum"), schema.get("maximum"), schema.get("multipleOf")
    if factor and value % factor != 0:
        found.append(_invalid(path, value, f"should be a multiple of {_shown(factor)}"))
    if most is not None and (value >= most if schema.get("exclusiveMaximum") else value > most):
        words = "less than" if schema.get("exclusiveMaximum") else "less than or equal to"
        found.append(_invalid(path, value, f"should be {words} {_shown(most)}"))
    if least is not None and (value <= least if schema.get("exclusiveMinimum") else value < least):
        words = "greater than" if schema.get("exclusiveMinimum") else "greater than or equal to"
        found.append(_invalid(path, value, f"should be {words} {_shown(least)}"))
    return found


def _shown(number: float) -> str:
    """As Go prints a float64."""
    return str(int(number)) if float(number).is_integer() and abs(number) < 1e21 else str(number)


def _list(value: list[Any], schema: Written, path: Path, old: Any) -> Causes:
    found: Causes = []
    items = schema.get("items")
    if isinstance(items, Mapping):
        stored = _by_key(old, schema)
        for position, item in enumerate(value):
            found += check(item, items, path.at(position), stored.get(_key(item, schema), NOTHING))
    most, least = schema.get("maxItems"), schema.get("minItems")
    if least is not None and len(value) < least:
        found.append(_invalid(path, len(value), f"should have at least {least} items"))
    if most is not None and len(value) > most:
        found.append(too_many(path, len(value), most))
    if schema.get("uniqueItems") and any(same(a, b) for i, a in enumerate(value) for b in value[:i]):
        found.append(_invalid(path, "", "shouldn't contain duplicates"))
    return found


def _key(item: Any, schema: Written) -> bytes | None:
    """What tells an item of a keyed list from the others; None where nothing does."""
    names = schema.get("x-kubernetes-list-map-keys")
    if not names or not isinstance(item, dict):
        return None
    return encode([item.get(name) for name in names])


def _by_key(old: Any, schema: Written) -> Mapping[bytes | None, Any]:
    items = {_key(item, schema): item for item in old} if isinstance(old, list) else {}
    return {key: item for key, item in items.items() if key is not None}


def _object(value: dict[str, Any], schema: Written, path: Path, old: Any) -> Causes:
    found: Causes = []
    most, least = schema.get("maxProperties"), schema.get("minProperties")
    if least is not None and len(value) < least:
        found.append(_invalid(path, len(value), f"should have at least {least} properties"))
    if most is not None and len(value) > most:
        found.append(too_many(path, len(value), most))
    properties, others = schema.get("properties") or {}, schema.get("additionalProperties")
    for name in schema.get("required") or ():
        if name not in value:
            found.append(required(path.child(name)))
    for name, part in value.items():
        was = old.get(name, NOTHING) if isinstance(old, dict) else NOTHING
        if name in properties:
            found += check(part, properties[name], path.child(name), was)
        elif isinstance(others, Mapping):
            found += check(part, others, path.child(name), was)
        elif others is False:
            found.append(invalid_value(path, "", f"{path}.{name} in body is a forbidden property"))
    return found


def _combined(value: Any, schema: Written, path: Path) -> Iterator[Cause]:
    if any_of := schema.get("anyOf"):
        tried = [check(value, one, path) for one in any_of]
        if all(tried):
            yield _invalid(path, "", "must validate at least one schema (anyOf)")
            yield from min(tried, key=len)
    if one_of := schema.get("oneOf"):
        tried = [check(value, one, path) for one in one_of]
        valid = sum(not one for one in tried)
        if valid != 1:
            why = "Found none valid" if not valid else f"Found {valid} valid alternatives"
            yield _invalid(path, "", f"must validate one and only one schema (oneOf). {why}")
            yield from min(tried, key=len) if not valid else ()
    if all_of := schema.get("allOf"):
        tried = [check(value, one, path) for one in all_of]
        if any(tried):
            none = ". None validated" if all(tried) else ""
            yield _invalid(path, "", f"must validate all the schemas (allOf){none}")
            yield from (cause for one in tried for cause in one)
    if "not" in schema and not check(value, schema["not"], path):
        yield _invalid(path, "", "must not validate the schema (not)")
