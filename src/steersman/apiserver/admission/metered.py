"""An admission plugin whose time is taken.

Source: apiserver/pkg/admission/metrics: WithControllerMetrics.
"""

from steersman.apimachinery.object import Object
from steersman.apiserver.admission.plugin import Plugin
from steersman.apiserver.attributes import AdmissionAttributes, AdmissionPlugin, Operation
from steersman.apiserver.metrics.admission import AdmissionMetrics


class Metered:
    """Does what another plugin does."""

    def __init__(self, plugin: AdmissionPlugin, metrics: AdmissionMetrics) -> None:
        self.name = plugin.name
        self._plugin = plugin
        self._metrics = metrics
        kind = type(plugin)
        # A plugin that has no say in a step isn't told of as if it had.
        self._admits = getattr(kind, "admit", None) is not Plugin.admit
        self._validates = getattr(kind, "validate", None) is not Plugin.validate

    def handles(self, operation: Operation) -> bool:
        """As AdmissionPlugin."""
        return self._plugin.handles(operation)

    async def admit(self, attributes: AdmissionAttributes) -> Object | None:
        """As AdmissionPlugin."""
        if not self._admits:
            return attributes.object
        began, is_rejected = self._metrics.now(), True
        try:
            made = await self._plugin.admit(attributes)
            is_rejected = False
            return made
        finally:
            self._metrics.plugin(self.name, "admit", attributes.operation, is_rejected, began)

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """As AdmissionPlugin."""
        if not self._validates:
            return
        began, is_rejected = self._metrics.now(), True
        try:
            await self._plugin.validate(attributes)
            is_rejected = False
        finally:
            self._metrics.plugin(self.name, "validate", attributes.operation, is_rejected, began)
