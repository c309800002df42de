"""LimitRange's defaults and rules.

Source: pkg/apis/core/v1/defaults.go: SetDefaults_LimitRangeItem; pkg/apis/core/validation: ValidateLimitRange.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from steersman.api.core.quota import LimitRange, LimitRangeItem
from steersman.api.core.resourcenames import check_container_resource_name, check_resource_name, may_overcommit
from steersman.apimachinery.fielderrors import duplicate, forbidden_field, invalid_value, invalid_values, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import qualified_name
from steersman.apimachinery.object import replace
from steersman.apimachinery.quantity import Quantity
from steersman.apimachinery.status import Cause

CONTAINER, POD, CLAIM = "Container", "Pod", "PersistentVolumeClaim"
STANDARD_TYPES = frozenset({CONTAINER, POD, CLAIM})

Amounts = Mapping[str, Quantity]


def default_limit_range(limits: LimitRange) -> LimitRange:
    """What a container is given when nothing is said: at most the maximum, requested as limited, or the minimum."""
    items = tuple(_defaulted(item) for item in limits.spec.limits)
    return replace(limits, spec=replace(limits.spec, limits=items))


def _defaulted(item: LimitRangeItem) -> LimitRangeItem:
    if item.type != CONTAINER:
        return item
    default = {**item.max, **item.default}
    return replace(item, default=default, defaultRequest={**item.min, **default, **item.defaultRequest})


def validate_limit_range(limits: LimitRange) -> list[Cause]:
    """A new or changed one."""
    faults: list[Cause] = []
    seen: set[str] = set()
    for position, item in enumerate(limits.spec.limits):
        path = Path("spec.limits").at(position)
        faults += _check_type(item.type, path.child("type"))
        if item.type in seen:
            faults.append(duplicate(path.child("type"), item.type))
        seen.add(item.type)
        faults += _check_item(item, path)
    return faults


def _check_type(name: str, path: Path) -> list[Cause]:
    faults = invalid_values(path, name, qualified_name(name))
    if faults or "/" in name or name in STANDARD_TYPES:
        return faults
    return [invalid_value(path, name, "must be a standard limit type or fully qualified")]


def _check_item(item: LimitRangeItem, path: Path) -> list[Cause]:
    check = check_container_resource_name if item.type in (CONTAINER, POD) else check_resource_name
    faults: list[Cause] = []
    looked_at = ["max", "min"]
    if item.type == POD:
        given = [field for field in ("default", "defaultRequest") if getattr(item, field)]
        faults += [forbidden_field(path.child(field), "may not be specified when `type` is 'Pod'") for field in given]
    else:
        looked_at += ["default", "defaultRequest"]
    looked_at.append("maxLimitRequestRatio")
    for field in looked_at:
        for name in getattr(item, field):
            faults += check(name, path.child(field).key(name))
    if item.type == CLAIM and "storage" not in item.min and "storage" not in item.max:
        why = "either minimum or maximum storage value is required, but neither was provided"
        faults.append(required(path.child("limits"), why))
    names = dict.fromkeys(name for field in looked_at for name in getattr(item, field))
    for name in names:
        faults += _Bounds.of(item, name).check(path)
    return faults


@dataclass(frozen=True, slots=True)
class _Bounds:
    """What is said of one resource."""

    name: str
    min: Quantity | None
    max: Quantity | None
    default: Quantity | None
    request: Quantity | None
    ratio: Quantity | None

    @classmethod
    def of(cls, item: LimitRangeItem, name: str) -> "_Bounds":
        default, request = (None, None) if item.type == POD else (item.default.get(name), item.defaultRequest.get(name))
        ratio = item.maxLimitRequestRatio.get(name)
        return cls(name, item.min.get(name), item.max.get(name), default, request, ratio)

    def check(self, path: Path) -> list[Cause]:
        low, high, default, request = self.min, self.max, self.default, self.request
        # The field that is blamed, its value as shown, the two to compare and what they are called.
        ordered = (
            ("min", low, (low, high), ("min value", "max value")),
            ("defaultRequest", request, (low, request), ("min value", "default request value")),
            ("defaultRequest", request, (request, high), ("default request value", "max value")),
            ("defaultRequest", request, (request, default), ("default request value", "default limit value")),
            ("default", low, (low, default), ("min value", "default value")),
            ("default", high, (default, high), ("default value", "max value")),
        )
        faults = [
            invalid_value(path.child(field).key(self.name), shown, f"{one} {lower} is greater than {other} {upper}")
            for field, shown, (lower, upper), (one, other) in ordered
            if lower is not None and upper is not None and lower > upper
        ]
        faults += self._check_ratio(path.child("maxLimitRequestRatio").key(self.name))
        if not may_overcommit(self.name) and default is not None and request is not None and default != request:
            why = f"default value {default} must equal to defaultRequest value {request} in {self.name}"
            faults.append(invalid_value(path.child("defaultRequest").key(self.name), request, why))
        return faults

    def _check_ratio(self, path: Path) -> list[Cause]:
        if self.ratio is None:
            return []
        faults = []
        if self.ratio < Quantity(1):
            faults.append(invalid_value(path, self.ratio, f"ratio {self.ratio} is less than 1"))
        if self.min and self.max is not None:
            highest = self.max.value / self.min.value
            if self.ratio.value > highest:
                why = f"ratio {self.ratio} is greater than max/min = {float(highest):.6f}"
                faults.append(invalid_value(path, self.ratio, why))
        return faults
