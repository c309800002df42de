"""PodTolerationRestriction: what pods of a namespace tolerate, and what they may tolerate at most.

Source: plugin/pkg/admission/podtolerationrestriction.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from steersman.api.core import Namespace, Toleration
from steersman.api.core.pod import PodQOSClass
from steersman.api.core.qos import compute_qos_class
from steersman.apimachinery.codec.json import DecodeError, from_wire, parse
from steersman.apimachinery.fielderrors import invalid_value, invalid_values, not_supported
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import label_value, qualified_name
from steersman.apimachinery.object import Object, replace
from steersman.apimachinery.status import Cause, StatusError, not_found
from steersman.apiserver.admission.configuration import Expected
from steersman.apiserver.admission.lookup import Lookup
from steersman.apiserver.admission.plugin import CREATE_UPDATE, Plugin, pod_of
from steersman.apiserver.admission.tolerations import all_allowed, merged
from steersman.apiserver.attributes import AdmissionAttributes, Operation

DEFAULTS = "scheduler.alpha.kubernetes.io/defaultTolerations"
ALLOWED = "scheduler.alpha.kubernetes.io/tolerationsWhitelist"
MEMORY_PRESSURE = Toleration(key="node.kubernetes.io/memory-pressure", operator="Exists", effect="NoSchedule")
EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
API_VERSION = "podtolerationrestriction.admission.k8s.io/v1alpha1"
EXPECTED = Expected("PodTolerationRestriction", frozenset({(API_VERSION, "Configuration")}))


class Configuration(Object, api=API_VERSION, package="k8s.io.kubernetes.plugin.podtolerationrestriction"):
    """What counts in namespaces that say nothing."""

    default: tuple[Toleration, ...] = ()
    whitelist: tuple[Toleration, ...] = ()


NOTHING = Configuration()


def read_tolerations(tree: Mapping[str, Any] | None) -> Configuration:
    """The configuration. ConfigurationError for what can't be used."""
    if tree is None:
        return NOTHING
    made = EXPECTED.read(tree, Configuration)
    path = Path("podtolerationrestriction")
    faults = check_tolerations(made.default, path.child("default"))
    faults += check_tolerations(made.whitelist, path.child("whitelist"))
    EXPECTED.check(faults)
    return made


def check_tolerations(tolerations: Sequence[Toleration], path: Path) -> list[Cause]:
    """What is wrong with tolerations. Source: pkg/apis/core/validation: ValidateTolerations."""
    faults: list[Cause] = []
    for position, one in enumerate(tolerations):
        where = path.at(position)
        if one.key:
            faults += invalid_values(where.child("key"), one.key, qualified_name(one.key))
        elif one.operator != "Exists":
            why = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
            faults.append(invalid_value(where.child("operator"), one.operator, why))
        if one.tolerationSeconds is not None and one.effect != "NoExecute":
            why = "effect must be 'NoExecute' when `tolerationSeconds` is set"
            faults.append(invalid_value(where.child("effect"), one.effect, why))
        faults += _check_value(one, where.child("operator"))
        if one.effect not in ("", *EFFECTS):
            faults.append(not_supported(where.child("effect"), one.effect, EFFECTS))
    return faults


def _check_value(one: Toleration, where: Path) -> list[Cause]:
    match one.operator:
        case "Equal" | "":
            wrong = label_value(one.value)
            return [invalid_value(where, one.value, ";".join(wrong))] if wrong else []
        case "Exists":
            why = "value must be empty when `operator` is 'Exists'"
            return [invalid_value(where, one, why)] if one.value else []
        case operator:
            return [not_supported(where, operator, ("Equal", "Exists"))]


class PodTolerationRestriction(Plugin):
    """See the module."""

    name = "PodTolerationRestriction"
    operations = CREATE_UPDATE

    def __init__(self, lookup: Lookup, configuration: Configuration) -> None:
        self._lookup = lookup
        self._configuration = configuration

    async def admit(self, attributes: AdmissionAttributes) -> Object | None:
        """Add the namespace's tolerations, or else the cluster's."""
        pod = pod_of(attributes)
        if pod is None:
            return attributes.object
        added: tuple[Toleration, ...] = ()
        if attributes.operation is Operation.CREATE:
            own = await self._said(attributes.namespace, DEFAULTS)
            added = self._configuration.default if own is None else own
        if compute_qos_class(pod) is not PodQOSClass.BEST_EFFORT:
            added = (*added, MEMORY_PRESSURE)
        if added:
            pod = replace(pod, spec=replace(pod.spec, tolerations=merged(pod.spec.tolerations, added)))
        await self._check(attributes.namespace, pod.spec.tolerations)
        return pod

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """The tolerations are those that the namespace may have."""
        pod = pod_of(attributes)
        if pod is not None:
            await self._check(attributes.namespace, pod.spec.tolerations)

    async def _check(self, namespace: str, given: Sequence[Toleration]) -> None:
        if not given:
            return
        own = await self._said(namespace, ALLOWED)
        allowed, scope = (self._configuration.whitelist, "cluster") if own is None else (own, "namespace")
        if not all_allowed(given, allowed):
            merged_ = "possibly merged with namespace default tolerations"
            # Upstream gives no reason here either.
            raise StatusError(f"pod tolerations ({merged_}) conflict with its {scope} whitelist")

    async def _said(self, name: str, annotation: str) -> tuple[Toleration, ...] | None:
        """What a namespace says; None when it says nothing."""
        namespace = self._lookup.find(Namespace, "", name)
        if namespace is None:
            # It may have been made a moment ago.
            await self._lookup.catch_up()
            namespace = self._lookup.find(Namespace, "", name)
        if namespace is None:
            raise not_found("namespaces", name)
        text = namespace.metadata.annotations.get(annotation)
        if not text:
            return None if text is None else ()
        try:
            tree = parse(text.encode())
            if not isinstance(tree, list):
                raise DecodeError("json: cannot unmarshal object into Go value of type []v1.Toleration")
            return tuple(from_wire(one, Toleration) for one in tree)
        except DecodeError as error:
            raise StatusError(str(error)) from error
