"""Defaults of networking.k8s.io that depend on other fields.

Source: pkg/apis/networking/v1/defaults.go.
"""

from typing import TypeVar

from steersman.api.networking.ingress import IngressClass
from steersman.api.networking.networkpolicy import (
    NetworkPolicy,
    NetworkPolicyEgressRule,
    NetworkPolicyIngressRule,
    PolicyType,
)
from steersman.apimachinery.object import replace

R = TypeVar("R", NetworkPolicyIngressRule, NetworkPolicyEgressRule)


def default_network_policy(policy: NetworkPolicy) -> NetworkPolicy:
    """A policy that doesn't say so is about incoming connections, and about outgoing ones if it has rules for them."""
    spec = policy.spec
    types = spec.policyTypes
    if not types:
        types = (PolicyType.INGRESS, PolicyType.EGRESS) if spec.egress else (PolicyType.INGRESS,)
    ingress, egress = tuple(map(_with_protocols, spec.ingress)), tuple(map(_with_protocols, spec.egress))
    return replace(policy, spec=replace(spec, policyTypes=types, ingress=ingress, egress=egress))


def _with_protocols(rule: R) -> R:
    ports = tuple(replace(port, protocol="TCP") if port.protocol is None else port for port in rule.ports)
    return replace(rule, ports=ports)


def default_ingress_class(ingress_class: IngressClass) -> IngressClass:
    """Parameters are of the cluster unless they say otherwise."""
    parameters = ingress_class.spec.parameters
    if parameters is None or parameters.scope is not None:
        return ingress_class
    return replace(ingress_class, spec=replace(ingress_class.spec, parameters=replace(parameters, scope="Cluster")))
