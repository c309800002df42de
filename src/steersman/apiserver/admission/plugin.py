"""The common shape of plugins: what most don't do, done once."""

from steersman.api.core import Pod
from steersman.api.meta import Kind
from steersman.apimachinery.object import Object
from steersman.apimachinery.status import Forbidden, forbidden
from steersman.apiserver.attributes import AdmissionAttributes, Operation


class Plugin:
    """A plugin that has nothing to say; subclasses override what they have a say in."""

    name = ""
    operations: frozenset[Operation] = frozenset()

    def handles(self, operation: Operation) -> bool:
        """Whether the plugin has a say in this operation."""
        return operation in self.operations

    async def admit(self, attributes: AdmissionAttributes) -> Object | None:
        """The object, unchanged."""
        return attributes.object

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """No objection."""


CREATE = frozenset({Operation.CREATE})
CREATE_UPDATE = frozenset({Operation.CREATE, Operation.UPDATE})
UPDATE = frozenset({Operation.UPDATE})
WRITES = frozenset({Operation.CREATE, Operation.UPDATE, Operation.DELETE})


def pod_of(attributes: AdmissionAttributes) -> Pod | None:
    """The pod that is written itself, not through a subresource."""
    return attributes.object if isinstance(attributes.object, Pod) and not attributes.subresource else None


def denied(attributes: AdmissionAttributes, why: str) -> Forbidden:
    """`pods "x" is forbidden: why`. Source: apiserver/pkg/admission/errors.go: NewForbidden."""
    name, obj = attributes.name, attributes.object
    if not name:
        meta = obj.metadata if isinstance(obj, Kind) else None
        name = (meta.name or meta.generateName if meta is not None else "") or "Unknown"
    return forbidden(attributes.resource.group_resource, name, why)
