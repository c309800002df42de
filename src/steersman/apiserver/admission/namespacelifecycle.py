"""Nothing is made in a namespace that isn't there or is going away, and the first namespaces stay.

Source: apiserver/pkg/admission/plugin/namespace/lifecycle.
"""

from steersman.api import core
from steersman.apimachinery.status import Cause, Details, Forbidden, forbidden, not_found
from steersman.apiserver.admission.lookup import Lookup
from steersman.apiserver.admission.plugin import WRITES, Plugin
from steersman.apiserver.attributes import AdmissionAttributes, Operation

IMMORTAL = frozenset({"default", "kube-system", "kube-public"})
# Reviews leave nothing behind, so that they can be asked about any namespace.
EXEMPT = frozenset({"localsubjectaccessreviews"})


class NamespaceLifecycle(Plugin):
    """See the module."""

    name = "NamespaceLifecycle"
    operations = WRITES

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """NotFound without the namespace, Forbidden while it terminates."""
        resource = attributes.resource
        if resource.plural == "namespaces" and not resource.group:
            if attributes.operation is Operation.DELETE and attributes.name in IMMORTAL:
                raise forbidden("namespaces", attributes.name, "this namespace may not be deleted")
            return
        if attributes.operation is not Operation.CREATE or not attributes.namespace or resource.plural in EXEMPT:
            return
        namespace = self._lookup.find(core.Namespace, "", attributes.namespace)
        if namespace is None:
            # It may have been made a moment ago.
            await self._lookup.catch_up()
            namespace = self._lookup.find(core.Namespace, "", attributes.namespace)
        if namespace is None:
            raise not_found("namespaces", attributes.namespace)
        if namespace.metadata.deletionTimestamp is None and namespace.status.phase != "Terminating":
            return
        why = f"unable to create new content in namespace {attributes.namespace} because it is being terminated"
        cause = Cause(
            "NamespaceTerminating", f"namespace {attributes.namespace} is being terminated", "metadata.namespace"
        )
        error = forbidden(resource.group_resource, attributes.name, why)
        known = error.details
        raise Forbidden(error.message, Details(known.name, known.group, known.kind, causes=(cause,)))
