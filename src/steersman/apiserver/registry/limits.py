"""Limits for what single objects of a namespace ask for.

Source: pkg/registry/core/limitrange/strategy.go.
"""

from collections.abc import Sequence

from steersman.api.core import LimitRange
from steersman.api.core.limitrange import default_limit_range, validate_limit_range
from steersman.apimachinery.status import Cause
from steersman.apiserver.registry.strategy import Strategy


class LimitRangeStrategy(Strategy[LimitRange]):
    """Strategy of limit ranges."""

    has_generation = False

    def default(self, obj: LimitRange) -> LimitRange:
        """See `default_limit_range`."""
        return default_limit_range(obj)

    def validate(self, obj: LimitRange) -> Sequence[Cause]:
        """See `validate_limit_range`."""
        return validate_limit_range(obj)
