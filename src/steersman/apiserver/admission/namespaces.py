"""NamespaceAutoProvision and NamespaceExists: what is done about namespaces that aren't there.

Source: plugin/pkg/admission/namespace.
"""

from steersman.api.core import Namespace
from steersman.apimachinery.object import Object
from steersman.apimachinery.status import not_found
from steersman.apiserver.admission.lookup import Lookup
from steersman.apiserver.admission.plugin import CREATE, WRITES, Plugin
from steersman.apiserver.admission.served import Served
from steersman.apiserver.attributes import AdmissionAttributes


async def _is_there(lookup: Lookup, attributes: AdmissionAttributes) -> bool:
    """Whether the namespace of a write exists; there is nothing to ask where it has none."""
    name, resource = attributes.namespace, attributes.resource
    if not name or (resource.plural == "namespaces" and not resource.group):
        return True
    if lookup.find(Namespace, "", name) is None:
        # It may have been made a moment ago.
        await lookup.catch_up()
    return lookup.find(Namespace, "", name) is not None


class NamespaceAutoProvision(Plugin):
    """A namespace is made when something is to be made in it."""

    name = "NamespaceAutoProvision"
    operations = CREATE

    def __init__(self, lookup: Lookup, served: Served) -> None:
        self._lookup = lookup
        self._served = served

    async def admit(self, attributes: AdmissionAttributes) -> Object | None:
        """Make the namespace, if it isn't there."""
        if not attributes.dry_run and not await _is_there(self._lookup, attributes):
            await self._served.create_namespace(attributes.namespace)
        return attributes.object


class NamespaceExists(Plugin):
    """Nothing is written in a namespace that isn't there."""

    name = "NamespaceExists"
    operations = WRITES

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """NotFound without the namespace."""
        if not await _is_there(self._lookup, attributes):
            raise not_found("namespaces", attributes.namespace)
