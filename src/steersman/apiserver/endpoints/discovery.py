"""Discovery: which groups, versions and resources are served, one document each or all in one.

Source: apiserver/pkg/endpoints/discovery; KEP-3352 for the aggregated form.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from steersman.api.meta import APIGroup, APIGroupList, APIResourceList, APIVersions
from steersman.api.resources import Resource
from steersman.apimachinery.codec.json import encode
from steersman.apimachinery.object import Object
from steersman.apiserver.http.answers import CACHE_CONTROL, object_answer
from steersman.apiserver.http.negotiate import Endpoint, negotiate
from steersman.apiserver.resourcetable import ResourceTable, version_rank
from steersman.component.http.message import Response

# Source: the order of upstream's groups, by priority of APIServices.
GROUP_ORDER = (
    "", "events.k8s.io", "authentication.k8s.io", "authorization.k8s.io", "autoscaling", "batch", "certificates.k8s.io",
    "networking.k8s.io", "policy", "rbac.authorization.k8s.io", "storage.k8s.io", "admissionregistration.k8s.io",
    "apiextensions.k8s.io", "scheduling.k8s.io", "coordination.k8s.io", "node.k8s.io", "discovery.k8s.io", "apps",
)  # fmt: skip
DOCUMENTS: Mapping[str, type[Object]] = {
    kind.__name__: kind for kind in (APIGroup, APIGroupList, APIResourceList, APIVersions)
}
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v={};as=APIGroupDiscoveryList"


class Discovery:
    """The documents about what is served now."""

    def __init__(self, table: ResourceTable, address: str) -> None:
        self._table = table
        self._address = address
        self._generation = -1
        self._grouped: dict[str, dict[str, list[Resource]]] = {}

    @property
    def _versions(self) -> dict[str, dict[str, list[Resource]]]:
        """The resources by group and version, in upstream's order."""
        if self._generation != self._table.generation:
            self._generation, self._grouped = self._table.generation, _grouped(self._table.all)
        return self._grouped

    def answer(self, path: str, accept: str) -> Response | None:
        """The document at a path; None when there is nothing."""
        parts = tuple(part for part in path.split("/") if part)
        if parts in (("api",), ("apis",)):
            version = _aggregated_version(accept)
            if version:
                return self._aggregated(parts[0] == "api", version)
        match parts:
            case ("api",):
                return _document(self._core_versions(), accept)
            case ("api", version) if version in self._versions.get("", {}):
                return _document(self._resource_list("", version), accept)
            case ("apis",):
                groups = [self._group(name) for name in self._versions if name]
                return _document({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}, accept)
            case ("apis", group) if group in self._versions:
                return _document({"kind": "APIGroup", "apiVersion": "v1", **self._group(group)}, accept)
            case ("apis", group, version) if version in self._versions.get(group, {}):
                return _document(self._resource_list(group, version), accept)
            case _:
                return None

    @property
    def paths(self) -> list[str]:
        """Every path with a document."""
        found = ["/api", "/api/v1", "/apis"]
        for group, versions in self._versions.items():
            if group:
                found += [f"/apis/{group}", *(f"/apis/{group}/{version}" for version in versions)]
        return found

    def _core_versions(self) -> dict[str, Any]:
        address = {"clientCIDR": "0.0.0.0/0", "serverAddress": self._address}
        return {"kind": "APIVersions", "versions": list(self._versions[""]), "serverAddressByClientCIDRs": [address]}

    def _group(self, name: str) -> dict[str, Any]:
        versions = [{"groupVersion": f"{name}/{version}", "version": version} for version in self._versions[name]]
        return {"name": name, "versions": versions, "preferredVersion": versions[0]}

    def _resource_list(self, group: str, version: str) -> dict[str, Any]:
        resources = [line for one in self._versions[group][version] for line in _lines(one)]
        name = f"{group}/{version}" if group else version
        head = {"kind": "APIResourceList", "groupVersion": name, "resources": resources}
        return head if not group else {"kind": "APIResourceList", "apiVersion": "v1", **head}

    def _aggregated(self, is_core: bool, api_version: str) -> Response:
        items = []
        for group, versions in self._versions.items():
            if is_core is bool(group):
                continue
            metadata = {"creationTimestamp": None} | ({"name": group} if group else {})
            described = [
                {
                    "version": version,
                    "resources": [_aggregated_line(resource) for resource in resources],
                    "freshness": "Current",
                }
                for version, resources in versions.items()
            ]
            items.append({"metadata": metadata, "versions": described})
        body = encode({
            "kind": "APIGroupDiscoveryList", "apiVersion": f"apidiscovery.k8s.io/{api_version}",
            "metadata": {}, "items": items,
        })  # fmt: skip
        headers = (CACHE_CONTROL, ("Content-Type", AGGREGATED.format(api_version)), ("Vary", "Accept"))
        return Response(200, headers, body)


