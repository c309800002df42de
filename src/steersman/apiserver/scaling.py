"""What every Scale has of its parent."""

from steersman.api.meta import Kind, ObjectMeta


def identity(parent: Kind) -> ObjectMeta:
    """The parent's identity, without its labels and annotations. Source: storage.ScaleREST."""
    meta = parent.metadata
    return ObjectMeta(
        name=meta.name,
        namespace=meta.namespace,
        uid=meta.uid,
        resourceVersion=meta.resourceVersion,
        creationTimestamp=meta.creationTimestamp,
    )
