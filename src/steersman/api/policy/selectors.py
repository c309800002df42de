"""A label that no pod has: by it each version of a budget says what an empty selector means in the other.

Source: pkg/apis/policy/helper.go, pkg/apis/policy/v1/conversion.go.
"""

from steersman.api.meta import LabelSelector
from steersman.api.policy.policy import PodDisruptionBudget
from steersman.apimachinery.object import replace

OLDER_LABEL = "pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match"


def with_plain_selector(budget: PodDisruptionBudget) -> PodDisruptionBudget:
    """The budget without the label beside requirements of its user's; alone, asked to exist, it selects nothing."""
    selector = budget.spec.selector
    if selector is None or _selects_nothing(selector):
        return budget
    kept = tuple(one for one in selector.matchExpressions if one.key != OLDER_LABEL)
    if len(kept) == len(selector.matchExpressions):
        return budget
    return replace(budget, spec=replace(budget.spec, selector=replace(selector, matchExpressions=kept)))


def _selects_nothing(selector: LabelSelector) -> bool:
    said = [(one.key, one.operator) for one in selector.matchExpressions]
    return not selector.matchLabels and said == [(OLDER_LABEL, "Exists")]
