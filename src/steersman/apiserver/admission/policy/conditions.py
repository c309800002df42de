"""Match conditions: expressions that must all be true for a webhook, or a policy, to be asked about a request.

Source: apiserver/pkg/admission/plugin/webhook/matchconditions/matcher.go.
"""

from collections.abc import Sequence

from steersman.api.admissionregistration import FailurePolicyType
from steersman.apimachinery.cel.cost import MATCH_CONDITION_BUDGET
from steersman.apimachinery.gotext import aggregate
from steersman.apiserver.admission.policy.evaluation import Condition, OutOfBudget, Variables, evaluate


class ConditionsFailed(Exception):
    """It can't be told whether the conditions are true, and that is no excuse; the text says why."""


def are_met(conditions: Sequence[Condition], variables: Variables, failure_policy: str | None) -> bool:
    """All are true. One that is false settles it, whatever is wrong with others.

    Where none is false and some can't be told, the failure policy decides: ConditionsFailed, or not met.
    """
    try:
        results, _ = evaluate(conditions, variables, MATCH_CONDITION_BUDGET)
    except OutOfBudget as error:
        if failure_policy == FailurePolicyType.IGNORE:
            return False
        raise ConditionsFailed(str(error)) from error
    if any(one is not None and one.value is False for one in results):
        return False
    errors = [one.error for one in results if one is not None and one.error]
    if errors and failure_policy != FailurePolicyType.IGNORE:
        raise ConditionsFailed(aggregate(errors))
    return not errors
