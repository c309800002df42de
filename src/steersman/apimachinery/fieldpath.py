"""Paths of fields as error messages write them: `spec.containers[0].env[NAME]`.

Source: apimachinery/pkg/util/validation/field: Path.
"""


class Path(str):
    """A field's path; a plain string to whoever only prints it."""

    __slots__ = ()

    def child(self, *names: str) -> "Path":
        """The path of a field below, some levels down if several names are given."""
        return Path(".".join((self, *names)) if self else ".".join(names))

    def at(self, position: int) -> "Path":
        """The path of a list's item."""
        return Path(f"{self}[{position}]")

    def key(self, key: str) -> "Path":
        """The path of a map's value."""
        return Path(f"{self}[{key}]")


ROOT = Path()
