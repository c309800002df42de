"""CustomResourceDefinition: a kind that users define."""

from typing import Annotated

from steersman.api.apiextensions.jsonschema import JSONSchemaProps
from steersman.api.meta.kind import Kind
from steersman.apimachinery.markers import Atomic, Int32, Int64, ListMap, Required, Wire, always
from steersman.apimachinery.object import Object
from steersman.apimachinery.times import Time


class ServiceReference(Object, package="k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1"):
    """A Service of the cluster."""

    namespace: Annotated[str, Wire(1), Required()] = always("")
    name: Annotated[str, Wire(2), Required()] = always("")
    path: Annotated[str | None, Wire(3)] = None
    port: Annotated[Int32 | None, Wire(4)] = None


class WebhookClientConfig(Object, package="k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1"):
    """How to reach a webhook: by URL or by Service."""

    url: Annotated[str | None, Wire(3)] = None
    service: Annotated[ServiceReference | None, Wire(1)] = None
    caBundle: Annotated[bytes, Wire(2)] = b""


class WebhookConversion(Object, package="k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1"):
    """The webhook that converts between versions."""

    clientConfig: Annotated[WebhookClientConfig | None, Wire(2)] = None
    conversionReviewVersions: Annotated[tuple[str, ...], Wire(3), Required(), Atomic()] = always(())


class CustomResourceConversion(Object, package="k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1"):
    """How objects get from one version to another."""

    strategy: Annotated[str, Wire(1), Required()] = always("")
    webhook: Annotated[WebhookConversion | None, Wire(2)] = None


class CustomResourceDefinitionNames(Object, package="k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1"):
    """What the kind and its resource are called."""

    plural: Annotated[str, Wire(1), Required()] = always("")
    singular: Annotated[str, Wire(2)] = ""
    shortNames: Annotated[tuple[str, ...], Wire(3), Atomic()] = ()
    kind: Annotated[str, Wire(4), Required()] = always("")
    listKind: Annotated[str, Wire(5)] = ""
    categories: Annotated[tuple[str, ...], Wire(6), Atomic()] = ()


class CustomResourceColumnDefinition(Object, package="k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1"):
    """A column of `kubectl get`."""

    name: Annotated[str, Wire(1), Required()] = always("")
    type: Annotated[str, Wire(2), Required()] = always("")
    format: Annotated[str, Wire(3)] = ""
    description: Annotated[str, Wire(4)] = ""
    priority: Annotated[Int32, Wire(5)] = 0
    jsonPath: Annotated[str, Wire(6), Required()] = always("")


class CustomResourceSubresourceScale(Object, package="k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1"):
    """Where the numbers of `scale` stand in an object."""

    specReplicasPath: Annotated[str, Wire(1), Required()] = always("")
    statusReplicasPath: Annotated[str, Wire(2), Required()] = always("")
    labelSelectorPath: Annotated[str | None, Wire(3)] = None


class CustomResourceSubresourceStatus(Object, package="k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1"):
    """There is a status of its own; nothing to say about it."""


class CustomResourceSubresources(Object, package="k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1"):
    """The subresources of a version."""

    status: Annotated[CustomResourceSubresourceStatus | None, Wire(1)] = None
    scale: Annotated[CustomResourceSubresourceScale | None, Wire(2)] = None


class CustomResourceValidation(Object, package="k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1"):
    """What objects of a version must look like."""

    openAPIV3Schema: Annotated[JSONSchemaProps | None, Wire(1)] = None


class SelectableField(Object, package="k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1"):
    """A field that field selectors may ask for."""

    jsonPath: Annotated[str, Wire(1), Required()] = always("")


class CustomResourceDefinitionVersion(Object, package="k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1"):
    """One version of the kind."""

    name: Annotated[str, Wire(1), Required()] = always("")
    served: Annotated[bool, Wire(2), Required()] = always(False)
    storage: Annotated[bool, Wire(3), Required()] = always(False)
    deprecated: Annotated[bool, Wire(7)] = False
    deprecationWarning: Annotated[str | None, Wire(8)] = None
    schema: Annotated[CustomResourceValidation | None, Wire(4)] = None
    subresources: Annotated[CustomResourceSubresources | None, Wire(5)] = None
    additionalPrinterColumns: Annotated[tuple[CustomResourceColumnDefinition, ...], Wire(6), Atomic()] = ()
    selectableFields: Annotated[tuple[SelectableField, ...], Wire(9), Atomic()] = ()


class CustomResourceDefinitionSpec(Object, package="k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1"):
    """The kind that is wanted."""

    group: Annotated[str, Wire(1), Required()] = always("")
    names: Annotated[CustomResourceDefinitionNames, Wire(3), Required()] = always(CustomResourceDefinitionNames)
    scope: Annotated[str, Wire(4), Required()] = always("")
    versions: Annotated[tuple[CustomResourceDefinitionVersion, ...], Wire(7), Required(), Atomic()] = always(())
    conversion: Annotated[CustomResourceConversion | None, Wire(9)] = None
    preserveUnknownFields: Annotated[bool, Wire(10)] = False


class CustomResourceDefinitionCondition(Object, package="k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1"):
    """One thing that is so, or isn't, about the definition."""

    type: Annotated[str, Wire(1), Required()] = always("")
    status: Annotated[str, Wire(2), Required()] = always("")
    lastTransitionTime: Annotated[Time | None, Wire(3)] = None
    reason: Annotated[str, Wire(4)] = ""
    message: Annotated[str, Wire(5)] = ""
    observedGeneration: Annotated[Int64, Wire(6)] = 0


class CustomResourceDefinitionStatus(Object, package="k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1"):
    """What has been accepted."""

    conditions: Annotated[tuple[CustomResourceDefinitionCondition, ...], Wire(1), ListMap("type")] = always(())
    acceptedNames: Annotated[CustomResourceDefinitionNames, Wire(2)] = always(CustomResourceDefinitionNames)
    storedVersions: Annotated[tuple[str, ...], Wire(3), Atomic()] = always(())
    observedGeneration: Annotated[Int64, Wire(4)] = 0


class CustomResourceDefinition(
    Kind, api="apiextensions.k8s.io/v1", package="k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1"
):
    """A kind that users define."""

    spec: Annotated[CustomResourceDefinitionSpec, Wire(2), Required()] = always(CustomResourceDefinitionSpec)
    status: Annotated[CustomResourceDefinitionStatus, Wire(3)] = always(CustomResourceDefinitionStatus)
