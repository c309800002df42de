"""Which ranges Services get their addresses from, and the objects that say whose an address is. Pure.

Source: pkg/api/servicecidr, pkg/registry/core/service/ipallocator; KEP-1880.
"""

from steersman.api.meta import ObjectMeta
from steersman.api.networking.address import IPAddress, IPAddressSpec, ParentReference, ServiceCIDR
from steersman.apimachinery.cidrs import Address, Network, network_of

DEFAULT_RANGES = "kubernetes"
FAMILY_LABEL = "ipaddress.kubernetes.io/ip-family"
MANAGED_BY_LABEL = "ipaddress.kubernetes.io/managed-by"
MANAGER = "ipallocator.k8s.io"
READY = "Ready"


def family_of(place: Address | Network) -> str:
    """As Services name it."""
    return f"IPv{place.version}"


def first_and_last(network: Network) -> tuple[int, int]:
    """The addresses that may be given out, both included: not the network's own, nor IPv4's broadcast address."""
    first = int(network.network_address) + 1
    last = int(network.broadcast_address)
    return first, last - 1 if network.version == 4 else last


def is_within(network: Network, address: Address) -> bool:
    """The address may be given out from this range."""
    first, last = first_and_last(network)
    return network.version == address.version and first <= int(address) <= last


def networks_of(ranges: ServiceCIDR) -> tuple[Network, ...]:
    """Its ranges."""
    return tuple(network for text in ranges.spec.cidrs if (network := network_of(text)) is not None)


def is_usable(ranges: ServiceCIDR) -> bool:
    """Addresses may be given out from it. One that nobody has judged yet is ready, as controllers may not run."""
    if ranges.metadata.deletionTimestamp is not None:
        return False
    return all(one.status == "True" for one in ranges.status.conditions if one.type == READY)


def service_address(address: Address, namespace: str, name: str) -> IPAddress:
    """What says that an address is a Service's."""
    labels = {FAMILY_LABEL: family_of(address), MANAGED_BY_LABEL: MANAGER}
    parent = ParentReference(resource="services", namespace=namespace, name=name)
    return IPAddress(metadata=ObjectMeta(name=str(address), labels=labels), spec=IPAddressSpec(parentRef=parent))


def is_managed(address: IPAddress) -> bool:
    """It was made for a Service, by the API server."""
    return address.metadata.labels.get(MANAGED_BY_LABEL) == MANAGER


def is_of_service(address: IPAddress, namespace: str, name: str) -> bool:
    """It says that it is this Service's."""
    parent = address.spec.parentRef
    return parent is not None and (parent.group, parent.resource, parent.namespace, parent.name) == (
        "",
        "services",
        namespace,
        name,
    )
