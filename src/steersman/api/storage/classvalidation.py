"""What makes a storage class or a class of volume attributes wrong, new or changed, in upstream's words.

Source: pkg/apis/storage/validation/validation.go.
"""

from collections.abc import Iterable, Mapping, Sequence

from steersman.api.core.nodelabels import DEPRECATED_NODE_LABELS
from steersman.api.core.reference import TopologySelectorLabelRequirement, TopologySelectorTerm
from steersman.api.meta.fieldrules import immutable
from steersman.api.storage.storageclass import StorageClass, VolumeAttributesClass, VolumeBindingMode
from steersman.apimachinery.fielderrors import (
    duplicate,
    forbidden_field,
    invalid_value,
    invalid_values,
    not_supported,
    required,
    too_long,
)
from steersman.apimachinery.fieldpath import ROOT, Path
from steersman.apimachinery.formats import qualified_name
from steersman.apimachinery.status import Cause

RECLAIM_POLICIES = ("Delete", "Retain")
MAX_PARAMETERS, MAX_PARAMETER_BYTES = 512, 256 * 1024
TOPOLOGIES = Path("allowedTopologies")


def validate_storage_class(storage_class: StorageClass) -> list[Cause]:
    """A new class."""
    policy, mode = storage_class.reclaimPolicy, storage_class.volumeBindingMode
    faults = _maker_faults(storage_class.provisioner, Path("provisioner"))
    faults += _parameter_faults(storage_class.parameters)
    if policy and policy not in RECLAIM_POLICIES:
        faults.append(not_supported(Path("reclaimPolicy"), policy, RECLAIM_POLICIES))
    if mode is None:
        faults.append(required(Path("volumeBindingMode")))
    elif mode not in tuple(VolumeBindingMode):
        faults.append(not_supported(Path("volumeBindingMode"), mode, tuple(VolumeBindingMode)))
    return [*faults, *_topology_faults(storage_class.allowedTopologies)]


def validate_storage_class_update(storage_class: StorageClass, old: StorageClass) -> list[Cause]:
    """A changed class: what volumes are made by stays. What is immutable is told as since 1.37."""
    faults = validate_storage_class(storage_class)
    for name in ("provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"):
        faults += immutable(getattr(storage_class, name), getattr(old, name), ROOT.child(name))
    return faults


def storage_class_warnings(storage_class: StorageClass) -> list[str]:
    """Old names of nodes' labels."""
    said = []
    for position, term in enumerate(storage_class.allowedTopologies):
        where = TOPOLOGIES.at(position).child("matchLabelExpressions")
        for place, requirement in enumerate(term.matchLabelExpressions):
            if text := DEPRECATED_NODE_LABELS.get(requirement.key):
                said.append(f"{where.at(place).child('key')}: {text}")
    return said


def validate_attributes_class(attributes_class: VolumeAttributesClass) -> list[Cause]:
    """A new class of volume attributes."""
    faults = _maker_faults(attributes_class.driverName, Path("driverName"))
    faults += _parameter_faults(attributes_class.parameters)
    if not attributes_class.parameters:
        faults.append(required(Path("parameters"), "must contain at least one key/value pair"))
    return faults


def validate_attributes_class_update(
    attributes_class: VolumeAttributesClass, old: VolumeAttributesClass
) -> list[Cause]:
    """A changed class of volume attributes: it stays but for its metadata."""
    faults: list[Cause] = []
    for name in ("driverName", "parameters"):
        if getattr(attributes_class, name) != getattr(old, name):
            faults.append(forbidden_field(ROOT.child(name), f"updates to {name} are forbidden."))
    return faults + validate_attributes_class(attributes_class)


def _maker_faults(name: str, path: Path) -> list[Cause]:
    return invalid_values(path, name, qualified_name(name.lower())) if name else [required(path)]


def _parameter_faults(parameters: Mapping[str, str]) -> list[Cause]:
    path = Path("parameters")
    if len(parameters) > MAX_PARAMETERS:
        return [too_long(path, MAX_PARAMETERS)]
    faults = [invalid_value(path, "", "field can not be empty.")] if "" in parameters else []
    if sum(len(key.encode()) + len(value.encode()) for key, value in parameters.items()) > MAX_PARAMETER_BYTES:
        faults.append(too_long(path, MAX_PARAMETER_BYTES))
    return faults


def _topology_faults(terms: Sequence[TopologySelectorTerm]) -> Iterable[Cause]:
    # A term without requirements counts as a repeated one.
    seen: list[Mapping[str, frozenset[str]]] = [{}]
    for position, term in enumerate(terms):
        where = TOPOLOGIES.at(position).child("matchLabelExpressions")
        wanted: dict[str, frozenset[str]] = {}
        for place, requirement in enumerate(term.matchLabelExpressions):
            yield from _requirement_faults(requirement, where.at(place))
            if requirement.key in wanted:
                yield duplicate(where.at(place).child("key"), requirement.key)
            wanted[requirement.key] = frozenset(requirement.values)
        if wanted in seen:
            yield duplicate(where, "")
        seen.append(wanted)


def _requirement_faults(requirement: TopologySelectorLabelRequirement, path: Path) -> Iterable[Cause]:
    if not requirement.values:
        yield required(path.child("values"))
    for position, value in enumerate(requirement.values):
        if value in requirement.values[:position]:
            yield duplicate(path.child("values").at(position), value)
    yield from invalid_values(path.child("key"), requirement.key, qualified_name(requirement.key))
