"""What makes Endpoints wrong.

Source: pkg/apis/core/validation: ValidateEndpoints.
"""

from steersman.api.core.service import EndpointAddress, EndpointPort, Endpoints, EndpointSubset
from steersman.api.core.validation.fields import PROTOCOLS, checked, one_of, ordinary_ip, valid_ip
from steersman.apimachinery.fielderrors import invalid_values, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import dns1123_label, dns1123_subdomain, port_number, qualified_name
from steersman.apimachinery.status import Cause


def validate_endpoints(endpoints: Endpoints) -> list[Cause]:
    """Each subset has addresses, ready or not."""
    faults: list[Cause] = []
    for position, subset in enumerate(endpoints.subsets):
        faults += _subset(subset, Path("subsets").at(position))
    return faults


def _subset(subset: EndpointSubset, path: Path) -> list[Cause]:
    faults: list[Cause] = []
    if not subset.addresses and not subset.notReadyAddresses:
        faults.append(required(path, "must specify `addresses` or `notReadyAddresses`"))
    for field, addresses in (("addresses", subset.addresses), ("notReadyAddresses", subset.notReadyAddresses)):
        for position, address in enumerate(addresses):
            faults += _address(address, path.child(field).at(position))
    for position, port in enumerate(subset.ports):
        faults += _port(port, path.child("ports").at(position), needs_name=len(subset.ports) > 1)
    return faults


def _address(address: EndpointAddress, path: Path) -> list[Cause]:
    faults = valid_ip(address.ip, path, "ip")
    if address.hostname:
        faults += checked(address.hostname, dns1123_label, path, "hostname")
    if address.nodeName is not None:
        faults += checked(address.nodeName, dns1123_subdomain, path, "nodeName")
    return faults + ordinary_ip(address.ip, path, "ip")


def _port(port: EndpointPort, path: Path, *, needs_name: bool) -> list[Cause]:
    faults: list[Cause] = []
    if port.name:
        faults += checked(port.name, dns1123_label, path, "name")
    elif needs_name:
        faults.append(required(path.child("name")))
    faults += invalid_values(path.child("port"), port.port, port_number(port.port))
    faults += one_of(port.protocol, PROTOCOLS, path, "protocol")
    if port.appProtocol is not None:
        faults += checked(port.appProtocol, qualified_name, path, "appProtocol")
    return faults
