"""`steersman down`: stop everything, pods included; the data stays."""

import argparse
import asyncio

from steersman.cluster.layout import Layout
from steersman.cluster.stop import stop_cluster


def run(arguments: argparse.Namespace) -> None:
    """Stop the cluster."""
    layout = Layout(arguments.data_dir.resolve())
    facts = layout.read_facts()
    if facts is None:
        print(f"there is no cluster in {layout.data_dir}")
        return
    asyncio.run(stop_cluster(layout, facts))
    print("stopped; its data stays in", layout.data_dir)
