"""Where the node's pods come from: the API's pods that are bound to it."""

from steersman.api.core import Pod
from steersman.client.informer import Informer, Scope
from steersman.client.interface import Client
from steersman.component.clock import Clock


def pods_of_node(client: Client, clock: Clock, node_name: str) -> Informer[Pod]:
    """An informer of the pods on this node."""
    return Informer(client, Pod, clock, Scope(field_selector=f"spec.nodeName={node_name}"))
