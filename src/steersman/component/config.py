"""Configuration files: YAML or JSON into a frozen, typed record, with errors a person can act on.

A component declares its configuration as a subclass of Configuration; unknown keys are refused at every depth.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import msgspec


class Configuration(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True
):
    """Base of configuration records: snake_case in Python, camelCase in the file."""


C = TypeVar("C", bound=Configuration)


class ConfigurationError(ValueError):
    """A configuration that can't be used: where, and what is wrong with it."""

    def __init__(self, source: str, problem: str) -> None:
        super().__init__(f"{source}: {problem}")
        self.source = source
        self.problem = problem


def load(kind: type[C], path: Path | None, overrides: Mapping[str, object] | None = None) -> C:
    """The configuration in the file, or the defaults without one; `overrides` win, a dotted camelCase path each.

    An override of None is a flag that was not given.
    """
    tree = {} if path is None else _read(path)
    for dotted, value in (overrides or {}).items():
        if value is not None:
            tree = _put(tree, tuple(dotted.split(".")), value)
    return convert(kind, tree, "configuration" if path is None else str(path))


def convert(kind: type[C], tree: Mapping[str, Any], source: str) -> C:
    """The record that a tree of plain values stands for; `source` names it in errors."""
    try:
        return msgspec.convert(tree, kind)
    except msgspec.ValidationError as error:
        raise ConfigurationError(source, _explained(kind, str(error))) from error


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(str(path), error.strerror or str(error)) from error
    import yaml  # 15 ms, for those only who have a file

    try:
        tree = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigurationError(str(path), f"is neither YAML nor JSON: {error}") from error
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        raise ConfigurationError(str(path), f"must be a mapping, is a {type(tree).__name__}")
    return tree


def _put(tree: Mapping[str, Any], path: tuple[str, ...], value: object) -> dict[str, Any]:
    if len(path) == 1:
        return {**tree, path[0]: value}
    inner = tree.get(path[0])
    return {**tree, path[0]: _put(inner if isinstance(inner, Mapping) else {}, path[1:], value)}


def _explained(kind: type[Configuration], problem: str) -> str:
    """The words of msgspec, with a guess at the key that was meant."""
    start, _, rest = problem.partition("unknown field `")
    if not rest:
        return problem
    key, _, where = rest.partition("`")
    near = get_close_matches(key, _keys(kind, set()), n=1)
    guess = f"; did you mean `{near[0]}`?" if near else ""
    return f"unknown key `{key}`{where}{guess}" if start else problem


def _keys(kind: type, seen: set[type]) -> set[str]:
    if kind in seen:
        return set()
    seen.add(kind)
    keys = set()
    for field in msgspec.structs.fields(kind):
        keys.add(field.encode_name)
        for inner in (field.type, *getattr(field.type, "__args__", ())):
            if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
                keys |= _keys(inner, seen)
    return keys
