"""Whether a definition gets the names it asks for, and is served. Pure.

Source: apiextensions-apiserver/pkg/controller/status: naming_controller.go; controller/establish.
"""

from collections.abc import Iterable
from datetime import datetime

from steersman.api.apiextensions import (
    CustomResourceDefinition,
    CustomResourceDefinitionCondition,
    CustomResourceDefinitionNames,
)
from steersman.apimachinery.gotext import quote
from steersman.apimachinery.object import replace
from steersman.apiserver.registry.apiextensions import ESTABLISHED, NAMES_ACCEPTED, is_true, with_condition

Condition = CustomResourceDefinitionCondition

_NOT_ACCEPTED = Condition(type=ESTABLISHED, status="False", reason="NotAccepted", message="not all names are accepted")
_INSTALLED = Condition(
    type=ESTABLISHED, status="True", reason="InitialNamesAccepted", message="the initial names have been accepted"
)


def with_accepted_names(
    crd: CustomResourceDefinition, others: Iterable[CustomResourceDefinition], now: datetime
) -> CustomResourceDefinition:
    """The definition with its names accepted, as far as no other of its group has them, and established if all are."""
    taken = [one.status.acceptedNames for one in others if one.spec.group == crd.spec.group]
    names, conflict = _accepted(crd.spec.names, crd.status.acceptedNames, taken)
    accepted = conflict or Condition(
        type=NAMES_ACCEPTED, status="True", reason="NoConflicts", message="no conflicts found"
    )
    crd = replace(crd, status=replace(crd.status, acceptedNames=names))
    crd = with_condition(crd, accepted, now)
    if is_true(crd, ESTABLISHED):
        return crd
    return with_condition(crd, _INSTALLED if conflict is None else _NOT_ACCEPTED, now)


def _accepted(
    wanted: CustomResourceDefinitionNames,
    had: CustomResourceDefinitionNames,
    taken: Iterable[CustomResourceDefinitionNames],
) -> tuple[CustomResourceDefinitionNames, Condition | None]:
    resources, kinds = set[str](), set[str]()
    for names in taken:
        resources |= {names.plural, names.singular, *names.shortNames}
        kinds |= {names.kind, names.listKind}
    accepted, conflict = had, None
    for field, used in (("plural", resources), ("singular", resources), ("kind", kinds), ("listKind", kinds)):
        name = getattr(wanted, field)
        if name != getattr(had, field) and name in used:
            conflict = _conflict(f"{field[0].upper()}{field[1:]}Conflict", f"{quote(name)} is already in use")
        else:
            accepted = replace(accepted, **{field: name})
    clashing = [name for name in wanted.shortNames if name not in had.shortNames and name in resources]
    if clashing:
        said = ", ".join(f"{quote(name)} is already in use" for name in clashing)
        conflict = _conflict("ShortNamesConflict", said if len(clashing) == 1 else f"[{said}]")
    else:
        accepted = replace(accepted, shortNames=wanted.shortNames)
    return replace(accepted, categories=wanted.categories), conflict


def _conflict(reason: str, message: str) -> Condition:
    return Condition(type=NAMES_ACCEPTED, status="False", reason=reason, message=message)
