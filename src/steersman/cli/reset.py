"""`steersman reset`: stop the cluster and delete all its data."""

import argparse
import asyncio
import shutil

from steersman.cli.errors import CommandError
from steersman.cli.existing import existing_cluster
from steersman.cluster import systemd
from steersman.cluster.change import changing
from steersman.cluster.stop import stop_cluster
from steersman.component.mounts import is_mount_point, mounts_below


def run(arguments: argparse.Namespace) -> None:
    """Stop and delete."""
    layout, facts = existing_cluster(arguments)
    with changing(layout):
        asyncio.run(stop_cluster(layout, facts))
        if systemd.is_enabled(layout):
            systemd.disable(layout)
        left = [point for point in mounts_below(layout.data_dir) if point != layout.data_dir]
        if left:
            # What is mounted there may be the machine's own files.
            raise CommandError(f"still mounted: {left[0]}; unmount it, then reset again")
        for entry in layout.own_entries():
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
    foreign = layout.foreign_entries()
    if foreign:
        print(f"deleted the cluster in {layout.data_dir}; {foreign[0].name} and what else isn't its own stays")
        return
    # A directory that something is mounted on stays, also when that is a part of the same filesystem.
    if not is_mount_point(layout.data_dir):
        layout.data_dir.rmdir()
    print("deleted", layout.data_dir)
