"""The admission plugins, one after the other, in upstream's order."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar, cast

from steersman.api.meta import Kind
from steersman.apiserver.admission.metered import Metered
from steersman.apiserver.attributes import AdmissionAttributes, AdmissionPlugin, Operation, attributes_with
from steersman.apiserver.metrics.admission import AdmissionMetrics

K = TypeVar("K", bound=Kind)


class AdmissionChain:
    """What every write passes: first all that may change it, later all that may only refuse it."""

    def __init__(self, plugins: tuple[AdmissionPlugin, ...], metrics: AdmissionMetrics | None = None) -> None:
        self._metrics = metrics
        if metrics is not None:
            plugins = tuple(Metered(one, metrics) for one in plugins)
        self._of = {one: tuple(plugin for plugin in plugins if plugin.handles(one)) for one in Operation}

    async def admit(self, attributes: AdmissionAttributes) -> K:
        """The object as the plugins leave it."""
        with self._timed("admit", attributes.operation):
            return await self._admitted(attributes)

    async def _admitted(self, attributes: AdmissionAttributes) -> K:
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
        with self._timed("validate", attributes.operation):
            for plugin in self._of[attributes.operation]:
                await plugin.validate(attributes)

    @contextmanager
    def _timed(self, type_: str, operation: Operation) -> Iterator[None]:
        metrics = self._metrics
        if metrics is None:
            yield
            return
        began, is_rejected = metrics.now(), True
        try:
            yield
            is_rejected = False
        finally:
            metrics.step(type_, operation, is_rejected, began)
