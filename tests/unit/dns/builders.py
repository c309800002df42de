"""Services and slices, short to write."""

from steersman.api.core import Service, ServicePort, ServiceSpec
from steersman.api.discovery import Endpoint, EndpointConditions, EndpointPort, EndpointSlice
from steersman.api.meta import ObjectMeta
from steersman.dns.zone import Zone

HTTP = ServicePort(name="http", protocol="TCP", port=80)


def service(name: str, namespace: str = "default", **spec: object) -> Service:
    given = {"clusterIP": "10.96.0.1", "ports": (HTTP,), **spec}
    return Service(metadata=ObjectMeta(name=name, namespace=namespace), spec=ServiceSpec(**given))  # type: ignore[arg-type]


def endpoint(*addresses: str, hostname: str | None = None, ready: bool | None = True) -> Endpoint:
    return Endpoint(addresses=addresses, hostname=hostname, conditions=EndpointConditions(ready=ready))


def endpoint_slice(of: str, *endpoints: Endpoint, number: int = 0, namespace: str = "default") -> EndpointSlice:
    labels = {"kubernetes.io/service-name": of}
    return EndpointSlice(
        metadata=ObjectMeta(name=f"{of}-{number}", namespace=namespace, labels=labels),
        addressType="IPv4",
        endpoints=endpoints,
        ports=(EndpointPort(name="http", protocol="TCP", port=8080),),
    )


def cluster_zone() -> Zone:
    """A zone with a Service of each sort."""
    zone = Zone("cluster.local", 7)
    zone.set_namespaces(("default", "kube-system", "empty"))
    zone.put_service(service("web"), (endpoint_slice("web", endpoint("10.244.0.9")),))
    zone.put_service(service("dual", clusterIP="10.96.0.2", clusterIPs=("10.96.0.2", "fd00::2")), ())
    zone.put_service(
        service("peers", clusterIP="None"),
        (
            endpoint_slice("peers", endpoint("10.244.0.5", hostname="peers-0"), endpoint("10.244.0.6")),
            endpoint_slice("peers", endpoint("10.244.0.7", ready=False), endpoint("fd00::5"), number=1),
        ),
    )
    unready = endpoint_slice("early", endpoint("10.244.0.8", hostname="early-0", ready=False))
    zone.put_service(service("early", clusterIP="None", publishNotReadyAddresses=True), (unready,))
    zone.put_service(service("lonely", clusterIP="None"), ())
    zone.put_service(external("there", "www.example.com"), ())
    zone.put_service(external("alias", "web.default.svc.cluster.local"), ())
    zone.put_service(external("circle", "circle.default.svc.cluster.local"), ())
    zone.put_service(external("lost", "gone.default.svc.cluster.local"), ())
    zone.put_service(external("address", "192.0.2.1"), ())
    zone.put_service(service("kube-dns", "kube-system", clusterIP="10.96.0.10"), ())
    return zone


def external(name: str, target: str) -> Service:
    return service(name, type="ExternalName", clusterIP="", externalName=target, ports=())
