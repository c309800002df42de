"""What makes a runtime class wrong, new or changed, in upstream's words.

Source: pkg/apis/node/validation/validation.go, pkg/api/node/util.go.
"""

from steersman.api.core.container import ResourceRequirements
from steersman.api.core.nodelabels import DEPRECATED_NODE_LABELS
from steersman.api.core.validation.resources import validate_requirements
from steersman.api.meta.fieldrules import immutable
from steersman.api.meta.labelrules import validate_labels
from steersman.api.node.runtimeclass import RuntimeClass
from steersman.apimachinery.fielderrors import invalid_values, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import dns1123_label
from steersman.apimachinery.status import Cause

HANDLER, SCHEDULING = Path("handler"), Path("scheduling")


def validate_runtime_class(runtime_class: RuntimeClass) -> list[Cause]:
    """A new class."""
    handler = runtime_class.handler
    faults = invalid_values(HANDLER, handler, dns1123_label(handler)) if handler else [required(HANDLER)]
    if runtime_class.overhead is not None:
        overhead = ResourceRequirements(limits=runtime_class.overhead.podFixed)
        faults += validate_requirements(overhead, (), Path("overhead"))
    if runtime_class.scheduling is not None:
        selector = runtime_class.scheduling.nodeSelector
        faults += validate_labels(selector, SCHEDULING.child("nodeSelector"))
    return faults


def validate_runtime_class_update(runtime_class: RuntimeClass, old: RuntimeClass) -> list[Cause]:
    """A changed class: its handler stays."""
    return [*validate_runtime_class(runtime_class), *immutable(runtime_class.handler, old.handler, HANDLER)]


def runtime_class_warnings(runtime_class: RuntimeClass) -> list[str]:
    """Old names of nodes' labels."""
    if runtime_class.scheduling is None:
        return []
    keys = runtime_class.scheduling.nodeSelector
    where = SCHEDULING.child("nodeSelector")
    return [f"{where}: {text}" for key in keys if (text := DEPRECATED_NODE_LABELS.get(key))]
