"""Which policies a request is put to: those in force that are about it, with every binding and its parameters.

Source: apiserver/pkg/admission/plugin/policy/generic: policy_source.go, policy_dispatcher.go, policy_matcher.go.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from steersman.api.admissionregistration import (
    MatchResources,
    MutatingAdmissionPolicy,
    MutatingAdmissionPolicyBinding,
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding,
)
from steersman.api.core import Namespace
from steersman.api.meta import Kind
from steersman.api.resources import Resource
from steersman.apimachinery.codec.json import to_wire
from steersman.apimachinery.status import not_found
from steersman.apiserver.admission.policy.params import BadBinding, BadPolicy, Params
from steersman.apiserver.admission.reach import Reach
from steersman.apiserver.attributes import AdmissionAttributes
from steersman.apiserver.webhooks.matching import EXEMPT_GROUP, Candidates, constrained_resource

P = TypeVar("P", ValidatingAdmissionPolicy, MutatingAdmissionPolicy)
B = TypeVar("B", ValidatingAdmissionPolicyBinding, MutatingAdmissionPolicyBinding)
C = TypeVar("C")

# Whoever writes these could otherwise be locked out by them. Source: generic/plugin.go: admissionConfigResources.
EXEMPT = frozenset({
    "validatingadmissionpolicies", "validatingadmissionpolicybindings",
    "mutatingadmissionpolicies", "mutatingadmissionpolicybindings",
})  # fmt: skip
# What is only asked, never stored.
EXEMPT_GROUPS = frozenset({"authentication.k8s.io", "authorization.k8s.io"})


@dataclass(frozen=True, slots=True)
class Invocation(Generic[P, B, C]):
    """A policy that a request is put to. resource: in whose version; params: a wire tree, or None."""

    policy: P
    binding: B
    compiled: C
    resource: Resource
    params: Any = None
    params_name: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Misconfigured(Generic[P, B]):
    """A policy, or one of its bindings, that a request can't be put to."""

    policy: P
    binding: B | None
    why: str


@dataclass(frozen=True, slots=True)
class _Hook(Generic[P, B, C]):
    policy: P
    bindings: Sequence[B]
    compiled: C


@dataclass
class Policies(Generic[P, B, C]):
    """The policies of a kind with their bindings, each compiled once for every change of its spec."""

    reach: Reach
    policy: type[P]
    binding: type[B]
    compile: Callable[[P], C]
    _known: dict[str, tuple[tuple[str, int], C]] = field(default_factory=dict)

    async def invocations(self, attributes: AdmissionAttributes) -> Sequence[Invocation[P, B, C] | Misconfigured[P, B]]:
        """What a request is put to, in the order of the names of policies and bindings."""
        hooks = self._hooks()
        if not hooks or _is_exempt(attributes):
            return ()
        candidates = self.reach.candidates(attributes)
        found: list[Invocation[P, B, C] | Misconfigured[P, B]] = []
        for hook in hooks:
            constraints = hook.policy.spec.matchConstraints
            if constraints is None:
                why = "failed to configure policy: policy contained no match constraints, a required field"
                found.append(Misconfigured(hook.policy, None, why))
                continue
            resource = constrained_resource(constraints, attributes, candidates)
            if resource is not None:
                found += await self._of_policy(hook, resource, attributes, candidates)
        return found

    async def _of_policy(
        self, hook: _Hook[P, B, C], resource: Resource, attributes: AdmissionAttributes, candidates: Candidates
    ) -> Sequence[Invocation[P, B, C] | Misconfigured[P, B]]:
        params = Params(self.reach.lookup, self.reach.versions)
        policy = hook.policy
        try:
            param_resource = params.resource(policy.spec.paramKind)
        except BadPolicy as error:
            return [Misconfigured(policy, None, f"failed to configure policy: {error}")]
        found: list[Invocation[P, B, C] | Misconfigured[P, B]] = []
        for binding in hook.bindings:
            if not _is_bound(binding.spec.matchResources, attributes, candidates):
                continue
            try:
                for one in await params.collect(param_resource, binding.spec.paramRef, attributes.namespace):
                    tree, name = (None, ("", "")) if one is None else (to_wire(one), _name(one))
                    found.append(Invocation(policy, binding, hook.compiled, resource, tree, name))
            except BadBinding as error:
                found.append(Misconfigured(policy, binding, f"failed to configure binding: {error}"))
        return found

    def _hooks(self) -> Sequence[_Hook[P, B, C]]:
        bound: dict[str, list[B]] = {}
        for binding in sorted(self.reach.lookup.all(self.binding), key=_name):
            bound.setdefault(binding.spec.policyName, []).append(binding)
        policies = [one for one in self.reach.lookup.all(self.policy) if one.metadata.name in bound] if bound else []
        hooks = [_Hook(one, bound[one.metadata.name], self._compiled(one)) for one in sorted(policies, key=_name)]
        if len(self._known) > len(hooks):
            names = {one.policy.metadata.name for one in hooks}
            self._known = {name: known for name, known in self._known.items() if name in names}
        return hooks

    def _compiled(self, policy: P) -> C:
        state = (policy.metadata.uid, policy.metadata.generation)
        known = self._known.get(policy.metadata.name)
        if known is None or known[0] != state:
            known = self._known[policy.metadata.name] = (state, self.compile(policy))
        return known[1]


async def namespace_of(reach: Reach, attributes: AdmissionAttributes) -> Namespace | None:
    """Where the object is; None for what is in none, and for namespaces. NotFound."""
    name = attributes.namespace
    if not name or attributes.resource.plural == "namespaces":
        return None
    found = reach.lookup.find(Namespace, "", name)
    if found is None:
        await reach.lookup.catch_up()
        found = reach.lookup.find(Namespace, "", name)
    if found is None:
        raise not_found("namespaces", name)
    return found


def _is_exempt(attributes: AdmissionAttributes) -> bool:
    resource = attributes.resource
    return resource.group in EXEMPT_GROUPS or (resource.group == EXEMPT_GROUP and resource.plural in EXEMPT)


def _is_bound(resources: MatchResources | None, attributes: AdmissionAttributes, candidates: Candidates) -> bool:
    return resources is None or constrained_resource(resources, attributes, candidates) is not None


def _name(one: Kind) -> tuple[str, str]:
    return (one.metadata.namespace, one.metadata.name)
