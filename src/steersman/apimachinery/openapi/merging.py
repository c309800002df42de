"""OpenAPI version 2 documents of several servers as one. What differs under one name gets another; nothing given is
changed.

Source: kube-openapi/pkg/aggregator/aggregator.go.
"""

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

Document = Mapping[str, Any]
# What is referred to by name, and how.
PREFIXES: Mapping[str, str] = {"definitions": "#/definitions/", "parameters": "#/parameters/"}
KINDS = "x-kubernetes-group-version-kind"


def is_sound(document: Any) -> bool:
    """It has the form of one, as far as it is to be merged: a server may say anything."""
    if not isinstance(document, dict):
        return False
    parts = [document.get("paths") or {}, *(document.get(name) or {} for name in PREFIXES)]
    return all(isinstance(part, dict) and all(isinstance(one, dict) for one in part.values()) for part in parts)


def below(document: Document, prefix: str) -> Document:
    """Only the paths below one, without what was there for the others' sake."""
    paths = {path: item for path, item in (document.get("paths") or {}).items() if path.startswith(prefix)}
    return _with_paths(document, paths)


def merged(first: Document, *others: Document) -> dict[str, Any]:
    """All paths, with what they refer to; a path belongs to the first that has it."""
    made = {**first, **{name: dict(first.get(name) or {}) for name in ("paths", *PREFIXES)}}
    for other in others:
        fresh = {path: item for path, item in (other.get("paths") or {}).items() if path not in made["paths"]}
        if fresh:
            _add(made, _with_paths(other, fresh))
    if not made["parameters"]:
        del made["parameters"]
    return {**made, **{name: dict(sorted(made[name].items())) for name in ("paths", "definitions")}}


def _add(made: dict[str, Any], other: Document) -> None:
    renames = {name: _renames(made[name], other.get(name) or {}) for name in PREFIXES}
    other = _renamed(other, renames)
    for name in PREFIXES:
        for key, value in (other.get(name) or {}).items():
            known = made[name].get(key)
            made[name][key] = value if known is None else _of_both_kinds(known, value)
    made["paths"] |= other["paths"]


def _with_paths(document: Document, paths: Document) -> Document:
    """The document with fewer paths: what only those that are gone referred to is gone too."""
    used_before, used = _used(document, document.get("paths") or {}), _used(document, paths)
    kept = {
        name: {
            key: value
            for key, value in (document.get(name) or {}).items()
            if PREFIXES[name] + key in used or PREFIXES[name] + key not in used_before
        }
        for name in PREFIXES
    }
    return {**document, **kept, "paths": paths}


def _used(document: Document, paths: Document) -> set[str]:
    """All references of paths, and of what they refer to."""
    found: set[str] = set()
    waiting: list[Any] = [paths]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict):
            waiting += node.values()
            reference = node.get("$ref")
            if isinstance(reference, str) and reference not in found:
                found.add(reference)
                waiting.append(_referred(document, reference))
    return found


def _referred(document: Document, reference: str) -> Any:
    for name, prefix in PREFIXES.items():
        if reference.startswith(prefix):
            return (document.get(name) or {}).get(reference.removeprefix(prefix))
    return None


def _renames(known: Document, named: Document) -> dict[str, str]:
    """New names for what is known as something else: `NAME_v2`, or that of the same under such a name."""
    renames: dict[str, str] = {}
    for name, value in named.items():
        if name not in known or _is_same(known[name], value):
            continue
        others = (f"{name}_v{number}" for number in count(2))
        renames[name] = next(
            one
            for one in others
            if (_is_same(known[one], value) if one in known else one not in named and one not in renames.values())
        )
    return renames


def _is_same(one: Document, other: Document) -> bool:
    """But for the kinds it stands for."""
    return _without_kinds(one) == _without_kinds(other)


def _without_kinds(one: Document) -> Document:
    return {name: value for name, value in one.items() if name != KINDS}


def _of_both_kinds(one: Document, other: Document) -> Document:
    first, more = one.get(KINDS) or [], other.get(KINDS) or []
    missing = [kind for kind in more if kind not in first]
    if not missing:
        return one
    return {**one, KINDS: sorted([*first, *missing], key=_kind_order)}


def _kind_order(kind: Any) -> str:
    return f"{kind.get('group')}/{kind.get('version')}.{kind.get('kind')}" if isinstance(kind, dict) else ""


def _renamed(document: Document, renames: Mapping[str, Mapping[str, str]]) -> Document:
    if not any(renames.values()):
        return document
    references = {
        PREFIXES[name] + old: PREFIXES[name] + new for name, pairs in renames.items() for old, new in pairs.items()
    }
    made = _rewritten(document, lambda reference: references.get(reference, reference))
    named = {
        name: {renames[name].get(key, key): value for key, value in (made.get(name) or {}).items()} for name in PREFIXES
    }
    return {**made, **named}


def _rewritten(node: Any, change: Callable[[str], str]) -> Any:
    if isinstance(node, list):
        return [_rewritten(one, change) for one in node]
    if not isinstance(node, dict):
        return node
    made = {key: _rewritten(value, change) for key, value in node.items()}
    if isinstance(made.get("$ref"), str):
        made["$ref"] = change(made["$ref"])
    return made
