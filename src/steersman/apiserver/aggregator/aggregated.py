"""A group version's list of resources in the form of aggregated discovery.

Source: client-go/discovery; apiserver/pkg/endpoints/discovery/aggregated: ConvertGroupVersionIntoToDiscovery.
"""

from collections.abc import Mapping, Sequence
from typing import Any


def aggregated_resources(group: str, version: str, lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The lines of an APIResourceList, subresources below their parents."""
    made: dict[str, dict[str, Any]] = {}
    for line in lines:
        name = str(line.get("name", ""))
        kind = {
            "group": line.get("group") or group,
            "version": line.get("version") or version,
            "kind": line.get("kind", ""),
        }
        parent, slash, subresource = name.partition("/")
        entry = made.setdefault(parent, _entry(parent, line))
        if slash:
            below = {"subresource": subresource, "responseKind": kind, "verbs": list(line.get("verbs") or ())}
            entry.setdefault("subresources", []).append(below)
            continue
        entry |= {
            "responseKind": kind,
            "singularResource": line.get("singularName", ""),
            "verbs": list(line.get("verbs") or ()),
        }
        entry |= {field: list(line[field]) for field in ("shortNames", "categories") if line.get(field)}
    return list(made.values())


def _entry(name: str, line: Mapping[str, Any]) -> dict[str, Any]:
    return {"resource": name, "scope": "Namespaced" if line.get("namespaced") else "Cluster", "verbs": []}
