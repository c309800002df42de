"""`componentstatuses`: nothing that is stored, but what the server sees when it looks at what it depends on.

Source: pkg/registry/core/componentstatus/rest.go. Only the store is looked at: controllers and scheduler don't listen.
"""

from collections.abc import Mapping, Sequence

from steersman.api.core import ComponentCondition, ComponentStatus
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.status import not_found
from steersman.apiserver.context import RequestContext
from steersman.apiserver.subresources.interface import Unsupported
from steersman.component.healthz import Check


class ComponentStatuses(Unsupported):
    """Asks the check of each component, by its name."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks

    async def get(self, context: RequestContext) -> ComponentStatus:
        """One component; NotFound for a name that isn't looked at."""
        name = context.info.name
        if name not in self._checks:
            raise not_found(context.resource.group_resource, name)
        return await self._seen(name)

    async def list(self, context: RequestContext) -> Sequence[ComponentStatus]:
        """All of them."""
        return [await self._seen(name) for name in self._checks]

    async def _seen(self, name: str) -> ComponentStatus:
        problem = await self._checks[name]()
        condition = ComponentCondition(
            type="Healthy", status="False" if problem else "True", message="" if problem else "ok", error=problem
        )
        return ComponentStatus(metadata=ObjectMeta(name=name), conditions=(condition,))
