"""PodNodeSelector: pods of a namespace run on its nodes.

Source: plugin/pkg/admission/podnodeselector.
"""

from collections.abc import Mapping
from typing import Any

from steersman.api.core import Namespace
from steersman.apimachinery.formats import label_value, qualified_name
from steersman.apimachinery.object import Object, replace
from steersman.apimachinery.status import StatusError, internal_error
from steersman.apiserver.admission.errors import ConfigurationError
from steersman.apiserver.admission.lookup import Lookup
from steersman.apiserver.admission.plugin import CREATE, Plugin, denied, pod_of
from steersman.apiserver.attributes import AdmissionAttributes

ANNOTATION = "scheduler.alpha.kubernetes.io/node-selector"
SECTION, DEFAULT = "podNodeSelectorPluginConfig", "clusterDefaultNodeSelector"


def read_selectors(tree: Mapping[str, Any] | None) -> Mapping[str, str]:
    """The selectors by namespace, and the cluster's default. ConfigurationError for what can't be used."""
    found = (tree or {}).get(SECTION) or {}
    if not isinstance(found, dict) or not all(isinstance(text, str | None) for text in found.values()):
        raise ConfigurationError(f'couldn\'t init admission plugin "PodNodeSelector": {SECTION} must name selectors')
    return {name: text or "" for name, text in found.items()}


def labels_of(selector: str) -> dict[str, str]:
    """The labels that `a=b,c=d` names. ValueError for anything else."""
    labels = {}
    for term in selector.split(",") if selector else ():
        parts = term.split("=")
        if len(parts) != 2:
            raise ValueError(f"invalid selector: [{' '.join(parts)}]")
        key, value = parts[0].strip(), parts[1].strip()
        wrong = qualified_name(key)
        if wrong:
            raise ValueError(f'invalid label key "{key}": {"; ".join(wrong)}')
        wrong = label_value(value)
        if wrong:
            raise ValueError(f'invalid label value: "{value}": at key: "{key}": {"; ".join(wrong)}')
        labels[key] = value
    return labels


class PodNodeSelector(Plugin):
    """See the module."""

    name = "PodNodeSelector"
    operations = CREATE

    def __init__(self, lookup: Lookup, selectors: Mapping[str, str]) -> None:
        self._lookup = lookup
        self._selectors = selectors

    async def admit(self, attributes: AdmissionAttributes) -> Object | None:
        """Add the namespace's selector to the pod's."""
        pod = pod_of(attributes)
        if pod is None:
            return attributes.object
        wanted = await self._checked(attributes, pod.spec.nodeSelector)
        made = replace(pod, spec=replace(pod.spec, nodeSelector={**wanted, **pod.spec.nodeSelector}))
        self._check_allowed(attributes, made.spec.nodeSelector)
        return made

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """The selector still is one that the namespace may have."""
        pod = pod_of(attributes)
        if pod is not None:
            await self._checked(attributes, pod.spec.nodeSelector)
            self._check_allowed(attributes, pod.spec.nodeSelector)

    async def _checked(self, attributes: AdmissionAttributes, given: Mapping[str, str]) -> Mapping[str, str]:
        wanted = await self._wanted(attributes.namespace)
        if any(given.get(key, value) != value for key, value in wanted.items()):
            raise denied(attributes, "pod node label selector conflicts with its namespace node label selector")
        return wanted

    def _check_allowed(self, attributes: AdmissionAttributes, given: Mapping[str, str]) -> None:
        allowed = _read(self._selectors.get(attributes.namespace, ""))
        if allowed and not given.items() <= allowed.items():
            raise denied(attributes, "pod node label selector labels conflict with its namespace whitelist")

    async def _wanted(self, name: str) -> Mapping[str, str]:
        namespace = self._lookup.find(Namespace, "", name)
        if namespace is None:
            # It may have been made a moment ago.
            await self._lookup.catch_up()
            namespace = self._lookup.find(Namespace, "", name)
        if namespace is None:
            raise internal_error(f"namespace {name} does not exist")
        default = self._selectors.get(DEFAULT, "")
        return _read(namespace.metadata.annotations.get(ANNOTATION, default))


def _read(selector: str) -> dict[str, str]:
    try:
        return labels_of(selector)
    except ValueError as error:
        # As upstream: what an administrator has written wrong is no fault of the request.
        raise StatusError(str(error)) from error
