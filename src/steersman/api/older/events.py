"""Event of events.k8s.io/v1beta1: the fields of v1, over the events of the core group as they are stored.

Source: pkg/apis/events/v1beta1/conversion.go.
"""

from steersman.api import core
from steersman.api.older.trees import renamed
from steersman.api.older.version import Older, Tree

CORE_NAMES = {
    "regarding": "involvedObject",
    "note": "message",
    "reportingController": "reportingComponent",
    "deprecatedSource": "source",
    "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp",
    "deprecatedCount": "count",
}


def inward(tree: Tree) -> Tree:
    """As the core group names it."""
    return renamed(tree, CORE_NAMES)


def outward(tree: Tree) -> Tree:
    """As events.k8s.io names it."""
    return renamed(tree, {new: old for old, new in CORE_NAMES.items()})


OLDER = Older(core.Event, inward=inward, outward=outward)
