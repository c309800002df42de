"""The parameters that a binding gives to its policy: objects of whatever kind the policy names.

Source: apiserver/pkg/admission/plugin/policy/generic/policy_dispatcher.go: CollectParams.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from steersman.api.admissionregistration import ParamKind, ParamRef
from steersman.api.meta import Kind
from steersman.api.resources import Resource
from steersman.apimachinery.object import GroupVersionKind
from steersman.apimachinery.selectors import from_label_selector
from steersman.apiserver.admission.lookup import Lookup
from steersman.apiserver.webhooks.versions import Versions


class BadPolicy(Exception):
    """A policy as a whole can't be used: its text says why."""


class BadBinding(Exception):
    """A binding can't be used on a request: its text says why."""


@dataclass(frozen=True, slots=True)
class Params:
    """Where parameters are found."""

    lookup: Lookup
    versions: Versions

    def resource(self, kind: ParamKind | None) -> Resource | None:
        """The resource of the policy's parameters; None when it takes none. BadPolicy."""
        if kind is None:
            return None
        gvk = GroupVersionKind.parse(kind.apiVersion, kind.kind)
        found = self.versions.resource_of_kind(gvk)
        if found is None:
            # Its name in Go's words: the core group has nothing before the slash.
            named = f"{gvk.group}/{gvk.version}, Kind={gvk.kind}"
            raise BadPolicy(f"failed to find resource referenced by paramKind: '{named}'")
        return found

    async def collect(self, resource: Resource | None, ref: ParamRef | None, namespace: str) -> Sequence[Kind | None]:
        """The parameters for a request in a namespace: each is judged by itself; None for none. BadBinding."""
        if resource is None or ref is None:
            return (None,)
        within = _namespace(resource, ref, namespace)
        found = await self._found(resource, ref, within)
        if not found and ref.parameterNotFoundAction == "Deny":
            raise BadBinding("no params found for policy binding with `Deny` parameterNotFoundAction")
        return found

    async def _found(self, resource: Resource, ref: ParamRef, namespace: str) -> Sequence[Kind]:
        kind = _kind_of(resource)
        if ref.name:
            if ref.selector is not None:
                raise BadBinding("paramRef.name and paramRef.selector are mutually exclusive")
            one = self.lookup.find(kind, namespace, ref.name)
            if one is None:
                # It may have been written a moment ago.
                await self.lookup.catch_up()
                one = self.lookup.find(kind, namespace, ref.name)
            return () if one is None else (one,)
        if ref.selector is None:
            raise BadBinding("one of name or selector must be provided")
        wanted = from_label_selector(ref.selector)
        return [one for one in self.lookup.all(kind, namespace) if wanted.matches(one.metadata.labels)]


def _kind_of(resource: Resource) -> type[Kind]:
    assert issubclass(resource.object_type, Kind), "only what is stored has parameters"
    return resource.object_type


def _namespace(resource: Resource, ref: ParamRef, namespace: str) -> str:
    if not resource.namespaced:
        if ref.namespace:
            raise BadBinding("paramRef.namespace must not be provided for a cluster-scoped `paramKind`")
        return ""
    if not ref.namespace and not namespace:
        raise BadBinding("cannot use namespaced paramRef in policy binding that matches cluster-scoped resources")
    return ref.namespace or namespace
