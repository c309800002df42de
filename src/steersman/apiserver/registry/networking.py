"""Ways in, network policies, and the addresses of Services.

Source: pkg/registry/networking, pkg/printers/internalversion: printIngress, printIngressClass, printNetworkPolicy,
printServiceCIDR, printIPAddress.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from steersman.api.networking import Ingress, IngressClass, IPAddress, NetworkPolicy, ServiceCIDR
from steersman.api.networking.addressvalidation import (
    validate_address,
    validate_address_update,
    validate_service_cidr,
    validate_service_cidr_update,
)
from steersman.api.networking.classvalidation import validate_ingress_class, validate_ingress_class_update
from steersman.api.networking.defaults import default_ingress_class, default_network_policy
from steersman.api.networking.ingressvalidation import (
    ingress_warnings,
    validate_ingress,
    validate_ingress_status,
    validate_ingress_update,
)
from steersman.api.networking.policyvalidation import (
    network_policy_warnings,
    validate_network_policy,
    validate_network_policy_update,
)
from steersman.apimachinery.status import Cause
from steersman.apiserver.registry.age import age
from steersman.apiserver.registry.strategy import AGE_COLUMN, NAME_COLUMN, Column, Strategy
from steersman.apiserver.registry.workloads import selector_text

MAX_HOSTS = 3


class IngressStrategy(Strategy[Ingress]):
    """Strategy of Ingresses."""

    columns = (
        NAME_COLUMN,
        Column("Class", description="The IngressClass that serves it."),
        Column("Hosts", description="The hosts that requests are for."),
        Column("Address", description="Where the load balancer is reached."),
        Column("Ports", description="The ports it is reached on."),
        AGE_COLUMN,
    )

    def validate(self, obj: Ingress) -> Sequence[Cause]:
        """The spec, and the class where it is named twice."""
        return validate_ingress(obj)

    def validate_update(self, obj: Ingress, old: Ingress) -> Sequence[Cause]:
        """The spec, where it is new."""
        return validate_ingress_update(obj, old)

    def validate_subresource(self, subresource: str, obj: Ingress, old: Ingress) -> Sequence[Cause]:
        """Where it is reached."""
        return validate_ingress_status(obj, old)

    def warnings(self, obj: Ingress) -> Sequence[str]:
        """The old way to name a class."""
        return ingress_warnings(obj)

    def warnings_of_change(self, obj: Ingress, old: Ingress) -> Sequence[str]:
        """Nothing: it was said when it was made."""
        return ()

    def row(self, obj: Ingress, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        spec = obj.spec
        class_name = "<none>" if spec.ingressClassName is None else spec.ingressClassName
        reached = {one.ip or one.hostname for one in obj.status.loadBalancer.ingress} - {""}
        ports = "80, 443" if spec.tls else "80"
        since = age(obj.metadata.creationTimestamp, now)
        return (obj.metadata.name, class_name, _hosts(obj), ",".join(sorted(reached)), ports, since)


def _hosts(ingress: Ingress) -> str:
    """Upstream counts rules beyond the third host, with a host or without."""
    rules = ingress.spec.rules
    placed = [(position, rule.host) for position, rule in enumerate(rules) if rule.host][:MAX_HOSTS]
    if not placed:
        return "*"
    shown = ",".join(host for _, host in placed)
    is_cut = len(placed) == MAX_HOSTS and placed[-1][0] < len(rules) - 1
    return f"{shown} + {len(rules) - MAX_HOSTS} more..." if is_cut else shown


class IngressClassStrategy(Strategy[IngressClass]):
    """Strategy of classes of Ingresses."""

    columns = (
        NAME_COLUMN,
        Column("Controller", description="Who serves the class."),
        Column("Parameters", description="An object with more settings."),
        AGE_COLUMN,
    )

    def default(self, obj: IngressClass) -> IngressClass:
        """Where its parameters are."""
        return default_ingress_class(obj)

    def validate(self, obj: IngressClass) -> Sequence[Cause]:
        """Controller and parameters."""
        return validate_ingress_class(obj)

    def validate_update(self, obj: IngressClass, old: IngressClass) -> Sequence[Cause]:
        """The parameters; the controller stays."""
        return validate_ingress_class_update(obj, old)

    def row(self, obj: IngressClass, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        parameters, shown = obj.spec.parameters, "<none>"
        if parameters is not None:
            group = "" if parameters.apiGroup is None else f".{parameters.apiGroup}"
            shown = f"{parameters.kind}{group}/{parameters.name}"
        return (obj.metadata.name, obj.spec.controller, shown, age(obj.metadata.creationTimestamp, now))


class NetworkPolicyStrategy(Strategy[NetworkPolicy]):
    """Strategy of network policies."""

    columns = (NAME_COLUMN, Column("Pod-Selector", description="The pods it isolates."), AGE_COLUMN)

    def default(self, obj: NetworkPolicy) -> NetworkPolicy:
        """Its directions, and its ports' protocols."""
        return default_network_policy(obj)

    def validate(self, obj: NetworkPolicy) -> Sequence[Cause]:
        """Selectors, ports, peers and directions."""
        return validate_network_policy(obj)

    def validate_update(self, obj: NetworkPolicy, old: NetworkPolicy) -> Sequence[Cause]:
        """The same, where it is new."""
        return validate_network_policy_update(obj, old)

    def warnings(self, obj: NetworkPolicy) -> Sequence[str]:
        """Networks in odd forms."""
        return network_policy_warnings(obj)

    def row(self, obj: NetworkPolicy, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        since = age(obj.metadata.creationTimestamp, now)
        return (obj.metadata.name, selector_text(obj.spec.podSelector), since)


class ServiceCIDRStrategy(Strategy[ServiceCIDR]):
    """Strategy of ranges that Services get their addresses from."""

    has_generation = False
    status_keeps_metadata = True
    columns = (NAME_COLUMN, Column("CIDRs", description="The ranges, at most one of each family."), AGE_COLUMN)

    def validate(self, obj: ServiceCIDR) -> Sequence[Cause]:
        """The ranges."""
        return validate_service_cidr(obj)

    def validate_update(self, obj: ServiceCIDR, old: ServiceCIDR) -> Sequence[Cause]:
        """Ranges stay, but for a second one that comes."""
        return validate_service_cidr_update(obj, old)

    def row(self, obj: ServiceCIDR, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        return (obj.metadata.name, ",".join(obj.spec.cidrs), age(obj.metadata.creationTimestamp, now))


class IPAddressStrategy(Strategy[IPAddress]):
    """Strategy of addresses of Services."""

    has_generation = False
    columns = (NAME_COLUMN, Column("ParentRef", description="Whose the address is."))

    def validate(self, obj: IPAddress) -> Sequence[Cause]:
        """Whose it is."""
        return validate_address(obj)

    def validate_update(self, obj: IPAddress, old: IPAddress) -> Sequence[Cause]:
        """Whose it is stays."""
        return validate_address_update(obj, old)

    def row(self, obj: IPAddress, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        parent = obj.spec.parentRef
        if parent is None:
            return (obj.metadata.name, "<none>")
        resource = ".".join(part for part in (parent.resource, parent.group) if part).lower()
        parts = (resource, parent.namespace, parent.name) if parent.namespace else (resource, parent.name)
        return (obj.metadata.name, "/".join(parts))
