"""Image references in full, as runtimes write them."""

_REGISTRY = "docker.io"
_LIBRARY = "library"


def full_reference(image: str) -> str:
    """The reference with registry and tag: `busybox` is docker.io/library/busybox:latest.

    An image id (`sha256:...`) stays as it is. Source: distribution/reference, normalized names.
    """
    if image.startswith("sha256:"):
        return image
    first, slash, _ = image.partition("/")
    if not slash:
        image = f"{_REGISTRY}/{_LIBRARY}/{image}"
    elif not ("." in first or ":" in first or first == "localhost"):
        image = f"{_REGISTRY}/{image}"
    if "@" in image or ":" in image.rsplit("/", 1)[1]:
        return image
    return f"{image}:latest"
