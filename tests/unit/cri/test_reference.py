"""Image references in full."""

import pytest

from steersman.cri.reference import full_reference

DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("written", "full"),
    [
        ("busybox", "docker.io/library/busybox:latest"),
        ("busybox:1", "docker.io/library/busybox:1"),
        ("team/app", "docker.io/team/app:latest"),
        ("localhost/app", "localhost/app:latest"),
        ("registry:5000/app", "registry:5000/app:latest"),
        ("example.com/app@" + DIGEST, "example.com/app@" + DIGEST),
        (DIGEST, DIGEST),
    ],
)
def test_registry_and_tag_are_filled_in_as_runtimes_do(written: str, full: str) -> None:
    assert full_reference(written) == full
