"""`steersman kubeconfig`."""

import argparse

from steersman.cli.errors import CommandError
from steersman.cluster.layout import Layout


def run(arguments: argparse.Namespace) -> None:
    """Print the administrator's kubeconfig."""
    path = Layout(arguments.data_dir).kubeconfig
    if not path.exists():
        raise CommandError(f"there is no cluster in {arguments.data_dir}; make one with: steersman up")
    print(path.read_text(), end="")
