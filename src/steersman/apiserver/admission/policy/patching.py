"""What mutating policies make of an object: an applied configuration, or a JSON patch. Pure.

Source: apiserver/pkg/admission/plugin/policy/mutating: compilation.go, patch/smd.go, patch/json_patch.go.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from steersman.api.admissionregistration import (
    MutatingAdmissionPolicy,
    MutatingAdmissionPolicySpec,
    Mutation,
    PatchType,
)
from steersman.api.admissionregistration.expressions import Compiled, Expressions, Fault
from steersman.api.admissionregistration.patchtypes import JSON_PATCH_TYPE, OBJECT_TYPE, Made, misnamed
from steersman.apimachinery.cel.cost import RUNTIME_BUDGET
from steersman.apimachinery.cel.times import format_duration, format_timestamp
from steersman.apimachinery.cel.types import BOOL, list_of
from steersman.apimachinery.cel.values import Duration, Timestamp
from steersman.apimachinery.cel.views import ListView, MapView, ObjectView
from steersman.apimachinery.managedfields.checking import BadConfiguration, check
from steersman.apimachinery.managedfields.combine import merge
from steersman.apimachinery.managedfields.topology import Shape, Topology
from steersman.apimachinery.managedfields.typed import BadItem
from steersman.apimachinery.patch.json import PatchError, TestFailed, apply_operations
from steersman.apiserver.admission.policy.evaluation import Condition, OutOfBudget, Variables, evaluate


class CannotMutate(Exception):
    """A mutation that can't be made; the text says why."""


@dataclass(frozen=True, slots=True)
class CompiledMutation:
    """An expression, and whether it makes a patch or a configuration."""

    condition: Condition
    is_patch: bool


@dataclass(frozen=True, slots=True)
class CompiledMutations:
    """The expressions of a policy."""

    spec: MutatingAdmissionPolicySpec
    variables: Mapping[str, Compiled]
    conditions: Sequence[Condition]
    mutations: Sequence[CompiledMutation]


def compile_mutations(policy: MutatingAdmissionPolicy) -> CompiledMutations:
    """Every expression; what is wrong with them is told when they are used."""
    spec = policy.spec
    known = Expressions(has_params=spec.paramKind is not None)
    variables = {one.name: known.variable(one.name, one.expression) for one in spec.variables}
    conditions = [Condition(one.expression, known.compile(one.expression, BOOL)) for one in spec.matchConditions]
    return CompiledMutations(spec, variables, conditions, [_compiled(one, known) for one in spec.mutations])


def _compiled(mutation: Mutation, known: Expressions) -> CompiledMutation:
    is_patch = mutation.patchType == PatchType.JSON_PATCH
    made = mutation.jsonPatch if is_patch else mutation.applyConfiguration
    text = made.expression if made is not None else ""
    wanted = list_of(JSON_PATCH_TYPE) if is_patch else OBJECT_TYPE
    return CompiledMutation(Condition(text, known.compile(text, wanted, can_patch=True)), is_patch)


def mutated(mutation: CompiledMutation, variables: Variables, live: Any, topology: Callable[[], Topology]) -> Any:
    """The tree of an object as a mutation leaves it; live may be changed. CannotMutate."""
    compiled = mutation.condition.compiled
    if isinstance(compiled, Fault):
        raise CannotMutate(compiled.why)
    try:
        (result,), _ = evaluate([mutation.condition], variables, RUNTIME_BUDGET)
    except OutOfBudget as error:
        raise CannotMutate(str(error)) from error
    assert result is not None, "there is an expression"
    if result.error:
        raise CannotMutate(result.error)
    return _patched(result.value, live) if mutation.is_patch else _applied(result.value, live, topology())


def _applied(value: Any, live: Any, topology: Topology) -> Any:
    if faults := misnamed(value):
        raise CannotMutate("type mismatch: " + "\n".join(faults))
    named = {name: live[name] for name in ("apiVersion", "kind") if name in live}
    config = {**native(value), **named}
    try:
        check(topology, config)
    except BadConfiguration as error:
        why = f"failed to convert patch object to typed object: {error}"
        raise CannotMutate(f"error applying patch: {why}") from error
    if atomics := _atomics(topology, config, ""):
        why = f"may not mutate atomic arrays, maps or structs: {', '.join(atomics)}"
        raise CannotMutate(f"error applying patch: invalid ApplyConfiguration: {why}")
    try:
        return merge(topology, live, config)
    except BadItem as error:
        raise CannotMutate(f"error applying patch: failed to merge patch: {error}") from error


def _atomics(topology: Topology, value: Any, path: str) -> list[str]:
    """What would be replaced as a whole, though only a part of it may have been meant."""
    if not isinstance(value, dict | list):
        return []
    found = [path] if topology.shape is Shape.ATOMIC else []
    if isinstance(value, dict):
        for name, one in value.items():
            if (declared := topology.fields.get(name)) is not None:
                found += _atomics(declared, one, f"{path}.{name}")
    elif topology.element is not None:
        for position, one in enumerate(value):
            found += _atomics(topology.element, one, f"{path}[{position}]")
    return found


def _patched(value: Sequence[Made], live: Any) -> Any:
    operations = []
    for one in value:
        if faults := misnamed_root(one.fields.get("value")):
            raise CannotMutate("type mismatch: " + "\n".join(faults))
        operations.append({name: native(part) for name, part in one.fields.items() if name != "from" or part})
    try:
        return apply_operations(live, operations)
    except TestFailed:
        return None
    except PatchError as error:
        raise CannotMutate(f"JSON Patch: {error}") from error


def misnamed_root(value: Any) -> list[str]:
    """A value of a patch is anywhere in the object: the names below it follow its own."""
    return misnamed(value, tuple(value.type_name.split("."))) if isinstance(value, Made) else []


def native(value: Any) -> Any:
    """A value of an expression as a wire tree. CannotMutate for what has no such form."""
    match value:
        case Made():
            return {name: native(one) for name, one in value.fields.items()}
        case MapView() | ObjectView() | ListView():
            return value.raw
        case Mapping():
            if not all(isinstance(key, str) for key in value):
                raise CannotMutate("map keys must be strings")
            return {key: native(one) for key, one in value.items()}
        case list() | tuple():
            return [native(one) for one in value]
        case bytes():
            return base64.b64encode(value).decode()
        case Timestamp():
            return format_timestamp(value)
        case Duration():
            return format_duration(value)
        case bool() | str() | float() | None:
            return value
        case int():
            return int(value)
        case _:
            raise CannotMutate(f"unsupported type: {type(value).__name__}")
