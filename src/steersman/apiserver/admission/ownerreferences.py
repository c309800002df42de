"""OwnerReferencesPermissionEnforcement: who names owners could delete the object; who lets it hold its owner may do so.

Source: plugin/pkg/admission/gc.
"""

from collections.abc import Sequence

from steersman.api.meta import Kind, OwnerReference
from steersman.apimachinery.object import GroupVersionKind
from steersman.apiserver.admission.plugin import CREATE_UPDATE, Plugin, denied
from steersman.apiserver.admission.served import Served
from steersman.apiserver.attributes import AdmissionAttributes, Authorizer, Operation
from steersman.apiserver.authz.asking import decision_on
from steersman.apiserver.request import RequestInfo


class OwnerReferencesPermissionEnforcement(Plugin):
    """See the module."""

    name = "OwnerReferencesPermissionEnforcement"
    operations = CREATE_UPDATE

    def __init__(self, authorizer: Authorizer, served: Served) -> None:
        self._authorizer = authorizer
        self._served = served

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Refuse owners that the user has no right to name."""
        resource, obj = attributes.resource, attributes.object
        # Old kubelets corrupt references through the status, which the strategy puts right.
        is_pod_status = resource.group_resource == "pods" and attributes.subresource == "status"
        if is_pod_status or not isinstance(obj, Kind):
            return
        owners = obj.metadata.ownerReferences
        before = attributes.old_object.metadata.ownerReferences if attributes.old_object is not None else ()
        if owners == before:
            return
        if attributes.operation is not Operation.CREATE:
            await self._check_delete(attributes)
        for owner in _newly_blocking(owners, before):
            await self._check_blocking(attributes, owner)

    async def _check_delete(self, attributes: AdmissionAttributes) -> None:
        resource = attributes.resource
        request = RequestInfo(
            "delete", "", True, resource.group, resource.version, attributes.namespace, resource.plural,
            attributes.subresource, attributes.name,
        )  # fmt: skip
        decision = await decision_on(self._authorizer, attributes.user, request)
        if not decision.allowed:
            why = f"cannot set an ownerRef on a resource you can't delete: {decision.reason}, <nil>"
            raise denied(attributes, why)

    async def _check_blocking(self, attributes: AdmissionAttributes, owner: OwnerReference) -> None:
        found = self._served.resources_of(GroupVersionKind.parse(owner.apiVersion, owner.kind))
        if not found:
            unknown = f'no matches for kind "{owner.kind}" in version "{owner.apiVersion}"'
            about = f"RESTMapping for APIVersion {owner.apiVersion} Kind {owner.kind}"
            raise denied(
                attributes, f"cannot set blockOwnerDeletion in this case because cannot find {about}: {unknown}"
            )
        for resource in found:
            namespace = attributes.namespace if resource.namespaced else ""
            request = RequestInfo(
                "update", "", True, resource.group, resource.version, namespace, resource.plural, "finalizers",
                owner.name,
            )  # fmt: skip
            decision = await decision_on(self._authorizer, attributes.user, request)
            if not decision.allowed:
                what = "an ownerReference refers to a resource you can't set finalizers on"
                raise denied(attributes, f"cannot set blockOwnerDeletion if {what}: {decision.reason}, <nil>")


def _newly_blocking(new: Sequence[OwnerReference], old: Sequence[OwnerReference]) -> list[OwnerReference]:
    were = {one.uid for one in old if one.blockOwnerDeletion}
    return [one for one in new if one.blockOwnerDeletion and one.uid not in were]
