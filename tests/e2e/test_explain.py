"""kubectl explain, from what the server publishes of its types."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.e2e.conftest import Cluster

AT_ONCE = 4


def test_every_kind_is_explained_with_all_its_fields(control_plane: Cluster, newest: Path) -> None:
    """Every kind that is listed, in its group and version, down to its leaves."""

    def explained(kind: tuple[str, str, str]) -> str:
        name, version, singular = kind
        return control_plane.kubectl(newest, "explain", name, "--recursive", f"--api-version={version}") or singular

    kinds = served(control_plane, newest)
    assert len(kinds) > 60
    with ThreadPoolExecutor(AT_ONCE) as pool:
        texts = dict(zip(kinds, pool.map(explained, kinds), strict=True))
    for (_, version, kind), text in texts.items():
        group, _, number = version.rpartition("/")
        assert f"KIND:       {kind}\nVERSION:    {number}\n" in text
        assert (f"GROUP:      {group}\n" in text) == bool(group)
        assert "FIELDS:\n" in text
        assert "\n  apiVersion\t<string>\n" in text
        assert "DESCRIPTION:\n    <empty>" not in text
    pods = next(text for (name, *_), text in texts.items() if name == "pods")
    assert "            matchExpressions\t<[]LabelSelectorRequirement>\n" in pods


def served(cluster: Cluster, kubectl: Path) -> list[tuple[str, str, str]]:
    """Resource, group and version, kind: of all that is served."""
    found = []
    groups = json.loads(cluster.kubectl(kubectl, "get", "--raw", "/apis"))["groups"]
    versions = ["v1", *(version["groupVersion"] for group in groups for version in group["versions"])]
    for version in versions:
        path = f"/api/{version}" if version == "v1" else f"/apis/{version}"
        listed = json.loads(cluster.kubectl(kubectl, "get", "--raw", path))["resources"]
        found += [(one["name"], version, one["kind"]) for one in listed if "/" not in one["name"]]
    return found
