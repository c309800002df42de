"""`steersman version`."""

import argparse

from steersman import __version__


def run(arguments: argparse.Namespace) -> None:
    """Print the version."""
    print(f"steersman {__version__}")
