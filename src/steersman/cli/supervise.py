"""`steersman supervise`: keep a cluster's processes running. `up` starts it; an init would use `up --foreground`."""

import argparse
from functools import partial

from steersman.cli.errors import CommandError
from steersman.cluster.layout import Layout
from steersman.cluster.supervise import AlreadySupervised, supervise
from steersman.component import log
from steersman.component.mainloop import run_until_stopped


def run(arguments: argparse.Namespace) -> None:
    """Be the supervisor until stopped."""
    log.configure()
    layout = Layout(arguments.data_dir)
    facts = layout.read_facts()
    if facts is None:
        raise CommandError(f"there is no cluster in {arguments.data_dir}; make one with: steersman up")
    try:
        run_until_stopped(partial(supervise, layout, facts))
    except AlreadySupervised as error:
        raise CommandError(str(error)) from error
