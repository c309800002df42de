"""Ways to run containers.

Source: pkg/registry/node/runtimeclass, pkg/printers/internalversion: printRuntimeClass.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from steersman.api.node import RuntimeClass
from steersman.api.node.validation import (
    runtime_class_warnings,
    validate_runtime_class,
    validate_runtime_class_update,
)
from steersman.apimachinery.status import Cause
from steersman.apiserver.registry.age import age
from steersman.apiserver.registry.strategy import AGE_COLUMN, NAME_COLUMN, Column, Strategy


class RuntimeClassStrategy(Strategy[RuntimeClass]):
    """Strategy of runtime classes."""

    allows_unconditional_update = False
    allows_create_on_update = True
    columns = (NAME_COLUMN, Column("Handler", description="The runtime's name on the node."), AGE_COLUMN)

    def validate(self, obj: RuntimeClass) -> Sequence[Cause]:
        """Handler, overhead and nodes."""
        return validate_runtime_class(obj)

    def validate_update(self, obj: RuntimeClass, old: RuntimeClass) -> Sequence[Cause]:
        """The handler stays."""
        return validate_runtime_class_update(obj, old)

    def warnings(self, obj: RuntimeClass) -> Sequence[str]:
        """Old names of nodes' labels."""
        return runtime_class_warnings(obj)

    def row(self, obj: RuntimeClass, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        return (obj.metadata.name, obj.handler, age(obj.metadata.creationTimestamp, now))
