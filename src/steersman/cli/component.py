"""The cluster's processes as commands: `steersman apiserver`, `controllers`, `node`, `dns`."""

import argparse
from functools import partial

from steersman.cli.errors import CommandError
from steersman.cluster.components import COMPONENTS, run_node
from steersman.cluster.layout import Layout
from steersman.component import log
from steersman.component.mainloop import run_until_stopped


def run(arguments: argparse.Namespace) -> None:
    """Be the process until stopped."""
    log.configure()
    layout = Layout(arguments.data_dir)
    facts = layout.read_facts()
    if facts is None:
        raise CommandError(f"there is no cluster in {arguments.data_dir}; make one with: steersman up")
    if arguments.command == "node":
        run_until_stopped(partial(run_node, layout, facts, arguments.node))
    else:
        run_until_stopped(partial(COMPONENTS[arguments.command], layout, facts))
