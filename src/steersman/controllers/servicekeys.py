"""Which Services a change of a pod or a node concerns: the key functions of the two endpoint controllers."""

from collections.abc import Iterator
from typing import Any

from steersman.api.core import Node, Pod, Service
from steersman.client.cache import ObjectKey, key_of
from steersman.controllers.pods import is_finished, is_ready
from steersman.controllers.services import has_endpoints, pod_ips, selects, zone_of
from steersman.reconcile.controller import Reader


def services_of_pod(reader: Reader, old: Pod | None, new: Pod | None) -> Iterator[ObjectKey]:
    """Services that select the pod as it was or is, when something about it matters to them."""
    if old is not None and new is not None and _matters(old) == _matters(new):
        return
    pod = new if new is not None else old
    if pod is None:
        return
    states = [state.metadata.labels for state in (old, new) if state is not None]
    for service in reader.cache(Service).list(pod.metadata.namespace):
        if has_endpoints(service) and any(selects(service.spec.selector, labels) for labels in states):
            yield key_of(service)


def services_of_node(reader: Reader, old: Node | None, new: Node | None) -> Iterator[ObjectKey]:
    """All Services, when a node comes, goes or changes its zone."""
    if old is not None and new is not None and zone_of(old) == zone_of(new):
        return
    for service in reader.cache(Service):
        if has_endpoints(service):
            yield key_of(service)


def _matters(pod: Pod) -> tuple[Any, ...]:
    spec, meta = pod.spec, pod.metadata
    place = (spec.nodeName, spec.hostname, spec.subdomain, pod_ips(pod))
    return (meta.labels, meta.deletionTimestamp is None, is_finished(pod), is_ready(pod), place)
