"""Priority and fairness: flow schemas and priority levels.

Source: pkg/registry/flowcontrol, pkg/printers/internalversion: printFlowSchema, printPriorityLevelConfiguration.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from steersman.api.flowcontrol import FlowSchema, PriorityLevelConfiguration
from steersman.api.flowcontrol.defaults import default_flow_schema, default_priority_level
from steersman.api.flowcontrol.levelvalidation import validate_priority_level, validate_priority_level_status
from steersman.api.flowcontrol.schemavalidation import validate_flow_schema, validate_flow_schema_status
from steersman.apimachinery.status import Cause
from steersman.apiserver.registry.age import age
from steersman.apiserver.registry.strategy import AGE_COLUMN, NAME_COLUMN, Column, Strategy

NONE = "<none>"


class FlowSchemaStrategy(Strategy[FlowSchema]):
    """Strategy of flow schemas."""

    status_keeps_metadata = True
    # As they are asked.
    sorted_by = (2, 0)
    columns = (
        NAME_COLUMN,
        Column("PriorityLevel", description="The level that requests are given."),
        Column("MatchingPrecedence", description="How early it is asked; the lower, the earlier."),
        Column("DistinguisherMethod", description="By what requests are told apart into flows."),
        AGE_COLUMN,
        Column("MissingPL", description="Whether there is no such level."),
    )

    def default(self, obj: FlowSchema) -> FlowSchema:
        """How early it is asked."""
        return default_flow_schema(obj)

    def validate(self, obj: FlowSchema) -> Sequence[Cause]:
        """Precedence, level and rules."""
        return validate_flow_schema(obj)

    def validate_subresource(self, subresource: str, obj: FlowSchema, old: FlowSchema) -> Sequence[Cause]:
        """Its conditions."""
        return validate_flow_schema_status(obj)

    def row(self, obj: FlowSchema, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        spec = obj.spec
        method = NONE if spec.distinguisherMethod is None else spec.distinguisherMethod.type
        dangling = next((one.status for one in obj.status.conditions if one.type == "Dangling"), "?")
        since = age(obj.metadata.creationTimestamp, now)
        level = spec.priorityLevelConfiguration.name
        return (obj.metadata.name, level, spec.matchingPrecedence, method, since, dangling)


class PriorityLevelStrategy(Strategy[PriorityLevelConfiguration]):
    """Strategy of priority levels."""

    status_keeps_metadata = True
    columns = (
        NAME_COLUMN,
        Column("Type", description="Whether it is limited."),
        Column("NominalConcurrencyShares", description="Its part of the server."),
        Column("Queues", description="How many queues it has."),
        Column("HandSize", description="How many of them a flow may use."),
        Column("QueueLengthLimit", description="How many requests wait in one."),
        AGE_COLUMN,
    )

    def default(self, obj: PriorityLevelConfiguration) -> PriorityLevelConfiguration:
        """Shares and sizes."""
        return default_priority_level(obj)

    def validate(self, obj: PriorityLevelConfiguration) -> Sequence[Cause]:
        """Type, shares and queues."""
        return validate_priority_level(obj)

    def validate_subresource(
        self, subresource: str, obj: PriorityLevelConfiguration, old: PriorityLevelConfiguration
    ) -> Sequence[Cause]:
        """Its conditions."""
        return validate_priority_level_status(obj)

    def row(self, obj: PriorityLevelConfiguration, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        limited = obj.spec.limited
        shares: Any = NONE
        sizes: tuple[Any, ...] = (NONE, NONE, NONE)
        if limited is not None:
            shares = limited.nominalConcurrencyShares
            if (queuing := limited.limitResponse.queuing) is not None:
                sizes = (queuing.queues, queuing.handSize, queuing.queueLengthLimit)
        return (obj.metadata.name, obj.spec.type, shares, *sizes, age(obj.metadata.creationTimestamp, now))
