"""Defaults of flow schemas and priority levels.

Source: pkg/apis/flowcontrol/v1/defaults.go.
"""

from steersman.api.flowcontrol.flowcontrol import (
    FlowSchema,
    LimitedPriorityLevelConfiguration,
    PriorityLevelConfiguration,
    QueuingConfiguration,
)
from steersman.apimachinery.object import replace

MATCHING_PRECEDENCE = 1000
CONCURRENCY_SHARES = 30
QUEUES, HAND_SIZE, QUEUE_LENGTH = 64, 8, 50


def default_flow_schema(schema: FlowSchema) -> FlowSchema:
    """A schema that doesn't say how early it is asked is asked late."""
    if schema.spec.matchingPrecedence:
        return schema
    return replace(schema, spec=replace(schema.spec, matchingPrecedence=MATCHING_PRECEDENCE))


def default_priority_level(level: PriorityLevelConfiguration) -> PriorityLevelConfiguration:
    """Shares of the server, and the sizes of queues."""
    spec = level.spec
    exempt, limited = spec.exempt, spec.limited
    if exempt is not None:
        shares, lent = exempt.nominalConcurrencyShares or 0, exempt.lendablePercent or 0
        exempt = replace(exempt, nominalConcurrencyShares=shares, lendablePercent=lent)
    if limited is not None:
        limited = _limited(limited)
    return replace(level, spec=replace(spec, exempt=exempt, limited=limited))


def _limited(limited: LimitedPriorityLevelConfiguration) -> LimitedPriorityLevelConfiguration:
    # No share at all is something else than none said: such a level holds its requests.
    shares = CONCURRENCY_SHARES if limited.nominalConcurrencyShares is None else limited.nominalConcurrencyShares
    response = limited.limitResponse
    if response.queuing is not None:
        response = replace(response, queuing=_queuing(response.queuing))
    lent = limited.lendablePercent or 0
    return replace(limited, nominalConcurrencyShares=shares, lendablePercent=lent, limitResponse=response)


def _queuing(queuing: QueuingConfiguration) -> QueuingConfiguration:
    return replace(
        queuing,
        queues=queuing.queues or QUEUES,
        handSize=queuing.handSize or HAND_SIZE,
        queueLengthLimit=queuing.queueLengthLimit or QUEUE_LENGTH,
    )
