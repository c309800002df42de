"""PodSecurityPolicy: a pod keeps to one of the policies that its user or its account may use.

Source: plugin/pkg/admission/security/podsecuritypolicy as of 1.20.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from steersman.api.core import Pod
from steersman.api.policy.podsecuritypolicy import PodSecurityPolicy
from steersman.apimachinery.object import Object, replace
from steersman.apimachinery.status import Cause, Forbidden
from steersman.apiserver.admission.lookup import Lookup
from steersman.apiserver.admission.plugin import CREATE_UPDATE, Plugin, denied, pod_of
from steersman.apiserver.admission.podsecuritypolicy.judgement import is_usable, violations, with_defaults
from steersman.apiserver.attributes import AdmissionAttributes, Authorizer, Operation
from steersman.apiserver.authz.asking import decided
from steersman.apiserver.request import RequestInfo
from steersman.apiserver.user import UserInfo

ANNOTATION = "kubernetes.io/psp"
AUDIT = "podsecuritypolicy.policy.k8s.io/"
# Policies were in another group first; rights given there still count.
GROUPS = ("policy", "extensions")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The pod as a policy allows it, and the policy's name; or what is wrong with it."""

    pod: Pod | None
    policy: str = ""
    faults: Sequence[Cause] = ()


class PodSecurityPolicyAdmission(Plugin):
    """See the module."""

    name = "PodSecurityPolicy"
    operations = CREATE_UPDATE

    def __init__(self, lookup: Lookup, authorizer: Authorizer) -> None:
        self._lookup = lookup
        self._authorizer = authorizer

    async def admit(self, attributes: AdmissionAttributes) -> Object | None:
        """Give a new pod the defaults of the first policy that allows it, of one that changes nothing rather."""
        pod = pod_of(attributes)
        if pod is None or attributes.operation is not Operation.CREATE:
            return attributes.object
        await self._lookup.catch_up()
        verdict = await decided(lambda: self._judge(attributes, pod, may_change=True))
        if verdict.pod is None:
            raise _refused(attributes, "admit", verdict.faults)
        attributes.annotations[f"{AUDIT}admit-policy"] = verdict.policy
        annotations = {**verdict.pod.metadata.annotations, ANNOTATION: verdict.policy}
        return replace(verdict.pod, metadata=replace(verdict.pod.metadata, annotations=annotations))

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Some policy allows the pod as it is."""
        pod = pod_of(attributes)
        if pod is None or _is_only_for_garbage_collection(pod, attributes.old_object):
            return
        verdict = await decided(lambda: self._judge(attributes, pod, may_change=False))
        if verdict.pod is None:
            raise _refused(attributes, "validate", verdict.faults)
        attributes.annotations[f"{AUDIT}validate-policy"] = verdict.policy

    def _judge(self, attributes: AdmissionAttributes, pod: Pod, *, may_change: bool) -> Verdict:
        usable = sorted(filter(is_usable, self._lookup.all(PodSecurityPolicy)), key=lambda one: one.metadata.name)
        if not usable:
            raise denied(attributes, "PodSecurityPolicy: no providers available to validate pod request")
        if not may_change:
            hint = pod.metadata.annotations.get(ANNOTATION)
            usable.sort(key=lambda one: one.metadata.name != hint)
        changed: Verdict | None = None
        faulty: dict[str, list[Cause]] = {}
        for policy in usable:
            name, made = policy.metadata.name, with_defaults(policy, pod)
            faults = violations(policy, made)
            if faults:
                faulty[name] = faults
            elif made is pod:
                if self._may_use(attributes, pod, name):
                    return Verdict(pod, name)
            elif may_change and changed is None and self._may_use(attributes, pod, name):
                changed = Verdict(made, name)
        if changed is not None:
            return changed
        # Of policies that one may not use one isn't told either.
        told = [one for name, faults in faulty.items() if self._may_use(attributes, pod, name) for one in faults]
        return Verdict(None, faults=told)

    def _may_use(self, attributes: AdmissionAttributes, pod: Pod, policy: str) -> bool:
        users = [attributes.user]
        if pod.spec.serviceAccountName:
            users.insert(0, _account(attributes.namespace, pod.spec.serviceAccountName))
        return any(
            self._authorizer.authorize(
                user,
                RequestInfo("use", "", True, group, "*", attributes.namespace, "podsecuritypolicies", name=policy),
            ).allowed
            for user in users
            for group in GROUPS
        )


def _account(namespace: str, name: str) -> UserInfo:
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}")
    return UserInfo(f"system:serviceaccount:{namespace}:{name}", groups=groups)


def _refused(attributes: AdmissionAttributes, verb: str, faults: Sequence[Cause]) -> Forbidden:
    listed = " ".join(f"{one.field}: {one.message}" for one in faults)
    return denied(attributes, f"PodSecurityPolicy: unable to {verb} pod: [{listed}]")


def _is_only_for_garbage_collection(pod: Pod, old: Object | None) -> bool:
    """Nothing but owners and finalizers changes: who may do that changes no rights of the pod."""
    if not isinstance(old, Pod):
        return False
    kept = replace(
        pod.metadata,
        ownerReferences=old.metadata.ownerReferences,
        finalizers=old.metadata.finalizers,
        managedFields=old.metadata.managedFields,
        resourceVersion=old.metadata.resourceVersion,
    )
    return replace(pod, metadata=kept) == old
