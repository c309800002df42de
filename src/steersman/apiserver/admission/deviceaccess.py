"""Access to devices that others use, for who administers them: only in namespaces that are marked for it.

It can't be turned off: it is a rule of the kinds, that needs another object to be told. Source: pkg/registry/resource:
AuthorizedForAdmin, AuthorizedForAdminStatus.
"""

from collections.abc import Sequence

from steersman.api.core import Namespace
from steersman.api.meta import Kind
from steersman.api.resource import (
    DeviceRequest,
    DeviceRequestAllocationResult,
    ResourceClaim,
    ResourceClaimStatus,
    ResourceClaimTemplate,
)
from steersman.apimachinery.fielderrors import forbidden_field, internal
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.status import Cause, invalid
from steersman.apiserver.admission.lookup import Lookup
from steersman.apiserver.admission.plugin import CREATE_UPDATE, Plugin
from steersman.apiserver.attributes import AdmissionAttributes, Operation

LABEL = "resource.kubernetes.io/admin-access"
NEEDS_LABEL = f"admin access to devices requires the `{LABEL}: true` label on the containing namespace"
REQUESTS, RESULTS = Path("spec.devices.requests"), Path("status.allocation.devices.results")


class DeviceAdminAccess(Plugin):
    """See the module."""

    operations = CREATE_UPDATE

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Where admin access is wanted anew, the namespace allows it."""
        obj = attributes.object
        where = _wanted(attributes)
        if where is None or not isinstance(obj, Kind):
            return
        if cause := await self._objection(attributes.namespace, where):
            kind = attributes.resource
            raise invalid(f"{kind.kind}.{kind.group}", obj.metadata.name, [cause])

    async def _objection(self, name: str, where: Path) -> Cause | None:
        found = self._lookup.find(Namespace, "", name)
        if found is None or found.metadata.labels.get(LABEL) != "true":
            # It may have been marked a moment ago.
            await self._lookup.catch_up()
            found = self._lookup.find(Namespace, "", name)
        if found is None:
            return internal(
                where, f'could not retrieve namespace to verify admin access: namespaces "{name}" not found'
            )
        return None if found.metadata.labels.get(LABEL) == "true" else forbidden_field(where, NEEDS_LABEL)


def _wanted(attributes: AdmissionAttributes) -> Path | None:
    """Where admin access is asked for, or has been given; a spec stays, so that it is looked at once."""
    is_new = attributes.operation is Operation.CREATE
    match attributes.object, attributes.old_object:
        case ResourceClaim() as claim, ResourceClaim() as old if attributes.subresource == "status":
            return None if _given(old.status) is not None else _given(claim.status)
        case ResourceClaim() as claim, _ if is_new:
            return _asked(claim.spec.devices.requests)
        case ResourceClaimTemplate() as template, _ if is_new:
            return _asked(template.spec.spec.devices.requests)
    return None


def _asked(requests: Sequence[DeviceRequest]) -> Path | None:
    for position, request in enumerate(requests):
        if request.exactly is not None and request.exactly.adminAccess:
            # Upstream leaves `exactly` out, and says the same of templates.
            return REQUESTS.at(position).child("adminAccess")
    return None


def _given(status: ResourceClaimStatus) -> Path | None:
    results: Sequence[DeviceRequestAllocationResult] = ()
    if status.allocation is not None:
        results = status.allocation.devices.results
    found = next((position for position, result in enumerate(results) if result.adminAccess), None)
    return None if found is None else RESULTS.at(found).child("adminAccess")
