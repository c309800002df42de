"""`steersman migrate`: move a stopped cluster's objects between its database and etcd."""

import argparse
import asyncio
from contextlib import nullcontext
from pathlib import Path

from steersman.cli.errors import CommandError
from steersman.cli.etcdflags import etcd_settings
from steersman.cluster.change import changing
from steersman.cluster.layout import Layout
from steersman.cluster.migrate import Place, migrate
from steersman.cluster.storesettings import EtcdSettings, note_etcd, noted_etcd
from steersman.component.processes import read_running


def run(arguments: argparse.Namespace) -> None:
    """Move, and note where the cluster's objects are from now on if they were or will be in its own database."""
    layout = Layout(arguments.data_dir)
    etcd = etcd_settings(arguments) or noted_etcd(layout)
    source, target = _place(arguments.source, layout, etcd), _place(arguments.target, layout, etcd)
    if source == target:
        raise CommandError("--from and --to are the same place")
    if isinstance(source, Path) and not source.exists():
        raise CommandError(f"there is no {source}")
    has_cluster = layout.read_facts() is not None
    with changing(layout) if has_cluster else nullcontext():
        if read_running(layout.pid("apiserver")) is not None:
            raise CommandError("the cluster runs; stop it with: steersman down")
        moved = asyncio.run(migrate(source, target, overwrite=arguments.overwrite))
        if has_cluster and layout.database in (source, target):
            note_etcd(layout, target if isinstance(target, EtcdSettings) else None)
    print(f"moved {moved.objects} objects, {moved.size_bytes / 1e6:.1f} MB; {_named(source)} still has them too")
    if has_cluster and layout.database in (source, target):
        print(f"the cluster in {layout.data_dir} uses {_named(target)} from now on; start it with: steersman up")


def _place(text: str, layout: Layout, etcd: EtcdSettings | None) -> Place:
    match text:
        case "sqlite":
            return layout.database
        case "etcd":
            if etcd is None:
                raise CommandError("say where etcd is: --etcd-servers, --etcd-cafile, --etcd-certfile, --etcd-keyfile")
            return etcd
        case _:
            return Path(text).resolve()


def _named(place: Place) -> str:
    return str(place) if isinstance(place, Path) else f"etcd at {', '.join(place.servers)}"
