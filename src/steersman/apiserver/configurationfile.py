"""Files that configure parts of the API server: one object of a known kind, read strictly."""

from collections.abc import Collection, Mapping, Sequence
from typing import TypeVar

from steersman.apimachinery.codec.json import DecodeError
from steersman.apimachinery.codec.strict import FieldValidation, validate_tree
from steersman.apimachinery.codec.yaml import parse
from steersman.apimachinery.gotext import aggregate
from steersman.apimachinery.object import Object
from steersman.apimachinery.status import Cause

C = TypeVar("C", bound=Object)


class ConfigurationError(ValueError):
    """A configuration that can't be used; the text says what is wrong."""


def read_configuration(data: bytes, type_: type[C], kind: str, versions: Collection[str]) -> C:
    """The configuration of a YAML or JSON text, which must say nothing that isn't known. ConfigurationError."""
    if not data.strip():
        raise ConfigurationError("empty config data")
    try:
        tree = parse(data)
        if not isinstance(tree, Mapping):
            raise DecodeError("it is no object")
        version, named = tree.get("apiVersion") or "", tree.get("kind") or ""
        if version not in versions or named != kind:
            raise DecodeError(f'no kind "{named}" is registered for version "{version}"')
        plain = {key: value for key, value in tree.items() if key not in ("kind", "apiVersion")}
        return validate_tree(plain, type_, FieldValidation.STRICT).object
    except DecodeError as error:
        raise ConfigurationError(str(error)) from error


def check(faults: Sequence[Cause]) -> None:
    """ConfigurationError that tells every fault."""
    if faults:
        raise ConfigurationError(aggregate([f"{cause.field}: {cause.message}" for cause in faults]))
