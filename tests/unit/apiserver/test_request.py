import pytest

from steersman.apiserver.request import Query, read_request


@pytest.mark.parametrize(
    ("method", "target", "expected"),
    [
        ("GET", "/api/v1/pods", ("list", "", "v1", "", "pods", "", "")),
        ("GET", "/api/v1/namespaces/n/pods/p", ("get", "", "v1", "n", "pods", "", "p")),
        ("GET", "/api/v1/namespaces/n/pods/p/log", ("get", "", "v1", "n", "pods", "log", "p")),
        ("POST", "/apis/apps/v1/namespaces/n/deployments", ("create", "apps", "v1", "n", "deployments", "", "")),
        ("GET", "/api/v1/namespaces/n", ("get", "", "v1", "n", "namespaces", "", "n")),
        ("PUT", "/api/v1/namespaces/n/finalize", ("update", "", "v1", "n", "namespaces", "finalize", "n")),
        ("GET", "/api/v1/watch/pods", ("watch", "", "v1", "", "pods", "", "")),
        ("GET", "/api/v1/pods?watch=true", ("watch", "", "v1", "", "pods", "", "")),
        ("GET", "/api/v1/pods?watch=false", ("list", "", "v1", "", "pods", "", "")),
        ("GET", "/api/v1/pods?fieldSelector=metadata.name%3Dp", ("list", "", "v1", "", "pods", "", "p")),
        ("DELETE", "/api/v1/namespaces/n/pods", ("deletecollection", "", "v1", "n", "pods", "", "")),
        ("HEAD", "/api/v1/nodes/n", ("get", "", "v1", "", "nodes", "", "n")),
    ],
)
def test_resource_requests_are_read_by_upstreams_rules(method: str, target: str, expected: tuple[str, ...]) -> None:
    path, _, query = target.partition("?")
    info = read_request(method, path, Query(query))
    assert info.is_resource
    found = (info.verb, info.group, info.version, info.namespace, info.resource, info.subresource, info.name)
    assert found == expected


@pytest.mark.parametrize("path", ["/", "/api", "/api/v1", "/apis/apps", "/apis/apps/v1", "/healthz", "/version"])
def test_other_paths_are_no_resources(path: str) -> None:
    info = read_request("GET", path, Query(""))
    assert (info.is_resource, info.verb, info.path) == (False, "get", path)


def test_what_follows_a_proxy_is_kept() -> None:
    info = read_request("GET", "/api/v1/namespaces/n/services/s:80/proxy/a/b", Query(""))
    assert (info.name, info.subresource, info.rest) == ("s:80", "proxy", "a/b")
