"""Which strategy each kind has; kinds without a line have the generic one."""

from collections.abc import Mapping
from typing import Any

from steersman.api.meta import Kind
from steersman.apiserver.registry.strategy import Strategy

STRATEGIES: Mapping[type[Kind], type[Strategy[Any]]] = {}
