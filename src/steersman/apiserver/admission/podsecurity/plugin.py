"""PodSecurity: pods keep to the standard that their namespace's labels name.

Source: plugin/pkg/admission/security/podsecurity, k8s.io/pod-security-admission/admission.
"""

from steersman.api.core import Namespace, Pod, PodSpec
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.gotext import aggregate
from steersman.apimachinery.object import Object
from steersman.apimachinery.status import Cause, internal_error, invalid
from steersman.apiserver.admission.lookup import Lookup
from steersman.apiserver.admission.plugin import CREATE_UPDATE, Plugin, denied
from steersman.apiserver.admission.podsecurity import existing
from steersman.apiserver.admission.podsecurity.levels import PREFIX, Level, LevelVersion, Policy, policy_of
from steersman.apiserver.admission.podsecurity.settings import Settings
from steersman.apiserver.admission.podsecurity.standards import evaluate, in_full
from steersman.apiserver.admission.podsecurity.templates import template_of
from steersman.apiserver.attributes import AdmissionAttributes, Operation
from steersman.component.clock import Clock

# Whatever else becomes of a pod through a subresource might change what it may do.
IGNORED = frozenset({"exec", "attach", "binding", "eviction", "log", "portforward", "proxy", "status"})
MOST_PODS, LONGEST_SECONDS = 3000, 1.0
# So many pods are judged before others get their turn.
AT_ONCE = 50


