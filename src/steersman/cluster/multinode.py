"""Several nodes on one machine: where each has its place, and the link that joins them."""

from steersman.cluster.layout import ClusterFacts, Layout, NodeFacts
from steersman.cluster.nodecontext import NodePlace, cluster_id, namespace_of, node_context, pod_bridge
from steersman.cni.firewall import Opening
from steersman.cni.uplink import NodeLink, Uplink
from steersman.component.nodecontext import NodeContext


def contexts(layout: Layout, facts: ClusterFacts) -> tuple[NodeContext, ...]:
    """Every node's paths, names and addresses, the first node first."""
    return tuple(context_of(layout, facts, node) for node in facts.nodes)


def context_of(layout: Layout, facts: ClusterFacts, node: NodeFacts) -> NodeContext:
    """A node's paths, names and addresses."""
    namespace = namespace_of(layout.data_dir, node.name) if node.has_namespace else None
    place = NodePlace(namespace, (node.address,), node.pod_cidr, facts.cluster_cidr)
    return node_context(layout.data_dir, node.name, place)


def uplink_of(layout: Layout, facts: ClusterFacts, context: NodeContext) -> Uplink | None:
    """A node's way out of its namespace; None for the one that lives in the machine's own."""
    namespace = context.network.namespace
    if namespace is None:
        return None
    return Uplink(node_link(layout, facts), namespace, context.network.node_ips[0], facts.address)


def own_interfaces(layout: Layout) -> frozenset[str]:
    """The bridges of this cluster in the machine's own namespace."""
    short = cluster_id(layout.data_dir)
    return frozenset((pod_bridge(short), _link_bridge(short)))


def opening_of(layout: Layout) -> Opening:
    """What foreign firewalls are asked to let through."""
    return Opening(tuple(sorted(own_interfaces(layout))), f"steersman-{cluster_id(layout.data_dir)}")


def node_link(layout: Layout, facts: ClusterFacts) -> NodeLink:
    """The link that joins this cluster's nodes."""
    short = cluster_id(layout.data_dir)
    return NodeLink(_link_bridge(short), facts.node_network, facts.cluster_cidr, f"steersman-{short}-nodes")


def _link_bridge(short: str) -> str:
    return f"stn{short}"
