"""The paths of an OpenAPI version 2 document: what can be done with each line of a resource table.

Source: apiserver/pkg/endpoints/installer.go: operation ids, actions, parameters.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from steersman.apimachinery.object import GroupVersionKind, Object
from steersman.apimachinery.openapi.schemas import PATCH, Definitions, definition_name, gvk_entry

PRODUCED = ("application/json", "application/yaml")
STREAMED = (*PRODUCED, "application/json;stream=watch")
PATCH_TYPES = (
    "application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
)  # fmt: skip
# Streams are listed under the kind of their options, so that nobody takes a proxied PATCH for the pod's own.
CONNECTED = {
    "attach": "AttachOptions", "exec": "ExecOptions", "portforward": "PortForwardOptions", "proxy": "ProxyOptions",
}  # fmt: skip


class SubresourceLine(Protocol):
    """A subresource, as the table has it."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def kind(self) -> type[Object]: ...  # noqa: D102
    @property
    def verbs(self) -> tuple[str, ...]: ...  # noqa: D102


class ResourceLine(Protocol):
    """A line of the resource table."""

    @property
    def object_type(self) -> type[Object]: ...  # noqa: D102
    @property
    def plural(self) -> str: ...  # noqa: D102
    @property
    def namespaced(self) -> bool: ...  # noqa: D102
    @property
    def verbs(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def gvk(self) -> GroupVersionKind: ...  # noqa: D102
    @property
    def subresources(self) -> Sequence[SubresourceLine]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class MetaTypes:
    """The types of meta/v1 that every path needs; apimachinery knows no kind of its own."""

    delete_options: type[Object]
    status: type[Object]
    list_meta: type[Object]


def _query(name: str, type_: str, description: str) -> dict[str, Any]:
    return {"description": description, "in": "query", "name": name, "type": type_, "uniqueItems": True}


def _in_path(name: str, description: str) -> dict[str, Any]:
    return {
        "description": description, "in": "path", "name": name, "required": True, "type": "string", "uniqueItems": True,
    }  # fmt: skip


PRETTY = _query("pretty", "string", "If 'true', the output is indented.")
DRY_RUN = _query("dryRun", "string", "All: go through every stage, but store nothing.")
MANAGER = _query("fieldManager", "string", "Who is making these changes.")
VALIDATION = _query("fieldValidation", "string", "About unknown and duplicate fields: Ignore, Warn or Strict.")
FORCE = _query("force", "boolean", "Take fields over from other managers; only when applying.")
WRITING = (DRY_RUN, MANAGER, VALIDATION)
LISTING = (
    _query("allowWatchBookmarks", "boolean", "Send events of type BOOKMARK."),
    _query("continue", "string", "The token a previous page ended with."),
    _query("fieldSelector", "string", "Only objects whose fields match."),
    _query("labelSelector", "string", "Only objects whose labels match."),
    _query("limit", "integer", "At most so many objects a page."),
    _query("resourceVersion", "string", "How new the data must be."),
    _query("resourceVersionMatch", "string", "How resourceVersion is applied."),
    _query("sendInitialEvents", "boolean", "Begin a watch with the objects there are."),
    _query("timeoutSeconds", "integer", "End the call after so long."),
    _query("watch", "boolean", "Follow changes instead of listing."),
)
DELETING = (
    DRY_RUN,
    _query("gracePeriodSeconds", "integer", "How long the object may take to go; zero means at once."),
    _query("ignoreStoreReadErrorWithClusterBreakingPotential", "boolean", "Delete what can't be read any more."),
    _query("orphanDependents", "boolean", "Deprecated: use propagationPolicy."),
    _query("propagationPolicy", "string", "What becomes of dependents: Orphan, Background or Foreground."),
)


def build_paths(resources: Iterable[ResourceLine], definitions: Definitions, meta: MetaTypes) -> dict[str, Any]:
    """All paths; the definitions they refer to are added to `definitions`."""
    paths: dict[str, Any] = {}
    for resource in resources:
        paths |= _ResourcePaths(resource, definitions, meta).build()
    return paths


def group_name(group: str) -> str:
    """`core`, `apps`, `rbacAuthorization`: the group in tags and operation ids."""
    first, *rest = (group.removesuffix(".k8s.io") or "core").split(".")
    return first + "".join(part.capitalize() for part in rest)


def base_path(gvk: GroupVersionKind) -> str:
    """`/api/v1` or `/apis/apps/v1`."""
    return f"/apis/{gvk.group}/{gvk.version}" if gvk.group else f"/api/{gvk.version}"


def _put(paths: dict[str, Any], path: str, found: dict[str, Any], parameters: Sequence[dict[str, Any]]) -> None:
    if found:
        paths[path] = found | {"parameters": list(parameters)}


class _ResourcePaths:
    """The paths of one resource."""

    def __init__(self, resource: ResourceLine, definitions: Definitions, meta: MetaTypes) -> None:
        self._resource = resource
        self._definitions = definitions
        self._meta = meta
        self._gvk = resource.gvk
        name = group_name(resource.gvk.group)
        self._tag = f"{name}_{resource.gvk.version}"
        self._stem = f"{name[0].upper()}{name[1:]}{resource.gvk.version.capitalize()}"
        self._scope = "Namespaced" if resource.namespaced else ""
        definitions.add((resource.object_type, meta.delete_options, meta.status))

    def build(self) -> dict[str, Any]:
        resource, base = self._resource, base_path(self._gvk)
        place = (_in_path("namespace", "The namespace."),) if resource.namespaced else ()
        collection = f"{base}/namespaces/{{namespace}}/{resource.plural}" if place else f"{base}/{resource.plural}"
        name = _in_path("name", f"The name of the {self._gvk.kind}.")
        paths: dict[str, Any] = {}
        _put(paths, collection, self._collection(), (*place, PRETTY))
        _put(paths, f"{collection}/{{name}}", self._item(), (name, *place, PRETTY))
        if place and "list" in resource.verbs:
            everywhere = {"get": self._list(f"list{self._stem}{self._gvk.kind}ForAllNamespaces")}
            _put(paths, f"{base}/{resource.plural}", everywhere, (PRETTY,))
        for sub in resource.subresources:
            _put(paths, f"{collection}/{{name}}/{sub.name}", self._subresource(sub), (name, *place, PRETTY))
        return paths

    def _put(
        self, paths: dict[str, Any], path: str, found: dict[str, Any], parameters: Sequence[dict[str, Any]]
    ) -> None:
        if found:
            paths[path] = found | {"parameters": list(parameters)}

    def _collection(self) -> dict[str, Any]:
        kind, verbs, made = self._gvk.kind, self._resource.verbs, {}
        if "list" in verbs:
            made["get"] = self._list(f"list{self._stem}{self._scope}{kind}")
        if "create" in verbs:
            made["post"] = self._write("post", f"create{self._stem}{self._scope}{kind}", self._resource.object_type)
        if "deletecollection" in verbs:
            operation_id = f"delete{self._stem}Collection{self._scope}{kind}"
            parameters = (self._body(definition_name(self._meta.delete_options), False), *DELETING, *LISTING[1:9])
            made["delete"] = self._operation("deletecollection", operation_id, parameters, self._meta.status)
        return made

    def _item(self) -> dict[str, Any]:
        kind, verbs, made = self._gvk.kind, self._resource.verbs, {}
        suffix, wanted = f"{self._stem}{self._scope}{kind}", self._resource.object_type
        if "get" in verbs:
            made["get"] = self._operation("get", f"read{suffix}", (), wanted)
        if "update" in verbs:
            made["put"] = self._write("put", f"replace{suffix}", wanted)
        if "patch" in verbs:
            made["patch"] = self._patch(f"patch{suffix}", wanted)
        if "delete" in verbs:
            parameters = (self._body(definition_name(self._meta.delete_options), False), *DELETING)
            made["delete"] = self._operation("delete", f"delete{suffix}", parameters, self._meta.status)
        return made

    def _subresource(self, sub: SubresourceLine) -> dict[str, Any]:
        if sub.name not in CONNECTED:
            # Options of connections are query parameters: upstream publishes no definition of them.
            self._definitions.add((sub.kind,))
        suffix = f"{self._scope}{self._gvk.kind}{sub.name[0].upper()}{sub.name[1:]}"
        methods = {"get": "get", "create": "post", "update": "put", "patch": "patch", "delete": "delete"}
        made: dict[str, Any] = {}
        for verb in sub.verbs:
            method = methods[verb]
            if sub.name in CONNECTED:
                operation_id = f"connect{self._stem}{method.capitalize()}{suffix}"
                made[method] = self._operation("connect", operation_id, (), None)
                made[method]["x-kubernetes-group-version-kind"] = gvk_entry(
                    replace(self._gvk, kind=self._gvk.kind + CONNECTED[sub.name])
                )
            elif verb == "get":
                wanted = None if sub.name == "log" else sub.kind
                made[method] = self._operation("get", f"read{self._stem}{suffix}", (), wanted)
            elif verb == "patch":
                made[method] = self._patch(f"patch{self._stem}{suffix}", sub.kind)
            else:
                action = "create" if verb == "create" else "replace"
                made[method] = self._write(method, f"{action}{self._stem}{suffix}", sub.kind)
        return made

    def _list(self, operation_id: str) -> dict[str, Any]:
        name = self._definitions.add_list(self._resource.object_type, self._meta.list_meta)
        made = self._operation("list", operation_id, LISTING, None)
        made["responses"]["200"]["schema"] = self._definitions.ref_to(name)
        return made | {"produces": list(STREAMED)}

    def _write(self, action: str, operation_id: str, wanted: type[Object]) -> dict[str, Any]:
        body = self._body(definition_name(wanted), True)
        made = self._operation(action, operation_id, (body, *WRITING), wanted)
        made["responses"]["201"] = {
            "description": "Created",
            "schema": self._definitions.ref_to(definition_name(wanted)),
        }
        return made

    def _patch(self, operation_id: str, wanted: type[Object]) -> dict[str, Any]:
        body = self._body(self._definitions.define_special(PATCH), True)
        made = self._operation("patch", operation_id, (body, *WRITING, FORCE), wanted)
        return made | {"consumes": list(PATCH_TYPES)}

    def _body(self, name: str, required: bool) -> dict[str, Any]:
        made = {"in": "body", "name": "body", "schema": self._definitions.ref_to(name)}
        return made | {"required": True} if required else made

    def _operation(
        self, action: str, operation_id: str, parameters: Sequence[dict[str, Any]], answer: type[Object] | None
    ) -> dict[str, Any]:
        gvk = self._gvk
        if answer is not None and answer is not self._meta.status and answer.__facts__.gvk is not None:
            gvk = answer.__facts__.gvk
        schema: dict[str, Any] = {"type": "string"}
        if answer is not None:
            schema = self._definitions.ref_to(definition_name(answer))
        return {
            "consumes": ["*/*"],
            "description": f"{action} {gvk.kind}",
            "operationId": operation_id,
            "parameters": list(parameters),
            "produces": list(PRODUCED),
            "responses": {"200": {"description": "OK", "schema": schema}, "401": {"description": "Unauthorized"}},
            "schemes": ["https"],
            "tags": [self._tag],
            "x-kubernetes-action": action,
            "x-kubernetes-group-version-kind": gvk_entry(gvk),
        }
