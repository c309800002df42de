"""What differs from kind to kind: `strategy_for` finds it."""

from typing import Any

from steersman.api.meta import Kind
from steersman.apiserver.registry.strategy import Strategy
from steersman.apiserver.registry.table import STRATEGIES


def strategy_for(kind: type[Kind]) -> Strategy[Any]:
    """The strategy of a kind."""
    return STRATEGIES.get(kind, Strategy)()
