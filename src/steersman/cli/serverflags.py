"""The API server's flags on the command line of `up` and `apiserver`."""

import argparse

from steersman.cluster.serverflags import absolute, helps

PREFIX = "flag_"  # keeps them apart from the command's own options


def add_to(parser: argparse.ArgumentParser) -> None:
    """Let a command take them."""
    group = parser.add_argument_group("flags of the API server, as kube-apiserver's; an empty text takes one back")
    for name, text in helps().items():
        group.add_argument(f"--{name}", dest=PREFIX + name, action="append", metavar="TEXT", help=text)


def given_flags(arguments: argparse.Namespace) -> dict[str, str]:
    """The texts that were given, by the flags' names; several of one are joined by commas. FlagError if unfit."""
    found = {name: getattr(arguments, PREFIX + name) for name in helps()}
    joined = {name: ",".join(texts) for name, texts in found.items() if texts is not None}
    return {name: text and absolute(name, text) for name, text in joined.items()}
