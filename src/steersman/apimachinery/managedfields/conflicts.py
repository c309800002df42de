"""Conflicts of an apply with other managers, in upstream's words.

Source: apimachinery/pkg/util/managedfields/internal/conflict.go.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from steersman.apimachinery.gotext import quote
from steersman.apimachinery.managedfields.fieldset import FieldSet, Path, path_text
from steersman.apimachinery.managedfields.managers import UPDATE, Manager
from steersman.apimachinery.status import Cause, Conflict, Details

CAUSE = "FieldManagerConflict"


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """A field that would change under another manager's hands."""

    manager: Manager
    path: Path


class ApplyConflicts(Exception):
    """The configuration changes fields that others own."""

    def __init__(self, conflicts: Sequence[FieldConflict]) -> None:
        super().__init__(f"{len(conflicts)} conflicts")
        self.conflicts = tuple(conflicts)

    def fields(self) -> FieldSet:
        """All fields in conflict."""
        return FieldSet.of(*(conflict.path for conflict in self.conflicts))


def conflict_error(conflicts: Sequence[FieldConflict]) -> Conflict:
    """The Conflict a client gets: a text grouped by manager, and one cause a field."""
    causes = tuple(Cause(CAUSE, f"conflict with {_name(one.manager)}", path_text(one.path)) for one in conflicts)
    return Conflict(_message(conflicts), Details(causes=causes))


def _message(conflicts: Sequence[FieldConflict]) -> str:
    if len(conflicts) == 1:
        (one,) = conflicts
        return f"Apply failed with 1 conflict: conflict with {_name(one.manager)}: {path_text(one.path)}"
    lines = []
    for manager in sorted({one.manager for one in conflicts}):
        lines.append(f"conflicts with {_name(manager)}:")
        lines += [f"- {path_text(one.path)}" for one in conflicts if one.manager == manager]
    return f"Apply failed with {len(conflicts)} conflicts: " + "\n".join(lines)


def _name(manager: Manager) -> str:
    text = quote(manager.name)
    if manager.subresource:
        text += f" with subresource {quote(manager.subresource)}"
    return f"{text} using {manager.api_version}" if manager.operation == UPDATE else text
