"""Conversion of custom resources by a webhook.

Source: apiextensions-apiserver/pkg/apiserver/conversion/webhook_converter.go.
"""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Protocol
from uuid import UUID

from steersman.api.apiextensions import WebhookConversion
from steersman.apimachinery.codec.json import DecodeError, encode, from_wire, parse
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import InternalError
from steersman.apiserver.crd.converted import ConversionFailed
from steersman.apiserver.crd.resources import ServedVersion
from steersman.apiserver.webhooks.config import ClientConfig, WebhookError
from steersman.component.clock import Clock

TIMEOUT_SECONDS = 30
REVIEW_VERSIONS = ("v1", "v1beta1")
# A webhook may change labels and annotations, nothing else of metadata.
FIXED = ("name", "namespace", "uid")


class Caller(Protocol):
    """Calls webhooks."""

    async def call(self, config: ClientConfig, body: bytes, timeout_seconds: float, query: str = "") -> bytes:
        """The answer; WebhookError when there is none."""
        ...


class WebhookConverter:
    """Converts objects of one definition."""

    def __init__(self, name: str, conversion: WebhookConversion, caller: Caller, clock: Clock, random: Random) -> None:
        self._name = name
        self.clock = clock
        self._conversion = conversion
        self._caller = caller
        self._random = random

    async def converted(self, found: Sequence[bytes], wanted: ServedVersion) -> list[bytes]:
        """Objects in the wanted version, as they are stored: pruned, defaulted and without resourceVersion."""
        api_version = wanted.resource.gvk.api_version
        trees = [parse(data) for data in found]
        others = [position for position, tree in enumerate(trees) if tree.get("apiVersion") != api_version]
        if others:
            made = await self._asked([trees[position] for position in others], api_version)
            for position, tree in zip(others, made, strict=True):
                trees[position] = tree
        return [_fitted(tree, wanted) for tree in trees]

    async def to_stored(self, data: bytes, stored: ServedVersion) -> bytes:
        """What a write of another version stores. InternalError for the client when it can't be converted."""
        try:
            (made,) = await self.converted((data,), stored)
        except ConversionFailed as error:
            raise InternalError(str(error)) from error
        return made

    async def _asked(self, trees: Sequence[Mapping[str, Any]], api_version: str) -> list[Any]:
        version = next((one for one in self._conversion.conversionReviewVersions if one in REVIEW_VERSIONS), "v1")
        uid = str(UUID(int=self._random.getrandbits(128), version=4))
        request = {"uid": uid, "desiredAPIVersion": api_version, "objects": trees}
        review = {"kind": "ConversionReview", "apiVersion": f"apiextensions.k8s.io/{version}", "request": request}
        config = self._conversion.clientConfig
        assert config is not None, "validation asks for one"
        query = f"timeout={TIMEOUT_SECONDS}s"
        try:
            answer = parse(await self._caller.call(config, encode(review), TIMEOUT_SECONDS, query))
        except (WebhookError, DecodeError) as error:
            raise self._failed(error) from error
        return self._checked(answer, trees, uid)

    def _checked(self, answer: Any, trees: Sequence[Mapping[str, Any]], uid: str) -> list[Any]:
        response = answer.get("response") if isinstance(answer, dict) else None
        if not isinstance(response, dict) or response.get("uid") != uid:
            raise self._failed("the answer is not to what was asked")
        result = response.get("result") or {}
        if result.get("status") != "Success":
            raise self._failed(result.get("message") or "unknown reason")
        made = response.get("convertedObjects") or []
        if len(made) != len(trees):
            raise self._failed(f"expected {len(trees)} converted objects, got {len(made)}")
        for new, old in zip(made, trees, strict=True):
            for field in FIXED:
                if new.get("metadata", {}).get(field) != old["metadata"].get(field):
                    raise self._failed(f"metadata.{field} must not be changed")
        return list(made)

    def _failed(self, why: object) -> ConversionFailed:
        return ConversionFailed(f"conversion webhook for {self._name} failed: {why}")


def _fitted(tree: Any, wanted: ServedVersion) -> bytes:
    obj = from_wire(tree, wanted.resource.object_type)
    obj = replace(obj, metadata=replace(obj.metadata, resourceVersion=""))
    return encode(wanted.strategy.default(obj))
