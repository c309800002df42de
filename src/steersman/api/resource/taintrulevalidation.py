"""What makes a rule that puts a taint on devices wrong, in upstream's words.

Source: pkg/apis/resource/validation/validation.go: ValidateDeviceTaintRule.
"""

from steersman.api.meta.conditionrules import validate_conditions
from steersman.api.meta.fieldrules import driver_name
from steersman.api.resource.claim import DeviceTaintSelector
from steersman.api.resource.limits import MAX_CONDITIONS
from steersman.api.resource.names import label_faults, pool_name_faults
from steersman.api.resource.slice import DeviceTaintRule
from steersman.api.resource.tolerations import taint_faults
from steersman.apimachinery.fielderrors import too_many
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.status import Cause

SPEC = Path("spec")


def validate_taint_rule(rule: DeviceTaintRule, old: DeviceTaintRule | None = None) -> list[Cause]:
    """A rule, new or changed. An effect that stays as it was isn't looked at."""
    selector = rule.spec.deviceSelector
    faults = [] if selector is None else _selector_faults(selector, SPEC.child("deviceSelector"))
    before = None if old is None else old.spec.taint
    return [*faults, *taint_faults(rule.spec.taint, SPEC.child("taint"), before)]


def _selector_faults(selector: DeviceTaintSelector, path: Path) -> list[Cause]:
    faults: list[Cause] = []
    if selector.driver is not None:
        faults += driver_name(selector.driver, path.child("driver"))
    if selector.pool is not None:
        faults += pool_name_faults(selector.pool, path.child("pool"))
    if selector.device is not None:
        faults += label_faults(selector.device, path.child("device"))
    return faults


def validate_taint_rule_status(rule: DeviceTaintRule) -> list[Cause]:
    """Conditions, not too many of them."""
    conditions, path = rule.status.conditions, Path("status").child("conditions")
    faults = validate_conditions(conditions, path)
    return [*faults, too_many(path, len(conditions), MAX_CONDITIONS)] if len(conditions) > MAX_CONDITIONS else faults
