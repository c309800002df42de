"""The flags of leader election on the command line of `up` and `controllers`."""

import argparse

from steersman.cluster.electionflags import helps

PREFIX = "election_"  # keeps them apart from the command's own options


def add_to(parser: argparse.ArgumentParser) -> None:
    """Let a command take them."""
    group = parser.add_argument_group("leader election, as kube-controller-manager's; an empty text takes one back")
    for name, text in helps().items():
        group.add_argument(f"--{name}", dest=PREFIX + name, nargs="?", const="true", metavar="TEXT", help=text)


def given(arguments: argparse.Namespace) -> dict[str, str]:
    """The texts that were given, by the flags' names."""
    found = {name: getattr(arguments, PREFIX + name) for name in helps()}
    return {name: text for name, text in found.items() if text is not None}
