"""Environment variables: expansion of $(VAR), service links, and their order. Pure; environment.py fetches the sources.

Source: pkg/kubelet/kubelet_pods.go: makeEnvironmentVariables, third_party/forked/golang/expansion, pkg/kubelet/envvars.
"""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping

from steersman.api.core import Service

KUBERNETES_SERVICE, KUBERNETES_NAMESPACE = "kubernetes", "default"


def expand(text: str, values: Mapping[str, str]) -> str:
    """Replace `$(NAME)` by its value; `$$` is a dollar sign, and unknown names stay as written."""
    out: list[str] = []
    at = 0
    while (dollar := text.find("$", at)) >= 0 and dollar + 1 < len(text):
        out.append(text[at:dollar])
        following = text[dollar + 1]
        if following == "$":
            out.append("$")
            at = dollar + 2
        elif following == "(" and (end := text.find(")", dollar)) >= 0:
            name = text[dollar + 2 : end]
            out.append(values.get(name, text[dollar : end + 1]))
            at = end + 1
        elif following == "(":
            out.append("$(")
            at = dollar + 2
        else:
            out.append(text[dollar : dollar + 2])
            at = dollar + 2
    return "".join(out) + text[at:]


def service_variables(services: Iterable[Service], namespace: str, *, has_links: bool) -> dict[str, str]:
    """The variables of the API server's service, and with `has_links` those of the namespace's services."""
    variables: dict[str, str] = {}
    for service in visible_services(services, namespace, has_links=has_links):
        variables.update(_variables_of(service))
    return variables


def visible_services(services: Iterable[Service], namespace: str, *, has_links: bool) -> Iterator[Service]:
    """Services with an address that a pod of the namespace hears of; its own `kubernetes` goes before the cluster's."""
    master: Service | None = None
    own: list[Service] = []
    for service in services:
        if service.spec.clusterIP in ("", "None") or not service.spec.ports:
            continue
        meta = service.metadata
        if has_links and meta.namespace == namespace:
            own.append(service)
        if (meta.namespace, meta.name) == (KUBERNETES_NAMESPACE, KUBERNETES_SERVICE):
            master = service
    if master is not None and all(service.metadata.name != KUBERNETES_SERVICE for service in own):
        yield master
    yield from own


def _variables_of(service: Service) -> Iterator[tuple[str, str]]:
    prefix, address = _variable_name(service.metadata.name), service.spec.clusterIP
    first = service.spec.ports[0]
    yield f"{prefix}_SERVICE_HOST", address
    yield f"{prefix}_SERVICE_PORT", str(first.port)
    for port in service.spec.ports:
        if port.name:
            yield f"{prefix}_SERVICE_PORT_{_variable_name(port.name)}", str(port.port)
    yield f"{prefix}_PORT", f"{(first.protocol or 'TCP').lower()}://{_joined(address, first.port)}"
    for port in service.spec.ports:
        protocol = (port.protocol or "TCP").lower()
        of_port = f"{prefix}_PORT_{port.port}_{protocol.upper()}"
        yield of_port, f"{protocol}://{_joined(address, port.port)}"
        yield f"{of_port}_PROTO", protocol
        yield f"{of_port}_PORT", str(port.port)
        yield f"{of_port}_ADDR", address


def _variable_name(name: str) -> str:
    return name.replace("-", "_").upper()


def _joined(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ipaddress.ip_address(address).version == 6 else f"{address}:{port}"
