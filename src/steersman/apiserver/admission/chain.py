"""The admission plugins, one after the other, in upstream's order."""

from typing import TypeVar, cast

from steersman.api.meta import Kind
from steersman.apiserver.attributes import AdmissionAttributes, AdmissionPlugin, attributes_with

K = TypeVar("K", bound=Kind)


class AdmissionChain:
    """What every write passes: first all that may change it, later all that may only refuse it."""

    def __init__(self, plugins: tuple[AdmissionPlugin, ...]) -> None:
        self._plugins = plugins

    async def admit(self, attributes: AdmissionAttributes) -> K:
        """The object as the plugins leave it."""
        for plugin in self._plugins:
            if plugin.handles(attributes.operation):
                attributes = attributes_with(attributes, await plugin.admit(attributes))
        return cast("K", attributes.object)

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Raises what the first plugin that refuses raises."""
        for plugin in self._plugins:
            if plugin.handles(attributes.operation):
                await plugin.validate(attributes)
