"""CustomResourceDefinitions themselves.

Source: apiextensions-apiserver/pkg/registry/customresourcedefinition, pkg/apis/apiextensions/v1/defaults.go.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from steersman.api.apiextensions import (
    CustomResourceConversion,
    CustomResourceDefinition,
    CustomResourceDefinitionCondition,
    CustomResourceDefinitionStatus,
)
from steersman.api.apiextensions.demands import ALL_DEMANDS, NO_DEMANDS, Demands
from steersman.api.apiextensions.validation import validate_definition, validate_definition_update
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import Cause
from steersman.apimachinery.times import format_time, to_time
from steersman.apiserver.registry.strategy import NAME_COLUMN, Column, Strategy

CLEANUP_FINALIZER = "customresourcecleanup.apiextensions.k8s.io"
NAMES_ACCEPTED, ESTABLISHED, TERMINATING = "NamesAccepted", "Established", "Terminating"


class CustomResourceDefinitionStrategy(Strategy[CustomResourceDefinition]):
    """Strategy of custom resource definitions."""

    allows_unconditional_update = False
    columns = (NAME_COLUMN, Column("Created At", type="date", description="When it was made."))

    def __init__(self, demands: Demands = ALL_DEMANDS) -> None:
        self._demands = demands

    def in_version(self, api_version: str) -> Strategy[CustomResourceDefinition]:
        """Older definitions need no schemas, nor have these to be structural."""
        is_older = api_version == "apiextensions.k8s.io/v1beta1"
        return CustomResourceDefinitionStrategy(NO_DEMANDS) if is_older else self

    def default(self, obj: CustomResourceDefinition) -> CustomResourceDefinition:
        """Names that follow from the kind, and no conversion."""
        spec, names = obj.spec, obj.spec.names
        names = replace(
            names,
            singular=names.singular or names.kind.lower(),
            listKind=names.listKind or (f"{names.kind}List" if names.kind else ""),
        )
        conversion = spec.conversion or CustomResourceConversion(strategy="None")
        return replace(obj, spec=replace(spec, names=names, conversion=conversion))

    def prepare_for_create(self, obj: CustomResourceDefinition) -> CustomResourceDefinition:
        """Nothing is accepted yet; its storage version is stored from now on."""
        made = super().prepare_for_create(obj)
        return _with_stored_version(replace(made, status=CustomResourceDefinitionStatus()))

    def prepare_for_update(
        self, obj: CustomResourceDefinition, old: CustomResourceDefinition
    ) -> CustomResourceDefinition:
        """A new storage version is stored from now on, besides those that were."""
        return _with_stored_version(super().prepare_for_update(obj, old))

    def prepare_for_delete(self, obj: CustomResourceDefinition, now: datetime) -> CustomResourceDefinition:
        """It stays until its objects are gone."""
        meta = obj.metadata
        if meta.deletionTimestamp is not None or CLEANUP_FINALIZER in meta.finalizers:
            return obj
        pending = CustomResourceDefinitionCondition(
            type=TERMINATING,
            status="True",
            reason="InstanceDeletionPending",
            message="CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
        )
        obj = replace(obj, metadata=replace(meta, finalizers=(*meta.finalizers, CLEANUP_FINALIZER)))
        return with_condition(obj, pending, now)

    def validate(self, obj: CustomResourceDefinition) -> Sequence[Cause]:
        """See `validate_definition`."""
        return validate_definition(obj, self._demands)

    def validate_update(self, obj: CustomResourceDefinition, old: CustomResourceDefinition) -> Sequence[Cause]:
        """See `validate_definition_update`. What goes already isn't held up by what it says."""
        if obj.metadata.deletionTimestamp is not None and obj.spec == old.spec:
            return ()
        return validate_definition_update(obj, old, self._demands)

    def row(self, obj: CustomResourceDefinition, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        created = obj.metadata.creationTimestamp
        return (obj.metadata.name, format_time(created) if created else "<unknown>")


def condition_of(crd: CustomResourceDefinition, kind: str) -> CustomResourceDefinitionCondition | None:
    """The condition of a type."""
    return next((one for one in crd.status.conditions if one.type == kind), None)


def is_true(crd: CustomResourceDefinition, kind: str) -> bool:
    """Whether a condition holds."""
    found = condition_of(crd, kind)
    return found is not None and found.status == "True"


def with_condition(
    crd: CustomResourceDefinition, new: CustomResourceDefinitionCondition, now: datetime
) -> CustomResourceDefinition:
    """The definition with a condition set; its time is that of its last change."""
    old = condition_of(crd, new.type)
    is_same = old is not None and old.status == new.status
    new = replace(new, lastTransitionTime=old.lastTransitionTime if old and is_same else to_time(now))
    conditions = crd.status.conditions
    if old is None:
        conditions = (*conditions, new)
    else:
        conditions = tuple(new if one.type == new.type else one for one in conditions)
    return replace(crd, status=replace(crd.status, conditions=conditions))


def _with_stored_version(crd: CustomResourceDefinition) -> CustomResourceDefinition:
    stored = crd.status.storedVersions
    new = next((one.name for one in crd.spec.versions if one.storage), None)
    if new is None or new in stored:
        return crd
    return replace(crd, status=replace(crd.status, storedVersions=(*stored, new)))
