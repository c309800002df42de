"""Services and who stands behind them.

Source: pkg/registry/core/service, pkg/registry/discovery, pkg/printers/internalversion.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from steersman.api.core import Endpoints, Service
from steersman.api.core.defaults import default_endpoints, default_service
from steersman.api.core.servicefields import with_synced_addresses, without_other_types_fields
from steersman.api.core.validation import (
    validate_endpoints,
    validate_service,
    validate_service_change,
    validate_service_status,
)
from steersman.api.discovery import EndpointSlice
from steersman.apimachinery.fielderrors import invalid_value, not_supported
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.object import replace
from steersman.apimachinery.selectors import from_labels
from steersman.apimachinery.status import Cause
from steersman.apiserver.registry.age import age
from steersman.apiserver.registry.strategy import AGE_COLUMN, NAME_COLUMN, Column, Strategy

MAX_SHOWN = 3


class ServiceStrategy(Strategy[Service]):
    """Strategy of services. Addresses and node ports come from the allocators."""

    has_generation = False
    columns = (
        NAME_COLUMN,
        Column("Type", description="How it can be reached."),
        Column("Cluster-IP", description="Its address inside the cluster."),
        Column("External-IP", description="Its addresses outside."),
        Column("Port(s)", description="Its ports, with node ports."),
        AGE_COLUMN,
        Column("Selector", description="Which pods stand behind it.", priority=1),
    )

    def default(self, obj: Service) -> Service:
        """Upstream's defaults."""
        return default_service(obj)

    def prepare_for_create(self, obj: Service) -> Service:
        """One address written is the one in the list."""
        return with_synced_addresses(super().prepare_for_create(obj), None)

    def prepare_for_update(self, obj: Service, old: Service) -> Service:
        """Fields of a type that it no longer has go, unless they were written anew."""
        synced = with_synced_addresses(super().prepare_for_update(obj, old), old)
        return without_other_types_fields(synced, old)

    def validate(self, obj: Service) -> Sequence[Cause]:
        """The spec."""
        return validate_service(obj)

    def validate_update(self, obj: Service, old: Service) -> Sequence[Cause]:
        """An address, once given, stays as long as the type wants one."""
        return [*validate_service_change(obj, old), *validate_service(obj)]

    def validate_subresource(self, subresource: str, obj: Service, old: Service) -> Sequence[Cause]:
        """A load balancer's addresses."""
        return validate_service_status(obj, old)

    def selectable(self, obj: Service) -> dict[str, str]:
        """The fields services may be selected by."""
        return {"spec.clusterIP": obj.spec.clusterIP, "spec.type": obj.spec.type}

    def row(self, obj: Service, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        spec = obj.spec
        ports = ",".join(
            f"{port.port}:{port.nodePort}/{port.protocol}" if port.nodePort else f"{port.port}/{port.protocol}"
            for port in spec.ports
        )
        selector = str(from_labels(spec.selector)) or "<none>"
        since = age(obj.metadata.creationTimestamp, now)
        address = spec.clusterIP or (spec.clusterIPs[0] if spec.clusterIPs else "<none>")
        return (obj.metadata.name, spec.type, address, _external(obj), ports or "<none>", since, selector)


def _external(service: Service) -> str:
    spec = service.spec
    match spec.type:
        case "ExternalName":
            return spec.externalName
        case "LoadBalancer":
            given = [ingress.ip or ingress.hostname for ingress in service.status.loadBalancer.ingress]
            return ",".join((*given, *spec.externalIPs)) or "<pending>"
        case _:
            return ",".join(spec.externalIPs) or "<none>"


class EndpointsStrategy(Strategy[Endpoints]):
    """Strategy of endpoints."""

    columns = (NAME_COLUMN, Column("Endpoints"), AGE_COLUMN)

    def default(self, obj: Endpoints) -> Endpoints:
        """Ports are TCP's."""
        return default_endpoints(obj)

    def validate(self, obj: Endpoints) -> Sequence[Cause]:
        """Addresses and ports."""
        return validate_endpoints(obj)

    def row(self, obj: Endpoints, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        shown: list[str] = []
        count = 0
        for subset in obj.subsets:
            for port in subset.ports or (None,):
                for address in subset.addresses:
                    count += 1
                    if len(shown) < MAX_SHOWN:
                        shown.append(f"{address.ip}:{port.port}" if port is not None else address.ip)
        more = f" + {count - len(shown)} more..." if count > len(shown) else ""
        return (obj.metadata.name, (",".join(shown) + more) or "<none>", age(obj.metadata.creationTimestamp, now))


class EndpointSliceStrategy(Strategy[EndpointSlice]):
    """Strategy of endpoint slices."""

    columns = (NAME_COLUMN, Column("AddressType"), Column("Ports"), Column("Endpoints"), AGE_COLUMN)

    def default(self, obj: EndpointSlice) -> EndpointSlice:
        """Ports have a name and a protocol, both perhaps empty."""
        ports = tuple(
            replace(port, name="" if port.name is None else port.name, protocol=port.protocol or "TCP")
            for port in obj.ports
        )
        return replace(obj, ports=ports)

    def prepare_for_create(self, obj: EndpointSlice) -> EndpointSlice:
        """It counts its changes without having a spec."""
        return replace(obj, metadata=replace(obj.metadata, generation=1))

    def prepare_for_update(self, obj: EndpointSlice, old: EndpointSlice) -> EndpointSlice:
        """Every change of endpoints or ports counts."""
        changed = obj.endpoints != old.endpoints or obj.ports != old.ports
        generation = old.metadata.generation + (1 if changed else 0)
        return replace(obj, metadata=replace(obj.metadata, generation=generation))

    def validate(self, obj: EndpointSlice) -> Sequence[Cause]:
        """The address type."""
        if obj.addressType not in ("FQDN", "IPv4", "IPv6"):
            return [not_supported(Path("addressType"), obj.addressType, ("FQDN", "IPv4", "IPv6"))]
        return ()

    def validate_update(self, obj: EndpointSlice, old: EndpointSlice) -> Sequence[Cause]:
        """The address type stays."""
        faults = list(self.validate(obj))
        if obj.addressType != old.addressType:
            faults.append(invalid_value(Path("addressType"), obj.addressType, "field is immutable"))
        return faults

    def row(self, obj: EndpointSlice, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        ports = _shortened([str(port.port) if port.port is not None else "*" for port in obj.ports])
        addresses = _shortened([address for endpoint in obj.endpoints for address in endpoint.addresses])
        since = age(obj.metadata.creationTimestamp, now)
        return (obj.metadata.name, obj.addressType, ports or "<unset>", addresses or "<unset>", since)


def _shortened(items: list[str]) -> str:
    more = f" + {len(items) - MAX_SHOWN} more..." if len(items) > MAX_SHOWN else ""
    return ",".join(items[:MAX_SHOWN]) + more
