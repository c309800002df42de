"""The cluster that a command is about."""

import argparse

from steersman.cli.errors import CommandError
from steersman.cluster.layout import ClusterFacts, Layout


def existing_cluster(arguments: argparse.Namespace) -> tuple[Layout, ClusterFacts]:
    """Its places and facts; CommandError where there is none."""
    layout = Layout(arguments.data_dir)
    facts = layout.read_facts()
    if facts is None:
        raise CommandError(f"there is no cluster in {layout.data_dir}; make one with: steersman up")
    return layout, facts
