"""`steersman image import|list`: images without a registry."""

import argparse
import asyncio

from steersman.cli.errors import CommandError
from steersman.cluster import containerd, images
from steersman.cluster.containerdconfig import snapshotter
from steersman.cluster.layout import ClusterFacts, Layout
from steersman.cluster.multinode import contexts
from steersman.cri.grpc import connect


def run(arguments: argparse.Namespace) -> None:
    """Import archives on every node, or list what the nodes have."""
    layout = Layout(arguments.data_dir.resolve())
    facts = layout.read_facts()
    if facts is None:
        raise CommandError(f"there is no cluster in {layout.data_dir}; make one with: steersman up")
    if arguments.action == "list":
        asyncio.run(_list(layout, facts))
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
        names.update(name for image in await runtime.list_images() for name in image.repo_tags)
        await runtime.close()
    print("\n".join(sorted(names)))
