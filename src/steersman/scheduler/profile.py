"""The default profile: upstream's plugins in upstream's order and weights, as far as they exist here."""

from steersman.scheduler.framework import Profile
from steersman.scheduler.plugins.node import NodeAffinity, NodeName, NodeUnschedulable, TaintToleration
from steersman.scheduler.plugins.resources import NodeResourcesBalancedAllocation, NodeResourcesFit


def default_profile() -> Profile:
    """The profile of `default-scheduler`. Source: pkg/scheduler/apis/config/v1/default_plugins.go."""
    affinity, taints, fit = NodeAffinity(), TaintToleration(), NodeResourcesFit()
    return Profile(
        scheduler_name="default-scheduler",
        filters=(NodeUnschedulable(), NodeName(), taints, affinity, fit),
        scorers=((taints, 3), (affinity, 2), (fit, 1), (NodeResourcesBalancedAllocation(), 1)),
    )
