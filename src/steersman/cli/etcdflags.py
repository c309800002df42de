"""The options that say where etcd is, named as kube-apiserver's."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from steersman.cli.errors import CommandError

if TYPE_CHECKING:
    from steersman.cluster.storesettings import EtcdSettings


def add_to(parser: argparse.ArgumentParser) -> None:
    """Let a command take them."""
    parser.add_argument("--etcd-servers", help="URLs of etcd's members, scheme://ip:port, with commas between")
    parser.add_argument("--etcd-cafile", type=Path, help="the authority of etcd's certificates")
    parser.add_argument("--etcd-certfile", type=Path, help="the certificate to show to etcd")
    parser.add_argument("--etcd-keyfile", type=Path, help="its key")
    parser.add_argument("--etcd-prefix", help="what the keys of all objects begin with, /registry")


def etcd_settings(arguments: argparse.Namespace) -> "EtcdSettings | None":
    """What they say; None when no etcd is named."""
    from steersman.cluster.storesettings import ETCD_PREFIX, EtcdSettings

    files = {name: getattr(arguments, f"etcd_{name}file") for name in ("ca", "cert", "key")}
    if not arguments.etcd_servers:
        if any(files.values()) or arguments.etcd_prefix:
            names = "--etcd-cafile, --etcd-certfile, --etcd-keyfile and --etcd-prefix"
            raise CommandError(f"{names} go with --etcd-servers")
        return None
    if (files["cert"] is None) != (files["key"] is None):
        raise CommandError("--etcd-certfile and --etcd-keyfile go together")
    for path in files.values():
        if path is not None and not path.is_file():
            raise CommandError(f"{path} is not a file")
    servers = tuple(filter(None, arguments.etcd_servers.split(",")))
    for server in servers:
        if not server.startswith(("https://", "http://")):
            raise CommandError(f"--etcd-servers: {server} is no URL like https://10.0.0.1:2379")
    ca, cert, key = (str(path.resolve()) if path is not None else "" for path in files.values())
    prefix = f"/{(arguments.etcd_prefix or ETCD_PREFIX).strip('/')}"
    if prefix == "/":
        raise CommandError("--etcd-prefix: the objects need a name to stand below, like /registry")
    return EtcdSettings(servers=servers, ca_file=ca, cert_file=cert, key_file=key, prefix=prefix)
