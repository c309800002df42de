"""`steersman image import|list`: images without a registry."""

import argparse
import asyncio

from steersman.cli.errors import CommandError
from steersman.cli.existing import existing_cluster
from steersman.cluster import containerd, images
from steersman.cluster.containerdconfig import snapshotter
from steersman.cluster.layout import ClusterFacts, Layout
from steersman.cluster.multinode import contexts
from steersman.cri.errors import Unavailable
from steersman.cri.grpc import connect


def run(arguments: argparse.Namespace) -> None:
    """Import archives on every node, or list what the nodes have."""
    layout, facts = existing_cluster(arguments)
    if arguments.action == "list":
        try:
            asyncio.run(_list(layout, facts))
        except Unavailable as error:
            raise CommandError("the nodes' containerd doesn't answer; see: steersman status") from error
        return
    if not arguments.archives:
        raise CommandError("name the archives: steersman image import FILE.tar ...")
    asyncio.run(_import(arguments, layout, facts))


async def _import(arguments: argparse.Namespace, layout: Layout, facts: ClusterFacts) -> None:
    nodes = [(context, snapshotter(containerd.inspect_machine(context))) for context in contexts(layout, facts)]
    for archive in arguments.archives:
        names = images.archive_references(archive)
        for context, chosen in nodes:
            await images.import_archive(context, archive, chosen)
        print("\n".join(names))


async def _list(layout: Layout, facts: ClusterFacts) -> None:
    names: set[str] = set()
    for context in contexts(layout, facts):
        runtime = await connect(context.containerd.socket)
        try:
            names.update(name for image in await runtime.list_images() for name in image.repo_tags)
        finally:
            await runtime.close()
    print("\n".join(sorted(names)))
