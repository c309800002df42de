"""How a node's containerd is set up."""

import tomllib
from pathlib import Path

from steersman.cluster.containerd import command
from steersman.cluster.containerdconfig import Machine, may_raise_oom_score, render
from steersman.cluster.nodecontext import NodePlace, node_context

MACHINE = Machine(may_raise_oom_score=True, has_overlayfs=True, has_apparmor=False)
PLACE = NodePlace(None, ("192.0.2.1",), "10.1.1.0/24", "10.1.0.0/16")


def test_nothing_of_it_is_shared_with_another_containerd() -> None:
    context = node_context(Path("/data"), "one", PLACE)
    config = tomllib.loads(render(context, MACHINE))
    runc = config["plugins"]["io.containerd.grpc.v1.cri"]["containerd"]["runtimes"]["runc"]
    own = (config["root"], config["state"], config["grpc"]["address"], runc["options"]["Root"])
    assert all("/one/" in f"{path}/" for path in own)


def test_two_nodes_and_two_clusters_share_no_path_and_no_name() -> None:
    contexts = [node_context(Path(data), name, PLACE) for data in ("/a", "/b") for name in ("one", "two")]
    for value in (
        lambda each: each.containerd.socket,
        lambda each: each.containerd.root,
        lambda each: each.cni.socket,
        lambda each: each.cgroup_root,
        lambda each: each.kubelet_dir,
    ):
        assert len({value(context) for context in contexts}) == 4
    assert len({context.network.bridge for context in contexts}) == 2
    assert all(len(context.network.bridge) <= 15 for context in contexts)


def test_sockets_fit_however_long_the_node_name() -> None:
    context = node_context(Path("/data"), "n" * 253, PLACE)
    assert len(str(context.containerd.socket)) + len(".ttrpc") < 108


def test_oom_scores_are_restricted_without_the_capability() -> None:
    assert may_raise_oom_score("Name:\tx\nCapEff:\t000001ffffffffff\n")
    assert not may_raise_oom_score("Name:\tx\nCapEff:\t000001fffeffffff\n")


def test_it_runs_in_the_nodes_network_namespace() -> None:
    place = NodePlace(Path("/run/netns/two"), ("192.0.2.2",), "10.1.2.0/24", "10.1.0.0/16")
    started = command(node_context(Path("/data"), "two", place))
    assert started[:3] == ("nsenter", "--net=/run/netns/two", "--")
