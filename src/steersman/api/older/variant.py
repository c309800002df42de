"""Types that are another one's but for their name, or some of their fields: most older versions are."""

from collections.abc import Mapping
from typing import Any

from steersman.apimachinery.object import Object, ObjectType


def variant(
    original: type[Object], package: str, fields: Mapping[str, tuple[Any, Any]] | None = None, *, api: str | None = None
) -> Any:
    """A type with the fields of the original, some of them declared anew: annotation and default.

    package: where upstream has it. api: the apiVersion, of a kind.
    """
    anew = fields or {}
    members = {name: default for name, (_, default) in anew.items()}
    members["__annotations__"] = {name: annotation for name, (annotation, _) in anew.items()}
    members |= {"__module__": __name__, "__doc__": original.__doc__}
    name = original.__name__
    return ObjectType(name, (original,), members, api=api, kind=name if api else None, package=package)
