"""APIService: a group version that some server answers for."""

from typing import Annotated

from steersman.api.meta.kind import Kind
from steersman.apimachinery.markers import Atomic, Int32, ListMap, MergeBy, Required, Wire, always
from steersman.apimachinery.object import Object
from steersman.apimachinery.times import Time


class ServiceReference(Object, package="k8s.io.kube_aggregator.pkg.apis.apiregistration.v1"):
    """A Service of the cluster."""

    namespace: Annotated[str, Wire(1)] = ""
    name: Annotated[str, Wire(2)] = ""
    port: Annotated[Int32 | None, Wire(3)] = None


class APIServiceSpec(Object, package="k8s.io.kube_aggregator.pkg.apis.apiregistration.v1"):
    """Who answers, and what is asked first."""

    service: Annotated[ServiceReference | None, Wire(1)] = None
    group: Annotated[str, Wire(2)] = ""
    version: Annotated[str, Wire(3)] = ""
    insecureSkipTLSVerify: Annotated[bool, Wire(4)] = False
    caBundle: Annotated[bytes, Wire(5), Atomic()] = b""
    groupPriorityMinimum: Annotated[Int32, Wire(7), Required()] = always(0)
    versionPriority: Annotated[Int32, Wire(8), Required()] = always(0)


class APIServiceCondition(Object, package="k8s.io.kube_aggregator.pkg.apis.apiregistration.v1"):
    """One thing that is so, or isn't, about the API service."""

    type: Annotated[str, Wire(1), Required()] = always("")
    status: Annotated[str, Wire(2), Required()] = always("")
    lastTransitionTime: Annotated[Time | None, Wire(3)] = None
    reason: Annotated[str, Wire(4)] = ""
    message: Annotated[str, Wire(5)] = ""


class APIServiceStatus(Object, package="k8s.io.kube_aggregator.pkg.apis.apiregistration.v1"):
    """Whether it can be reached."""

    conditions: Annotated[tuple[APIServiceCondition, ...], Wire(1), MergeBy("type"), ListMap("type")] = ()


class APIService(Kind, api="apiregistration.k8s.io/v1", package="k8s.io.kube_aggregator.pkg.apis.apiregistration.v1"):
    """A group version that this server or another answers for."""

    spec: Annotated[APIServiceSpec, Wire(2)] = always(APIServiceSpec)
    status: Annotated[APIServiceStatus, Wire(3)] = always(APIServiceStatus)
