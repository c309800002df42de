"""`steersman down`: stop everything, pods included; the data stays."""

import argparse
import asyncio

from steersman.cli.existing import existing_cluster
from steersman.cluster.change import changing
from steersman.cluster.stop import stop_cluster


def run(arguments: argparse.Namespace) -> None:
    """Stop the cluster."""
    layout, facts = existing_cluster(arguments)
    with changing(layout):
        asyncio.run(stop_cluster(layout, facts))
    print("stopped; its data stays in", layout.data_dir)
