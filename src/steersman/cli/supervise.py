"""`steersman supervise`: keep a cluster's processes running. `up` starts it; an init would use `up --foreground`."""

import argparse
from functools import partial

from steersman.cli.existing import existing_cluster
from steersman.cluster.supervise import supervise
from steersman.component import log
from steersman.component.mainloop import run_until_stopped


def run(arguments: argparse.Namespace) -> None:
    """Be the supervisor until stopped."""
    log.configure()
    run_until_stopped(partial(supervise, *existing_cluster(arguments)))
