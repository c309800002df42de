"""Which names of resources there are, and where each may stand.

Source: pkg/apis/core/helper/helpers.go, pkg/apis/core/validation/validation.go: validateResourceName.
"""

from steersman.apimachinery.fielderrors import invalid_value, invalid_values
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import qualified_name
from steersman.apimachinery.status import Cause

COMPUTE = frozenset({"cpu", "memory", "ephemeral-storage"})
COUNTED = frozenset({
    "pods", "resourcequotas", "services", "replicationcontrollers", "secrets", "configmaps", "persistentvolumeclaims",
    "services.nodeports", "services.loadbalancers",
})  # fmt: skip
_SIDES = frozenset(f"{side}.{name}" for side in ("requests", "limits") for name in COMPUTE)
STANDARD = COMPUTE | _SIDES | COUNTED | {"storage", "requests.storage"}
HUGE_PAGES, REQUESTS = "hugepages-", "requests."
NATIVE_DOMAIN = "kubernetes.io/"


def is_native(name: str) -> bool:
    """The name is Kubernetes' own: without a domain, or in one of its domains."""
    return "/" not in name or NATIVE_DOMAIN in name


def is_extended(name: str) -> bool:
    """The resource is somebody else's, such as a device plugin's; it is counted in whole numbers."""
    if is_native(name) or name.startswith(REQUESTS):
        return False
    return not qualified_name(REQUESTS + name)


def may_overcommit(name: str) -> bool:
    """Limits of the resource may be higher than its requests."""
    return is_native(name) and not name.startswith(HUGE_PAGES)


def check_resource_name(name: str, path: Path) -> list[Cause]:
    """A known name, or one with a domain."""
    faults = invalid_values(path, name, qualified_name(name))
    if faults or "/" in name or name in STANDARD or name.startswith((HUGE_PAGES, REQUESTS + HUGE_PAGES)):
        return faults
    return [invalid_value(path, name, "must be a standard resource type or fully qualified")]


def check_container_resource_name(name: str, path: Path) -> list[Cause]:
    """A name that a container's resources may have."""
    faults = check_resource_name(name, path)
    if "/" not in name:
        if name not in COMPUTE and not name.startswith(HUGE_PAGES):
            faults.append(invalid_value(path, name, "must be a standard resource for containers"))
    elif not is_native(name) and not is_extended(name):
        faults.append(invalid_value(path, name, "doesn't follow extended resource name standard"))
    return faults
