"""What an expression is evaluated with: variables, and the budget."""

from collections.abc import Callable, Mapping
from typing import Any

from steersman.apimachinery.cel.values import BudgetExceeded


class Scope:
    """variables by name; cost counts up to the limit."""

    __slots__ = ("cost", "limit", "variables")

    def __init__(self, variables: Mapping[str, Any], limit: int) -> None:
        self.variables: dict[str, Any] = dict(variables)
        self.cost = 0
        self.limit = limit

    def spend(self, cost: int) -> None:
        """BudgetExceeded."""
        self.cost += cost
        if self.cost > self.limit:
            raise BudgetExceeded("operation cancelled: actual cost limit exceeded")

    def within(self, more: Mapping[str, Any], body: "Eval") -> Any:
        """The value of what is evaluated with more variables."""
        outer = self.variables
        self.variables = {**outer, **more}
        try:
            return body(self)
        finally:
            self.variables = outer


Eval = Callable[[Scope], Any]
