"""What is shown of an object to clients that want its metadata alone."""

from steersman.api.meta.kind import Kind


class PartialObjectMetadata(Kind, api="meta.k8s.io/v1", package="k8s.io.apimachinery.pkg.apis.meta.v1"):
    """An object of any kind without what is its kind's own."""
