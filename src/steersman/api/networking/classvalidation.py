"""What makes a class of Ingresses wrong, new or changed, in upstream's words.

Source: pkg/apis/networking/validation/validation.go.
"""

from steersman.api.meta.fieldrules import domain_prefixed_path, immutable
from steersman.api.networking.ingress import IngressClass, IngressClassParametersReference
from steersman.api.networking.ingressvalidation import group_faults, segment_faults
from steersman.apimachinery.fielderrors import forbidden_field, invalid_values, not_supported, required, too_long
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import dns1123_label
from steersman.apimachinery.status import Cause

SPEC = Path("spec")
MAX_CONTROLLER = 250
CLUSTER, NAMESPACE = "Cluster", "Namespace"


def validate_ingress_class(ingress_class: IngressClass) -> list[Cause]:
    """A new class."""
    spec, where = ingress_class.spec, SPEC.child("controller")
    faults = [too_long(where, MAX_CONTROLLER)] if len(spec.controller.encode()) > MAX_CONTROLLER else []
    faults += domain_prefixed_path(spec.controller, where)
    if spec.parameters is not None:
        faults += _parameter_faults(spec.parameters, SPEC.child("parameters"))
    return faults


def validate_ingress_class_update(ingress_class: IngressClass, old: IngressClass) -> list[Cause]:
    """A changed class: its controller stays."""
    faults = immutable(ingress_class.spec.controller, old.spec.controller, SPEC.child("controller"))
    return faults + validate_ingress_class(ingress_class)


def _parameter_faults(parameters: IngressClassParametersReference, path: Path) -> list[Cause]:
    faults = group_faults(parameters.apiGroup, path)
    faults += segment_faults(parameters.kind, path.child("kind"))
    faults += segment_faults(parameters.name, path.child("name"))
    where, namespace = path.child("namespace"), parameters.namespace
    match parameters.scope:
        case None:
            faults.append(required(path.child("scope")))
        case "Namespace" if namespace is None:
            faults.append(required(where, "`parameters.scope` is set to 'Namespace'"))
        case "Namespace":
            faults += invalid_values(where, namespace, dns1123_label(namespace or ""))
        case "Cluster":
            if namespace is not None:
                faults.append(forbidden_field(where, "`parameters.scope` is set to 'Cluster'"))
        case other:
            faults.append(not_supported(path.child("scope"), other, (CLUSTER, NAMESPACE)))
    return faults
