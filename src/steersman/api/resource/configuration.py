"""What makes the configuration of devices wrong, in upstream's words.

Source: pkg/apis/resource/validation/validation.go: validateDeviceConfiguration, validateRawExtension.
"""

from typing import Any

from steersman.api.meta.fieldrules import driver_name
from steersman.api.resource.claim import DeviceConfiguration
from steersman.api.resource.limits import MAX_PARAMETER_BYTES
from steersman.apimachinery.codec.json import encode
from steersman.apimachinery.fielderrors import invalid_value, required, too_long
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.status import Cause


def configuration_faults(config: DeviceConfiguration, path: Path, *, is_stored: bool = False) -> list[Cause]:
    """Settings for some driver. What is stored already may be longer than would be taken now."""
    opaque, where = config.opaque, path.child("opaque")
    if opaque is None:
        return [required(where)]
    limit = None if is_stored else MAX_PARAMETER_BYTES
    return driver_name(opaque.driver, where.child("driver")) + raw_faults(
        opaque.parameters, where.child("parameters"), limit
    )


def raw_faults(value: Any, path: Path, limit: int | None) -> list[Cause]:
    """Any JSON object, up to a number of bytes, which must be there."""
    if value is None:
        return [required(path)]
    if limit is not None and len(encode(value)) > limit:
        return [too_long(path, limit)]
    if not isinstance(value, dict):
        return [invalid_value(path, "<value omitted>", "must be a valid JSON object")]
    return []
