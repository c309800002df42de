"""DenyServiceExternalIPs: no Service takes addresses that aren't its own.

Source: plugin/pkg/admission/network/denyserviceexternalips.
"""

from steersman.api.core import Service
from steersman.apiserver.admission.plugin import CREATE_UPDATE, Plugin, denied
from steersman.apiserver.attributes import AdmissionAttributes


class DenyServiceExternalIPs(Plugin):
    """See the module. Those that a Service has already may stay."""

    name = "DenyServiceExternalIPs"
    operations = CREATE_UPDATE

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Refuse addresses that are new."""
        service, old = attributes.object, attributes.old_object
        if not isinstance(service, Service) or attributes.subresource:
            return
        known = old.spec.externalIPs if isinstance(old, Service) else ()
        if not set(service.spec.externalIPs) <= set(known):
            raise denied(attributes, "Use of external IPs is denied by admission control")
