"""What the name of an image says of how it is pulled.

Source: pkg/util/parsers: ParseImageName; pkg/apis/core/v1/defaults.go: SetDefaults_Container.
"""


def default_image_pull_policy(image: str) -> str:
    """Always for `latest`, which a missing tag means; IfNotPresent for any other tag and for digests."""
    reference, _, digest = image.partition("@")
    tag = reference.rpartition("/")[2].partition(":")[2]
    return "Always" if not digest and tag in ("", "latest") else "IfNotPresent"
