"""MutatingAdmissionPolicy: changes that administrators write as expressions.

Source: apiserver/pkg/admission/plugin/policy/mutating/dispatcher.go; generic/policy_dispatcher.go.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from steersman.api.admissionregistration import (
    FailurePolicyType,
    MutatingAdmissionPolicy,
    MutatingAdmissionPolicyBinding,
    ReinvocationPolicyType,
)
from steersman.api.core import Namespace
from steersman.apimachinery.codec.json import DecodeError
from steersman.apimachinery.managedfields.topology import Topology, topology_of
from steersman.apimachinery.object import Object
from steersman.apimachinery.schema import schema_of
from steersman.apimachinery.status import StatusError, from_status, internal_error
from steersman.apiserver.admission.plugin import Plugin, denied
from steersman.apiserver.admission.policy.bindings import for_conditions
from steersman.apiserver.admission.policy.conditions import ConditionsFailed, are_met
from steersman.apiserver.admission.policy.evaluation import Variables
from steersman.apiserver.admission.policy.invocations import Invocation, Misconfigured, Policies, namespace_of
from steersman.apiserver.admission.policy.patching import CannotMutate, CompiledMutations, compile_mutations, mutated
from steersman.apiserver.admission.reach import Reach
from steersman.apiserver.attributes import AdmissionAttributes, Operation, attributes_with
from steersman.apiserver.authz.asking import decided

Put = Invocation[MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding, CompiledMutations]
Unfit = Misconfigured[MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding]


@dataclass(frozen=True, slots=True)
class Failure:
    """A policy that couldn't do its work. reason: of the answer, if this is the first."""

    policy: MutatingAdmissionPolicy
    binding: MutatingAdmissionPolicyBinding | None
    why: str
    reason: str = ""

    @property
    def message(self) -> str:
        """In the words for the client."""
        name = self.policy.metadata.name
        if self.binding is None:
            return f'policy "{name}" denied request: {self.why}'
        return f"policy '{name}' with binding '{self.binding.metadata.name}' denied request: {self.why}"


class MutatingPolicies(Plugin):
    """Lets each policy in turn change the object; once more those that want to see what others changed after them."""

    name = "MutatingAdmissionPolicy"
    # Nothing of what is deleted can be changed.
    operations = frozenset(Operation) - {Operation.DELETE}

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._policies = Policies(reach, MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding, compile_mutations)
        # Kinds may go: those of custom resources do.
        self._topologies: WeakKeyDictionary[type[Object], Topology] = WeakKeyDictionary()

    async def admit(self, attributes: AdmissionAttributes) -> Object | None:
        """The object as the policies leave it."""
        invocations = await self._policies.invocations(attributes)
        if not invocations:
            return attributes.object
        namespace = await namespace_of(self._reach, attributes)
        failures: list[Failure] = []
        for one in invocations:
            if isinstance(one, Misconfigured):
                failures.append(Failure(one.policy, one.binding, one.why))
                continue
            made, failed = await decided(partial(self._put, one, attributes, namespace))
            failures += failed
            attributes = attributes_with(attributes, made)
        refused = [one for one in failures if one.policy.spec.failurePolicy != FailurePolicyType.IGNORE]
        if refused:
            raise refusal(attributes, refused)
        return attributes.object

    def _put(
        self, put: Put, attributes: AdmissionAttributes, namespace: Namespace | None
    ) -> tuple[Object | None, Sequence[Failure]]:
        """The object as one policy leaves it, and why it can't be done."""
        subject = self._reach.seen_as(attributes, put.resource)
        bindings = self._reach.bindings(subject, namespace)
        known = bindings.with_params(put.params)
        seen = Variables(put.compiled.variables, for_conditions(known))
        try:
            if not are_met(put.compiled.conditions, seen, put.policy.spec.failurePolicy):
                return attributes.object, ()
        except ConditionsFailed as error:
            return attributes.object, [Failure(put.policy, put.binding, str(error), "Invalid")]
        round_ = attributes.reinvocation
        key = (self.name, put.policy.metadata.name, put.binding.metadata.name, put.params_name)
        if round_.is_second and key not in round_.again:
            return attributes.object, ()
        if subject.object is None:
            return None, ()
        made, failures = subject.object, list[Failure]()
        for index in range(len(put.compiled.mutations)):
            try:
                made = self._timed(put, index, made, known)
            except CannotMutate as error:
                failures.append(Failure(put.policy, put.binding, str(error), "Invalid"))
        if made != subject.object:
            round_.request()
        if put.policy.spec.reinvocationPolicy == ReinvocationPolicyType.IF_NEEDED and not round_.is_second:
            round_.asked.add(key)
        if made is subject.object:
            return attributes.object, failures
        return self._reach.versions.converted(made, put.resource, attributes.resource), failures

    def _timed(self, put: Put, index: int, obj: Object, known: Mapping[str, Any]) -> Object:
        """See `_changed`."""
        metrics = self._reach.policy_metrics
        if metrics is None:
            return self._changed(put, index, obj, known)
        began, which = metrics.now(), (put.policy.metadata.name, put.binding.metadata.name)
        try:
            made = self._changed(put, index, obj, known)
        except CannotMutate as error:
            metrics.mutated(which, str(error), began)
            raise
        metrics.mutated(which, "", began)
        return made

    def _changed(self, put: Put, index: int, obj: Object, known: Mapping[str, Any]) -> Object:
        """The object as one mutation leaves it, with its defaults. CannotMutate."""
        versions = self._reach.versions
        live = versions.tree(obj)
        variables = Variables(put.compiled.variables, {**known, "object": live})
        # Expressions see what is there before anything is changed.
        made = mutated(put.compiled.mutations[index], variables, copy.deepcopy(live), lambda: self._topology(obj))
        if made is None:
            return obj
        try:
            return versions.patched(obj, made)
        except DecodeError as error:
            raise internal_error(error) from error

    def _topology(self, obj: Object) -> Topology:
        kind = type(obj)
        known = self._topologies.get(kind)
        if known is None:
            known = self._topologies[kind] = topology_of(schema_of(kind))
        return known


def refusal(attributes: AdmissionAttributes, failures: Sequence[Failure]) -> StatusError:
    """The error for the client: the words of the first failure, and all as causes."""
    first = failures[0]
    status = denied(attributes, first.message).to_status()
    details = {**status.get("details", {}), "causes": [{"message": one.message} for one in failures]}
    reason = first.reason or status["reason"]
    # Whatever the reason, the code stays Forbidden's.
    return from_status({**status, "message": first.message, "reason": reason, "details": details})
