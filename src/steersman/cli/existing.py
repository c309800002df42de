"""The cluster that a command is about."""

import argparse
import sys

from steersman.cli.errors import CommandError
from steersman.cluster.layout import DEFAULT_DATA_DIR, ClusterFacts, Layout


def existing_cluster(arguments: argparse.Namespace) -> tuple[Layout, ClusterFacts]:
    """Its places and facts; CommandError where there is none."""
    layout = Layout(arguments.data_dir)
    facts = layout.read_facts()
    if facts is None:
        raise CommandError(f"there is no cluster in {layout.data_dir}; make one with: {command(arguments, 'up')}")
    return layout, facts


def command(arguments: argparse.Namespace, name: str) -> str:
    """Another command about the same cluster, as the user would have to type it."""
    program = sys.argv[0] if sys.argv[0].endswith("steersman") else "steersman"
    chosen = "" if arguments.data_dir == DEFAULT_DATA_DIR else f" --data-dir {arguments.data_dir}"
    return f"{program} {name}{chosen}"
