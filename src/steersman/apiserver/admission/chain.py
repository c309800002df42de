"""The admission plugins, one after the other, in upstream's order."""

from typing import TypeVar, cast

from steersman.api.meta import Kind
from steersman.apiserver.attributes import AdmissionAttributes, AdmissionPlugin, Operation, attributes_with

K = TypeVar("K", bound=Kind)


class AdmissionChain:
    """What every write passes: first all that may change it, later all that may only refuse it."""

    def __init__(self, plugins: tuple[AdmissionPlugin, ...]) -> None:
        self._of = {one: tuple(plugin for plugin in plugins if plugin.handles(one)) for one in Operation}

    async def admit(self, attributes: AdmissionAttributes) -> K:
        """The object as the plugins leave it."""
        attributes = await self._round(attributes)
        if attributes.reinvocation.is_requested:
            attributes.reinvocation.is_second = True
            attributes = await self._round(attributes)
        return cast("K", attributes.object)

    async def _round(self, attributes: AdmissionAttributes) -> AdmissionAttributes:
        for plugin in self._of[attributes.operation]:
            attributes = attributes_with(attributes, await plugin.admit(attributes))
        return attributes

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Raises what the first plugin that refuses raises."""
        for plugin in self._of[attributes.operation]:
            await plugin.validate(attributes)
