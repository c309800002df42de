"""`steersman kubeconfig`."""

import argparse

from steersman.cli.existing import existing_cluster


def run(arguments: argparse.Namespace) -> None:
    """Print the administrator's kubeconfig."""
    layout, _ = existing_cluster(arguments)
    print(layout.kubeconfig.read_text(), end="")
