"""AlwaysAdmit and AlwaysDeny, which upstream has deprecated but still has.

Source: plugin/pkg/admission/admit, plugin/pkg/admission/deny.
"""

from steersman.apimachinery.object import Object
from steersman.apiserver.admission.plugin import Plugin, denied
from steersman.apiserver.attributes import AdmissionAttributes, Operation


class AlwaysAdmit(Plugin):
    """Has no objection to anything."""

    name = "AlwaysAdmit"
    operations = frozenset(Operation)


class AlwaysDeny(Plugin):
    """Refuses every write."""

    name = "AlwaysDeny"
    operations = frozenset(Operation)

    async def admit(self, attributes: AdmissionAttributes) -> Object | None:
        """Refused."""
        raise denied(attributes, "admission control is denying all modifications")

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Refused."""
        raise denied(attributes, "admission control is denying all modifications")
