"""Devices: classes of them, claims on them, and what drivers offer.

Source: pkg/registry/resource, pkg/printers/internalversion: printResourceClaim, printResourceSlice.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from steersman.api.resource import DeviceClass, DeviceTaintRule, ResourceClaim, ResourceClaimTemplate, ResourceSlice
from steersman.api.resource.alphafields import settled_claim_spec, settled_claim_status, settled_slice_spec
from steersman.api.resource.claimvalidation import (
    validate_claim,
    validate_claim_update,
    validate_class,
    validate_template,
    validate_template_update,
)
from steersman.api.resource.defaults import default_claim_spec, with_rule_time, with_taint_times
from steersman.api.resource.slicevalidation import slice_warnings, validate_slice
from steersman.api.resource.statusvalidation import validate_claim_status, without_deallocated
from steersman.api.resource.taintrulevalidation import validate_taint_rule, validate_taint_rule_status
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import Cause
from steersman.apiserver.registry.age import age
from steersman.apiserver.registry.strategy import AGE_COLUMN, NAME_COLUMN, Asked, Column, Strategy


class DeviceClassStrategy(Strategy[DeviceClass]):
    """Strategy of classes of devices."""

    columns = (NAME_COLUMN, AGE_COLUMN)

    def validate(self, obj: DeviceClass) -> Sequence[Cause]:
        """Selectors and settings."""
        return validate_class(obj)

    def validate_update(self, obj: DeviceClass, old: DeviceClass) -> Sequence[Cause]:
        """The same, where they are new."""
        return validate_class(obj, old)

    def row(self, obj: DeviceClass, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        return (obj.metadata.name, age(obj.metadata.creationTimestamp, now))


class ResourceClaimStrategy(Strategy[ResourceClaim]):
    """Strategy of claims on devices."""

    has_generation = False
    status_keeps_metadata = True
    columns = (
        NAME_COLUMN,
        Column("State", description="What has come of it: pending, allocated, reserved."),
        AGE_COLUMN,
    )

    def default(self, obj: ResourceClaim) -> ResourceClaim:
        """How many devices are wanted."""
        return replace(obj, spec=default_claim_spec(obj.spec))

    def prepare_for_create(self, obj: ResourceClaim) -> ResourceClaim:
        """Nothing is allocated yet."""
        return super().prepare_for_create(replace(obj, spec=settled_claim_spec(obj.spec)))

    def prepare_for_update(self, obj: ResourceClaim, old: ResourceClaim) -> ResourceClaim:
        """What was allocated stays."""
        return super().prepare_for_update(replace(obj, spec=settled_claim_spec(obj.spec)), old)

    def prepare_for_status_update(self, obj: ResourceClaim, old: ResourceClaim) -> ResourceClaim:
        """What was said of a device goes with the device."""
        prepared = super().prepare_for_status_update(obj, old)
        return replace(prepared, status=without_deallocated(settled_claim_status(prepared.status), old.status))

    def validate(self, obj: ResourceClaim) -> Sequence[Cause]:
        """Requests, constraints and settings."""
        return validate_claim(obj)

    def validate_update(self, obj: ResourceClaim, old: ResourceClaim) -> Sequence[Cause]:
        """The spec stays."""
        return validate_claim_update(obj, old)

    def validate_subresource(self, subresource: str, obj: ResourceClaim, old: ResourceClaim) -> Sequence[Cause]:
        """What it was given, and who uses it."""
        return validate_claim_status(obj, old)

    def row(self, obj: ResourceClaim, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        return (obj.metadata.name, _state(obj), age(obj.metadata.creationTimestamp, now))


def _state(claim: ResourceClaim) -> str:
    is_deleted, status = claim.metadata.deletionTimestamp is not None, claim.status
    states = ["deleted"] if is_deleted else []
    if status.allocation is not None:
        states += ["allocated", "reserved"] if status.reservedFor else ["allocated"]
    elif not is_deleted:
        states.append("pending")
    return ",".join(states)


class ResourceClaimTemplateStrategy(Strategy[ResourceClaimTemplate]):
    """Strategy of templates of claims."""

    has_generation = False
    columns = (NAME_COLUMN, AGE_COLUMN)

    def default(self, obj: ResourceClaimTemplate) -> ResourceClaimTemplate:
        """How many devices are wanted."""
        return replace(obj, spec=replace(obj.spec, spec=default_claim_spec(obj.spec.spec)))

    def prepare_for_create(self, obj: ResourceClaimTemplate) -> ResourceClaimTemplate:
        """As for the claims that are made of it."""
        return super().prepare_for_create(_settled(obj))

    def prepare_for_update(self, obj: ResourceClaimTemplate, old: ResourceClaimTemplate) -> ResourceClaimTemplate:
        """As for the claims that are made of it."""
        return super().prepare_for_update(_settled(obj), old)

    def validate(self, obj: ResourceClaimTemplate) -> Sequence[Cause]:
        """The claims that are made of it."""
        return validate_template(obj)

    def validate_update(self, obj: ResourceClaimTemplate, old: ResourceClaimTemplate) -> Sequence[Cause]:
        """The spec stays."""
        return validate_template_update(obj, old)

    def row(self, obj: ResourceClaimTemplate, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        return (obj.metadata.name, age(obj.metadata.creationTimestamp, now))


def _settled(template: ResourceClaimTemplate) -> ResourceClaimTemplate:
    return replace(template, spec=replace(template.spec, spec=settled_claim_spec(template.spec.spec)))


class ResourceSliceStrategy(Strategy[ResourceSlice]):
    """Strategy of slices of a driver's devices."""

    columns = (
        NAME_COLUMN,
        Column("Node", description="The one node the devices can be used from."),
        Column("Driver", description="The driver of the devices."),
        Column("Pool", description="The pool that the slice is a part of."),
        AGE_COLUMN,
    )

    def prepare_for_create(self, obj: ResourceSlice) -> ResourceSlice:
        """Without what is alpha."""
        return super().prepare_for_create(replace(obj, spec=settled_slice_spec(obj.spec)))

    def prepare_for_update(self, obj: ResourceSlice, old: ResourceSlice) -> ResourceSlice:
        """Without what is alpha."""
        return super().prepare_for_update(replace(obj, spec=settled_slice_spec(obj.spec)), old)

    def complete(self, obj: ResourceSlice, old: ResourceSlice | None, asked: Asked) -> ResourceSlice:
        """Since when taints are there."""
        return with_taint_times(obj, asked.now)

    def validate(self, obj: ResourceSlice) -> Sequence[Cause]:
        """Driver, pool, nodes and devices."""
        return validate_slice(obj)

    def validate_update(self, obj: ResourceSlice, old: ResourceSlice) -> Sequence[Cause]:
        """The same; driver, pool and node stay."""
        return validate_slice(obj, old)

    def warnings(self, obj: ResourceSlice) -> Sequence[str]:
        """Drivers whose names aren't in lower case."""
        return slice_warnings(obj)

    def selectable(self, obj: ResourceSlice) -> dict[str, str]:
        """The fields slices may be selected by."""
        return {"spec.nodeName": obj.spec.nodeName or "", "spec.driver": obj.spec.driver}

    def row(self, obj: ResourceSlice, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        spec, since = obj.spec, age(obj.metadata.creationTimestamp, now)
        return (obj.metadata.name, spec.nodeName, spec.driver, spec.pool.name, since)


class DeviceTaintRuleStrategy(Strategy[DeviceTaintRule]):
    """Strategy of rules that put taints on devices."""

    allows_unconditional_update = False
    status_keeps_metadata = True
    columns = (NAME_COLUMN, AGE_COLUMN)

    def complete(self, obj: DeviceTaintRule, old: DeviceTaintRule | None, asked: Asked) -> DeviceTaintRule:
        """Since when the taint is there."""
        return with_rule_time(obj, old, asked.now)

    def validate(self, obj: DeviceTaintRule) -> Sequence[Cause]:
        """Which devices, and the taint."""
        return validate_taint_rule(obj)

    def validate_update(self, obj: DeviceTaintRule, old: DeviceTaintRule) -> Sequence[Cause]:
        """The same."""
        return validate_taint_rule(obj, old)

    def validate_subresource(self, subresource: str, obj: DeviceTaintRule, old: DeviceTaintRule) -> Sequence[Cause]:
        """What the rule has done."""
        return validate_taint_rule_status(obj)

    def row(self, obj: DeviceTaintRule, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        return (obj.metadata.name, age(obj.metadata.creationTimestamp, now))
