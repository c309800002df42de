"""`steersman reset`: stop the cluster and delete all its data."""

import argparse
import asyncio
import shutil

from steersman.cluster import systemd
from steersman.cluster.layout import Layout
from steersman.cluster.stop import stop_cluster


def run(arguments: argparse.Namespace) -> None:
    """Stop and delete."""
    layout = Layout(arguments.data_dir.resolve())
    facts = layout.read_facts()
    if facts is None:
        print(f"there is no cluster in {layout.data_dir}")
        return
    asyncio.run(stop_cluster(layout, facts))
    if systemd.is_enabled(layout):
        systemd.disable(layout)
    for entry in layout.data_dir.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    # A directory that is a filesystem of its own stays.
    if not layout.data_dir.is_mount():
        layout.data_dir.rmdir()
    print("deleted", layout.data_dir)
