"""APIServices: local ones are available from the start, remote ones when they have been looked at.

Source: kube-aggregator/pkg/registry/apiservice/strategy.go.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from steersman.api.apiregistration import APIService, APIServiceCondition, APIServiceStatus
from steersman.api.apiregistration.validation import validate_service, validate_status
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import Cause
from steersman.apimachinery.times import to_time
from steersman.apiserver.registry.age import age
from steersman.apiserver.registry.strategy import AGE_COLUMN, NAME_COLUMN, Asked, Column, Strategy

DEFAULT_PORT = 443
AVAILABLE = "Available"


class APIServiceStrategy(Strategy[APIService]):
    """Strategy of API services."""

    has_generation = False
    columns = (
        NAME_COLUMN,
        Column("Service", description="Who answers for the group version."),
        Column("Available", description="Whether it can be reached."),
        AGE_COLUMN,
    )

    def default(self, obj: APIService) -> APIService:
        """A Service is asked at the port of HTTPS."""
        service = obj.spec.service
        if service is None or service.port is not None:
            return obj
        return replace(obj, spec=replace(obj.spec, service=replace(service, port=DEFAULT_PORT)))

    def complete(self, obj: APIService, old: APIService | None, asked: Asked) -> APIService:
        """This server can always reach itself."""
        if old is not None or obj.spec.service is not None:
            return obj
        condition = APIServiceCondition(
            type=AVAILABLE,
            status="True",
            reason="Local",
            message="Local APIServices are always available",
            lastTransitionTime=to_time(asked.now),
        )
        return replace(obj, status=APIServiceStatus(conditions=(condition,)))

    def validate(self, obj: APIService) -> Sequence[Cause]:
        """See `validate_service`."""
        return validate_service(obj)

    def validate_subresource(self, subresource: str, obj: APIService, old: APIService) -> Sequence[Cause]:
        """See `validate_status`."""
        return validate_status(obj)

    def row(self, obj: APIService, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        service = obj.spec.service
        place = "Local" if service is None else f"{service.namespace}/{service.name}"
        return (obj.metadata.name, place, _available(obj), age(obj.metadata.creationTimestamp, now))


def _available(obj: APIService) -> str:
    for one in obj.status.conditions:
        if one.type == AVAILABLE:
            return one.status if one.status == "True" or not one.reason else f"{one.status} ({one.reason})"
    return "Unknown"
