"""Discovery: which groups, versions and resources are served, one document each or all in one.

Source: apiserver/pkg/endpoints/discovery; KEP-3352 for the aggregated form.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Protocol

from steersman.api.meta import APIGroup, APIGroupList, APIResourceList, APIVersions
from steersman.api.resources import Resource
from steersman.apimachinery.codec.json import encode
from steersman.apimachinery.object import Object
from steersman.apiserver.aggregator.aggregated import aggregated_resources
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


class Others(Protocol):
    """What other servers answer for."""

    @property
    def groups(self) -> Mapping[str, tuple[int, list[tuple[int, str]]]]:
        """Groups with their priority, and their versions with theirs."""
        ...

    async def resources(self) -> Mapping[tuple[str, str], list[dict[str, Any]] | None]:
        """The lines of each group version's APIResourceList; None where the server doesn't answer."""
        ...


class NoOthers:
    """This server is alone."""

    @property
    def groups(self) -> Mapping[str, tuple[int, list[tuple[int, str]]]]:
        """None."""
        return {}

    async def resources(self) -> Mapping[tuple[str, str], list[dict[str, Any]] | None]:
        """None."""
        return {}


class Discovery:
    """The documents about what is served now."""

    def __init__(self, table: ResourceTable, address: str, others: Others | None = None) -> None:
        self._table = table
        self._address = address
        self._others = others or NoOthers()
        self._generation = -1
        self._grouped: dict[str, dict[str, list[Resource]]] = {}

    @property
    def _versions(self) -> dict[str, dict[str, list[Resource]]]:
        """The resources by group and version, in upstream's order."""
        if self._generation != self._table.generation:
            self._generation, self._grouped = self._table.generation, _grouped(self._table.all)
        return self._grouped

    async def answer(self, path: str, accept: str) -> Response | None:
        """The document at a path; None when there is nothing."""
        parts = tuple(part for part in path.split("/") if part)
        if parts in (("api",), ("apis",)):
            version = _aggregated_version(accept)
            if version:
                return await self._aggregated(parts[0] == "api", version)
        match parts:
            case ("api",):
                return _document(self._core_versions(), accept)
            case ("api", version) if version in self._versions.get("", {}):
                return _document(self._resource_list("", version), accept)
            case ("apis",):
                groups = [self._group(name) for name in self._group_names if name]
                return _document({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}, accept)
            case ("apis", group) if group in self._versions or group in self._others.groups:
                return _document({"kind": "APIGroup", "apiVersion": "v1", **self._group(group)}, accept)
            case ("apis", group, version) if version in self._versions.get(group, {}):
                return _document(self._resource_list(group, version), accept)
            case _:
                return None

    @property
    def paths(self) -> list[str]:
        """Every path with a document."""
        found = ["/api", "/api/v1", "/apis"]
        for group in self._group_names:
            if group:
                found += [f"/apis/{group}", *(f"/apis/{group}/{version}" for version in self._version_names(group))]
        return found

    @property
    def _group_names(self) -> list[str]:
        """This server's groups, then those of others by their priority."""
        own, others = self._versions, self._others.groups
        added = sorted((name for name in others if name not in own), key=lambda name: (-others[name][0], name))
        return [*own, *added]

    def _version_names(self, group: str) -> list[str]:
        """This server's versions of a group, then those of others by their priority."""
        own, others = self._versions.get(group, {}), self._others.groups.get(group, (0, []))[1]
        ranked = sorted(others, key=lambda one: (one[0], version_rank(one[1])), reverse=True)
        return [*own, *(version for _, version in ranked if version not in own)]

    def _core_versions(self) -> dict[str, Any]:
        address = {"clientCIDR": "0.0.0.0/0", "serverAddress": self._address}
        return {"kind": "APIVersions", "versions": list(self._versions[""]), "serverAddressByClientCIDRs": [address]}

    def _group(self, name: str) -> dict[str, Any]:
        versions = [{"groupVersion": f"{name}/{version}", "version": version} for version in self._version_names(name)]
        return {"name": name, "versions": versions, "preferredVersion": versions[0]}

    def _resource_list(self, group: str, version: str) -> dict[str, Any]:
        resources = [line for one in self._versions[group][version] for line in _lines(one)]
        name = f"{group}/{version}" if group else version
        head = {"kind": "APIResourceList", "groupVersion": name, "resources": resources}
        return head if not group else {"kind": "APIResourceList", "apiVersion": "v1", **head}

    async def _aggregated(self, is_core: bool, api_version: str) -> Response:
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
        if not is_core and self._others.groups:
            items = _joined(items, await self._others_described(), self._group_names)
        body = encode({
            "kind": "APIGroupDiscoveryList", "apiVersion": f"apidiscovery.k8s.io/{api_version}",
            "metadata": {}, "items": items,
        })  # fmt: skip
        headers = (CACHE_CONTROL, ("Content-Type", AGGREGATED.format(api_version)), ("Vary", "Accept"))
        return Response(200, headers, body)

    async def _others_described(self) -> dict[str, list[dict[str, Any]]]:
        """The versions of other servers' groups; what isn't known is told as stale."""
        found = await self._others.resources()
        described: dict[str, list[dict[str, Any]]] = {}
        for (group, version), lines in found.items():
            entry: dict[str, Any] = {"version": version}
            if lines is not None:
                entry["resources"] = aggregated_resources(group, version, lines)
            entry["freshness"] = "Stale" if lines is None else "Current"
            described.setdefault(group, []).append(entry)
        for group, versions in described.items():
            versions.sort(key=partial(_place, self._version_names(group)))
        return described


def _place(order: Sequence[str], entry: Mapping[str, Any]) -> int:
    return order.index(entry["version"])


def _joined(
    items: list[dict[str, Any]], others: Mapping[str, list[dict[str, Any]]], order: Sequence[str]
) -> list[dict[str, Any]]:
    by_name = {item["metadata"]["name"]: item for item in items}
    for group, versions in others.items():
        item = by_name.setdefault(group, {"metadata": {"creationTimestamp": None, "name": group}, "versions": []})
        item["versions"] += versions
    return [by_name[name] for name in order if name in by_name]


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
