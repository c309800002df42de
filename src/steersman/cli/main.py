"""The `steersman` command. Each command's module is imported only when it is the one called."""

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from steersman.cli import electionflags, etcdflags, serverflags
from steersman.cli.errors import CommandError
from steersman.cluster.errors import ClusterError
from steersman.cluster.layout import API_PORT, CLUSTER_CIDR, DEFAULT_DATA_DIR, NODE_NETWORK, SERVICE_CIDR
from steersman.component.programs import extend_path

COMMANDS = {
    "up": "start the cluster, or find it running",
    "down": "stop the cluster; its data stays",
    "status": "what runs, and what is wrong",
    "reset": "stop the cluster and delete its data",
    "kubeconfig": "print the administrator's kubeconfig",
    "migrate": "move a stopped cluster's objects between SQLite and etcd",
    "image": "import images, list images",
    "version": "print the version",
    "supervise": "keep a cluster's processes running",
}
# Started by the supervisor; of use by hand for whoever takes a cluster apart.
COMPONENT_HELP = {
    "apiserver": "the API server",
    "controllers": "controller manager and scheduler",
    "node": "kubelet, pod network and service proxy of one node",
    "dns": "the cluster's DNS server",
}


USAGE_ERROR = 2  # argparse's exit code


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    arguments = _parsed(argv)
    name = "component" if arguments.command in COMPONENT_HELP else arguments.command
    extend_path()
    module = importlib.import_module(f"steersman.cli.{name}")
    try:
        return int(module.run(arguments) or 0)
    except KeyboardInterrupt:
        return 130
    except (CommandError, ClusterError) as error:
        print(f"steersman: {error}", file=sys.stderr)
        return 1


def _parsed(argv: Sequence[str] | None) -> argparse.Namespace:
    arguments, unknown = _parser().parse_known_args(argv)
    if unknown:
        # argparse would show the usage of all commands instead of this one's.
        word, name = unknown[0], arguments.command
        print(f"steersman {name}: {word} means nothing here; see: steersman {name} --help", file=sys.stderr)
        raise SystemExit(USAGE_ERROR)
    return arguments


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="steersman", description="Kubernetes, whole, in Python.")
    parser.add_argument("--version", action="version", version=_version())
    parser.add_argument("--data-dir", type=_directory, default=DEFAULT_DATA_DIR, help="where the cluster is kept")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in {**COMMANDS, **COMPONENT_HELP}.items():
        command = commands.add_parser(name, help=text, description=text)
        if name != "version":
            command.add_argument("--data-dir", type=_directory, default=argparse.SUPPRESS, help="where the cluster is")
        if name == "up":
            command.add_argument("--port", type=_port, help=f"the API server's port, {API_PORT}")
            command.add_argument("--nodes", type=_count, help="how many nodes this machine is to have at least")
            command.add_argument("--cluster-cidr", help=f"the pod network, {CLUSTER_CIDR}")
            command.add_argument("--service-cidr", help=f"the service network, {SERVICE_CIDR}")
            command.add_argument("--node-network", help=f"what joins further nodes, {NODE_NETWORK}")
            command.add_argument("--feature-gates", help="A=true,B=false: features to switch on or off")
            command.add_argument("--control-plane-only", action="store_true", help="no node, no containers")
            command.add_argument("--enable", action="store_true", help="have systemd start the cluster at each boot")
            command.add_argument("--foreground", action="store_true", help="become the supervisor, as an init wants it")
            command.add_argument("--sample", action="store_true", help="also apply a sample application")
        if name == "image":
            command.add_argument("action", choices=("import", "list"))
            command.add_argument("archives", nargs="*", type=Path, help="docker-archive or OCI tar files")
        if name in ("apiserver", "up"):
            serverflags.add_to(command)
        if name in ("controllers", "up"):
            electionflags.add_to(command)
        if name in ("apiserver", "migrate", "up"):
            etcdflags.add_to(command)
        if name == "migrate":
            place = "sqlite (the cluster's own database), a path of a database, or etcd (at --etcd-servers)"
            command.add_argument("--from", dest="source", required=True, metavar="PLACE", help=place)
            command.add_argument("--to", dest="target", required=True, metavar="PLACE", help=place)
            command.add_argument("--overwrite", action="store_true", help="delete what the target holds")
        if name == "node":
            command.add_argument("--node", default="node1", help="its name")
    return parser


def _port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 0 < int(text) < 1 << 16:
        raise argparse.ArgumentTypeError(f"{text} is no port: 1 to 65535")
    return int(text)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text}: at least 1; for none there is --control-plane-only")
    return int(text)


def _directory(text: str) -> Path:
    return Path(text).resolve()


def _version() -> str:
    from steersman import __version__

    return f"steersman {__version__}"
