"""networking.k8s.io over HTTP: what the server fills in, shows, warns of and refuses."""

from typing import Any

from tests.api.server import Served

GROUP = "/apis/networking.k8s.io/v1"
INGRESSES, POLICIES = f"{GROUP}/namespaces/default/ingresses", f"{GROUP}/namespaces/default/networkpolicies"
ADDRESSES, RANGES, CLASSES = f"{GROUP}/ipaddresses", f"{GROUP}/servicecidrs", f"{GROUP}/ingressclasses"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
BACKEND = {"service": {"name": "web", "port": {"number": 80}}}


def ingress(name: str, **metadata: Any) -> dict[str, Any]:
    rules = [{"host": host} for host in ("a.io", "b.io", "c.io", "d.io")]
    return {"metadata": {"name": name, **metadata}, "spec": {"rules": rules, "tls": [{}]}}


async def test_an_ingress_is_shown_with_its_hosts_and_where_it_is_reached(server: Served) -> None:
    made = await server.post(INGRESSES, ingress("a", annotations={"kubernetes.io/ingress.class": "x"}))
    assert (made.status, "is deprecated" in made.headers["warning"]) == (201, True)
    status = {"status": {"loadBalancer": {"ingress": [{"ip": "10.0.0.2"}, {"hostname": "lb.io"}]}}}
    assert (await server.patch(f"{INGRESSES}/a/status", status)).status == 200
    table = (await server.get(INGRESSES, accept=TABLE)).json
    assert [column["name"] for column in table["columnDefinitions"]] == [
        "Name", "Class", "Hosts", "Address", "Ports", "Age",
    ]  # fmt: skip
    assert [row["cells"][:5] for row in table["rows"]] == [
        ["a", "<none>", "a.io,b.io,c.io + 1 more...", "10.0.0.2,lb.io", "80, 443"]
    ]
    changed = (await server.patch(f"{INGRESSES}/a", {"spec": {"defaultBackend": BACKEND}})).json
    assert changed["metadata"]["generation"] == 2
    wrong = await server.patch(f"{INGRESSES}/a/status", {"status": {"loadBalancer": {"ingress": [{"ip": "no"}]}}})
    assert wrong.status == 422


async def test_a_policy_gets_directions_and_protocols(server: Served) -> None:
    spec = {"podSelector": {"matchLabels": {"a": "b"}}, "egress": [{"ports": [{"port": 53}]}]}
    made = (await server.post(POLICIES, {"metadata": {"name": "p"}, "spec": spec})).json
    assert made["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert made["spec"]["egress"][0]["ports"] == [{"port": 53, "protocol": "TCP"}]
    (row,) = (await server.get(POLICIES, accept=TABLE)).json["rows"]
    assert row["cells"][:2] == ["p", "a=b"]


async def test_a_class_is_shown_with_its_parameters(server: Served) -> None:
    parameters = {"apiGroup": "k.io", "kind": "P", "name": "n"}
    spec = {"controller": "k.io/c", "parameters": parameters}
    made = (await server.post(CLASSES, {"metadata": {"name": "c"}, "spec": spec})).json
    assert made["spec"]["parameters"]["scope"] == "Cluster"
    (row,) = (await server.get(CLASSES, accept=TABLE)).json["rows"]
    assert row["cells"][:3] == ["c", "k.io/c", "P.k.io/n"]


async def test_the_name_of_an_address_is_the_address(server: Served) -> None:
    parent = {"parentRef": {"resource": "services", "namespace": "default", "name": "web"}}
    for name in ("10.0.0.9", "fd00::9"):
        assert (await server.post(ADDRESSES, {"metadata": {"name": name}, "spec": parent})).status == 201
    for name, why in (
        ("web", "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"),
        ("FD00::9", 'must be in canonical form ("fd00::9")'),
    ):
        refused = await server.post(ADDRESSES, {"metadata": {"name": name}, "spec": parent})
        assert (refused.status, why in refused.json["message"]) == (422, True)
    rows = (await server.get(ADDRESSES, accept=TABLE)).json["rows"]
    assert [row["cells"] for row in rows] == [
        ["10.0.0.9", "services/default/web"],
        ["fd00::9", "services/default/web"],
    ]


async def test_through_status_nothing_of_a_ranges_metadata_changes(server: Served) -> None:
    made = await server.post(
        RANGES, {"metadata": {"name": "r", "labels": {"a": "b"}}, "spec": {"cidrs": ["10.9.0.0/24"]}}
    )
    assert made.status == 201
    condition = {"type": "Ready", "status": "True", "reason": "R", "lastTransitionTime": "2026-01-01T00:00:00Z"}
    change = {"metadata": {"labels": {"a": "c"}}, "status": {"conditions": [{**condition, "message": ""}]}}
    changed = (await server.patch(f"{RANGES}/r/status", change)).json
    assert changed["metadata"]["labels"] == {"a": "b"}
    assert changed["status"]["conditions"][0]["type"] == "Ready"
    assert {entry["subresource"] for entry in changed["metadata"]["managedFields"] if "subresource" in entry} == {
        "status"
    }