def _grouped(resources: Sequence[Resource]) -> dict[str, dict[str, list[Resource]]]:
    made: dict[str, dict[str, list[Resource]]] = {}
    for resource in sorted(resources, key=lambda one: (_rank(one.group), one.plural)):
        made.setdefault(resource.group, {}).setdefault(resource.version, []).append(resource)
    return {
        group: dict(sorted(versions.items(), key=lambda one: version_rank(one[0]), reverse=True))
        for group, versions in made.items()
    }


def _rank(group: str) -> tuple[int, str]:
    return (GROUP_ORDER.index(group) if group in GROUP_ORDER else len(GROUP_ORDER), group)


def _document(body: dict[str, Any], accept: str) -> Response:
    media_type = negotiate(accept, Endpoint.DISCOVERY).media_type
    return object_answer(200, encode(body), DOCUMENTS[body["kind"]], media_type, (("Vary", "Accept"),))


def _aggregated_version(accept: str) -> str:
    """The aggregated form is used only by clients that name it before the plain one."""
    for clause in accept.split(","):
        words = {word.strip() for word in clause.split(";")}
        if {"g=apidiscovery.k8s.io", "as=APIGroupDiscoveryList"} <= words:
            for version in ("v2", "v2beta1"):
                if f"v={version}" in words:
                    return version
        elif words & {"application/json", "*/*"}:
            return ""
    return ""


def _lines(resource: Resource) -> list[dict[str, Any]]:
    main: dict[str, Any] = {
        "name": resource.plural, "singularName": resource.singular, "namespaced": resource.namespaced,
        "kind": resource.kind, "verbs": sorted(resource.verbs),
    }  # fmt: skip
    if resource.short_names:
        main["shortNames"] = list(resource.short_names)
    if resource.categories:
        main["categories"] = list(resource.categories)
    lines = [main]
    for sub in sorted(resource.subresources, key=lambda one: one.name):
        line: dict[str, Any] = {
            "name": f"{resource.plural}/{sub.name}", "singularName": "", "namespaced": resource.namespaced,
        }  # fmt: skip
        gvk = sub.kind.__facts__.gvk
        if gvk is not None and gvk != resource.gvk and (gvk.group, gvk.version) != (resource.group, resource.version):
            line |= {"group": gvk.group, "version": gvk.version}
        lines.append(line | {"kind": gvk.kind if gvk else "", "verbs": sorted(sub.verbs)})
    return lines


def _aggregated_line(resource: Resource) -> dict[str, Any]:
    line: dict[str, Any] = {
        "resource": resource.plural,
        "responseKind": {"group": resource.group, "version": resource.version, "kind": resource.kind},
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": sorted(resource.verbs),
    }
    if resource.short_names:
        line["shortNames"] = list(resource.short_names)
    if resource.categories:
        line["categories"] = list(resource.categories)
    if resource.subresources:
        line["subresources"] = [
            {
                "subresource": sub.name,
                "responseKind": {"group": gvk.group, "version": gvk.version, "kind": gvk.kind},
                "verbs": sorted(sub.verbs),
            }
            for sub in sorted(resource.subresources, key=lambda one: one.name)
            if (gvk := sub.kind.__facts__.gvk) is not None
        ]
    return line
