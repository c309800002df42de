"""The cluster's processes as commands: `steersman apiserver`, `controllers`, `node`, `dns`."""

import argparse
from functools import partial

from steersman.cli import electionflags
from steersman.cli.etcdflags import etcd_settings
from steersman.cli.existing import existing_cluster
from steersman.cli.serverflags import given_flags
from steersman.cluster.components import RUNNERS, run_apiserver, run_controllers, run_node
from steersman.cluster.facts import electing, flagged
from steersman.component import log
from steersman.component.mainloop import run_until_stopped


def run(arguments: argparse.Namespace) -> None:
    """Be the process until stopped."""
    log.configure()
    layout, facts = existing_cluster(arguments)
    if arguments.command == "node":
        run_until_stopped(partial(run_node, layout, facts, arguments.node))
    elif arguments.command == "apiserver":
        flagged_facts = flagged(facts, given_flags(arguments))
        run_until_stopped(partial(run_apiserver, layout, flagged_facts, etcd_settings(arguments)))
    elif arguments.command == "controllers":
        electing_facts = electing(facts, electionflags.given(arguments))
        run_until_stopped(partial(run_controllers, layout, electing_facts))
    else:
        run_until_stopped(partial(RUNNERS[arguments.command], layout, facts))
