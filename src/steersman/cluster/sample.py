"""A first application: three web servers behind a Service, so that a newcomer sees something answer."""

from typing import TypeVar

from steersman.api.apps import Deployment, DeploymentSpec
from steersman.api.core import Container, ContainerPort, PodSpec, PodTemplateSpec, Service, ServicePort, ServiceSpec
from steersman.api.meta import Kind, LabelSelector, ObjectMeta
from steersman.apimachinery.status import AlreadyExists
from steersman.client.interface import Client
from steersman.cluster.images import SAMPLE_IMAGE

K = TypeVar("K", bound=Kind)

NAME, NAMESPACE, PORT = "hello", "default", 8080
LABELS = {"app": NAME}
SCRIPT = (
    f'mkdir -p /tmp/www && echo "hello from $(hostname)" > /tmp/www/index.html && exec httpd -f -p {PORT} -h /tmp/www'
)
COMMAND = ("sh", "-c", SCRIPT)


def deployment() -> Deployment:
    """Three replicas of busybox's web server."""
    container = Container(name="web", image=SAMPLE_IMAGE, command=COMMAND, ports=(ContainerPort(containerPort=PORT),))
    template = PodTemplateSpec(metadata=ObjectMeta(labels=LABELS), spec=PodSpec(containers=(container,)))
    return Deployment(
        metadata=ObjectMeta(name=NAME, namespace=NAMESPACE, labels=LABELS),
        spec=DeploymentSpec(replicas=3, selector=LabelSelector(matchLabels=LABELS), template=template),
    )


def service() -> Service:
    """A NodePort Service before them."""
    spec = ServiceSpec(type="NodePort", selector=LABELS, ports=(ServicePort(port=80, targetPort=PORT),))
    return Service(metadata=ObjectMeta(name=NAME, namespace=NAMESPACE), spec=spec)


async def apply_sample(client: Client) -> None:
    """Make both, unless they are there."""
    await _make(client, deployment())
    await _make(client, service())


async def urls(client: Client, node: str) -> tuple[str, ...]:
    """Where the sample answers: at its Service's address and on a node."""
    made = await client.get(Service, NAME, NAMESPACE)
    return (f"http://{made.spec.clusterIP}", *(f"http://{node}:{port.nodePort}" for port in made.spec.ports))


async def _make(client: Client, obj: K) -> None:
    try:
        await client.create(obj)
    except AlreadyExists:
        return
