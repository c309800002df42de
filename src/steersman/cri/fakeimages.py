"""The images of the fake runtime: names and digests, without any content."""

import hashlib
from collections.abc import Iterable
from datetime import datetime

from steersman.cri.records import Image
from steersman.cri.reference import full_reference
from steersman.cri.stats import FilesystemIdentifier, FilesystemUsage

_SIZE = 1 << 20


class FakeImages:
    """The images on a fake node, by their full reference."""

    def __init__(self, images: Iterable[str]) -> None:
        """Start with these."""
        self._images: dict[str, Image] = {}
        for image in images:
            self.add(image)

    def add(self, image: str) -> Image:
        """Put an image on the node."""
        reference = full_reference(image)
        digest = "sha256:" + hashlib.sha256(reference.encode()).hexdigest()
        name = reference.partition("@")[0].rsplit(":", 1)[0]
        made = Image(digest, (reference,), (f"{name}@{digest}",), _SIZE)
        self._images[reference] = made
        return made

    def find(self, image: str) -> Image | None:
        """The image by reference, digest reference or id."""
        known = self._images.get(full_reference(image))
        if known is not None:
            return known
        for each in self._images.values():
            if image in (each.id, *each.repo_digests):
                return each
        return None

    def remove(self, image: str) -> None:
        """Take an image off the node."""
        known = self.find(image)
        if known is not None:
            del self._images[known.repo_tags[0]]

    def all(self) -> tuple[Image, ...]:
        """Every image."""
        return tuple(self._images.values())

    def usage(self, now: datetime) -> FilesystemUsage:
        """The room that they would take."""
        return FilesystemUsage(
            timestamp=now,
            fs_id=FilesystemIdentifier("/"),
            used_bytes=sum(image.size for image in self._images.values()),
            inodes_used=len(self._images),
        )