class PodSecurity(Plugin):
    """See the module."""

    name = "PodSecurity"
    operations = CREATE_UPDATE

    def __init__(self, lookup: Lookup, clock: Clock, settings: Settings) -> None:
        self._lookup = lookup
        self._clock = clock
        self._settings = settings

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Refuse pods that break what is enforced; warn of what breaks what is wanted."""
        obj = attributes.object
        if isinstance(obj, Namespace):
            if not attributes.subresource:
                await self._validate_namespace(attributes, obj)
        elif isinstance(obj, Pod):
            if attributes.subresource not in IGNORED and not self._is_exempt(attributes):
                await self._validate_pod(attributes, obj)
        elif not attributes.subresource and not self._is_exempt(attributes):
            await self._validate_workload(attributes, obj)

    async def _validate_namespace(self, attributes: AdmissionAttributes, namespace: Namespace) -> None:
        name, old = namespace.metadata.name, attributes.old_object
        policy, faults = policy_of(namespace.metadata.labels, self._settings.defaults)
        is_exempt = name in self._settings.namespaces
        if not isinstance(old, Namespace):
            if faults:
                raise invalid("Namespace", name, faults)
            if is_exempt:
                self._warn_of_exemption(attributes, namespace, policy)
            return
        before, old_faults = policy_of(old.metadata.labels, self._settings.defaults)
        if faults and faults != old_faults:
            raise invalid("Namespace", name, faults)
        if not _is_stricter(policy.enforce, before.enforce):
            return
        if is_exempt:
            self._warn_of_exemption(attributes, namespace, policy)
        else:
            attributes.warnings.extend(await self._judge_existing(name, policy.enforce))

    def _warn_of_exemption(self, attributes: AdmissionAttributes, namespace: Namespace, policy: Policy) -> None:
        """Labels of a namespace that is exempt do nothing, which may not be what was meant."""
        if policy.is_privileged or policy.is_like(self._settings.defaults):
            return
        labels = namespace.metadata.labels
        said = ", ".join(
            f"{mode}={wanted}"
            for mode, wanted in (("enforce", policy.enforce), ("audit", policy.audit), ("warn", policy.warn))
            if wanted.level is not Level.PRIVILEGED
            and (f"{PREFIX}{mode}" in labels or f"{PREFIX}{mode}-version" in labels)
        )
        name = namespace.metadata.name
        warning = f'namespace "{name}" is exempt from Pod Security, and the policy ({said}) will be ignored'
        attributes.warnings.append(warning)

    async def _judge_existing(self, namespace: str, enforce: LevelVersion) -> list[str]:
        pods = existing.prioritized(self._lookup.all(Pod, namespace), self._settings.runtime_classes)
        judged: list[existing.Judged] = []
        deadline = self._clock.monotonic() + LONGEST_SECONDS
        for pod in pods[:MOST_PODS]:
            judged.append((pod, evaluate(enforce, pod.metadata, pod.spec)))
            if len(judged) % AT_ONCE == 0:
                await self._clock.sleep(0)
            if self._clock.monotonic() > deadline:
                break
        return existing.warnings(namespace, enforce, judged, len(pods))

    async def _validate_pod(self, attributes: AdmissionAttributes, pod: Pod) -> None:
        namespace = await self._namespace(attributes.namespace)
        if namespace is None:
            raise internal_error(f'failed to lookup namespace "{attributes.namespace}"')
        policy, faults = policy_of(namespace.metadata.labels, self._settings.defaults)
        if policy.is_privileged and not faults:
            attributes.annotations[f"{PREFIX}enforce-policy"] = str(LevelVersion())
            return
        old = attributes.old_object
        if attributes.operation is Operation.UPDATE and isinstance(old, Pod) and not is_significant(pod, old):
            return
        if not self._is_class_exempt(attributes, pod.spec):
            attributes.annotations[f"{PREFIX}enforce-policy"] = str(policy.enforce)
            found = evaluate(policy.enforce, pod.metadata, pod.spec)
            if found:
                self._note(attributes, policy, faults, (pod.metadata, pod.spec))
                raise denied(attributes, f'violates PodSecurity "{policy.enforce}": {in_full(found)}')
            self._note(attributes, policy, faults, (pod.metadata, pod.spec))
            _warn(attributes, policy, (pod.metadata, pod.spec))

    async def _validate_workload(self, attributes: AdmissionAttributes, obj: Object | None) -> None:
        """What makes pods isn't refused: its pods will be."""
        template = template_of(obj)
        if template is None:
            return
        namespace = await self._namespace(attributes.namespace)
        if namespace is None:
            attributes.annotations[f"{PREFIX}error"] = f'failed to lookup namespace "{attributes.namespace}"'
            return
        policy, faults = policy_of(namespace.metadata.labels, self._settings.defaults)
        if policy.warn.level is policy.audit.level is Level.PRIVILEGED and not faults:
            return
        if not self._is_class_exempt(attributes, template[1]):
            self._note(attributes, policy, faults, template)
            _warn(attributes, policy, template)

    def _note(
        self, attributes: AdmissionAttributes, policy: Policy, faults: list[Cause], pod: tuple[ObjectMeta, PodSpec]
    ) -> None:
        """For the audit log."""
        if faults:
            texts = [f"{cause.field}: {cause.message}" for cause in faults]
            attributes.annotations[f"{PREFIX}error"] = f"Failed to parse policy: {aggregate(texts)}"
        found = evaluate(policy.audit, *pod)
        if found:
            said = f'would violate PodSecurity "{policy.audit}": {in_full(found)}'
            attributes.annotations[f"{PREFIX}audit-violations"] = said

    async def _namespace(self, name: str) -> Namespace | None:
        found = self._lookup.find(Namespace, "", name)
        if found is None:
            # It may have been made a moment ago.
            await self._lookup.catch_up()
            found = self._lookup.find(Namespace, "", name)
        return found

    def _is_exempt(self, attributes: AdmissionAttributes) -> bool:
        why = ""
        if attributes.namespace and attributes.namespace in self._settings.namespaces:
            why = "namespace"
        elif attributes.user.name in self._settings.usernames:
            why = "user"
        if why:
            attributes.annotations[f"{PREFIX}exempt"] = why
        return bool(why)

    def _is_class_exempt(self, attributes: AdmissionAttributes, spec: PodSpec) -> bool:
        is_exempt = bool(spec.runtimeClassName) and spec.runtimeClassName in self._settings.runtime_classes
        if is_exempt:
            attributes.annotations[f"{PREFIX}exempt"] = "runtimeClass"
        return is_exempt


def _warn(attributes: AdmissionAttributes, policy: Policy, pod: tuple[ObjectMeta, PodSpec]) -> None:
    found = evaluate(policy.warn, *pod)
    if found:
        attributes.warnings.append(f'would violate PodSecurity "{policy.warn}": {in_full(found)}')


def _is_stricter(new: LevelVersion, old: LevelVersion) -> bool:
    """What was allowed may not be any more."""
    if new == old or new.level is Level.PRIVILEGED:
        return False
    return new.version != old.version or new.level.strictness > old.level.strictness


def is_significant(pod: Pod, old: Pod) -> bool:
    """A change that could make a pod break a standard: of what may change, images and ephemeral containers."""
    for field in ("containers", "initContainers"):
        new, before = getattr(pod.spec, field), getattr(old.spec, field)
        if len(new) != len(before) or any(one.image != was.image for one, was in zip(new, before, strict=True)):
            return True
    images = {one.name: one.image for one in old.spec.ephemeralContainers}
    return any(images.get(one.name) != one.image for one in pod.spec.ephemeralContainers)
