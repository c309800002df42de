"""Claims, volumes, Ingresses: default classes, protection, growth."""

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.admission.asking import Objects, admitted, creates, updates

from steersman.api.core import (
    PersistentVolume,
    PersistentVolumeClaim,
    PersistentVolumeClaimSpec,
    PersistentVolumeClaimStatus,
    VolumeResourceRequirements,
)
from steersman.api.meta import Kind, ObjectMeta
from steersman.api.networking import Ingress, IngressClass, IngressSpec
from steersman.api.storage import StorageClass, VolumeAttributesClass
from steersman.apimachinery.object import replace
from steersman.apimachinery.quantity import Quantity
from steersman.apimachinery.status import Forbidden
from steersman.apiserver.admission.defaultclasses import DefaultIngressClass, DefaultStorageClass
from steersman.apiserver.admission.storage import PersistentVolumeClaimResize, StorageObjectInUseProtection

DEFAULT, BETA = "storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"


def meta(name: str, day: int = 1, **annotations: str) -> ObjectMeta:
    return ObjectMeta(name=name, creationTimestamp=datetime(2026, 1, day, tzinfo=UTC), annotations=annotations)


def storage_class(name: str, day: int = 1, mark: str = DEFAULT, said: str = "true", **more: Any) -> StorageClass:
    return StorageClass(metadata=meta(name, day, **{mark: said}), **more)


def claim(
    class_: str | None = None, storage: str = "1Gi", phase: str = "Bound", **annotations: str
) -> PersistentVolumeClaim:
    requests = {"storage": Quantity(storage)}
    return PersistentVolumeClaim(
        metadata=ObjectMeta(name="data", namespace="default", annotations=annotations),
        spec=PersistentVolumeClaimSpec(
            storageClassName=class_, resources=VolumeResourceRequirements(requests=requests)
        ),
        status=PersistentVolumeClaimStatus(phase=phase),
    )


@pytest.mark.parametrize(
    ("classes", "wanted"),
    [
        ((), None),
        ((storage_class("a", said="false"),), None),
        ((storage_class("a"), storage_class("z", said="false")), "a"),
        ((storage_class("old", mark=BETA),), "old"),
        ((storage_class("b", 2), storage_class("a", 1)), "b"),
        ((storage_class("b", 2), storage_class("a", 2)), "a"),
    ],
)
async def test_a_claim_without_a_class_gets_the_newest_default(classes: tuple[Kind, ...], wanted: str | None) -> None:
    made = await admitted(DefaultStorageClass(Objects(*classes)), creates(claim()))
    assert made.spec.storageClassName == wanted


@pytest.mark.parametrize("given", [claim(""), claim("own"), claim(**{"volume.beta.kubernetes.io/storage-class": "x"})])
async def test_a_claim_that_says_its_class_keeps_it(given: PersistentVolumeClaim) -> None:
    assert await admitted(DefaultStorageClass(Objects(storage_class("a"))), creates(given)) is given


async def test_an_ingress_without_a_class_gets_the_newest_default() -> None:
    mark = {"ingressclass.kubernetes.io/is-default-class": "true"}
    plugin = DefaultIngressClass(Objects(*(IngressClass(metadata=meta(n, d, **mark)) for n, d in (("a", 1), ("b", 2)))))
    bare = Ingress(metadata=ObjectMeta(name="i", namespace="default"))
    assert (await admitted(plugin, creates(bare))).spec.ingressClassName == "b"
    said = replace(bare, spec=IngressSpec(ingressClassName="c"))
    old = replace(bare, metadata=replace(bare.metadata, annotations={"kubernetes.io/ingress.class": "x"}))
    for given in (said, old):
        assert await admitted(plugin, creates(given)) is given


@pytest.mark.parametrize(
    ("obj", "finalizer"),
    [
        (claim(), "kubernetes.io/pvc-protection"),
        (PersistentVolume(metadata=ObjectMeta(name="v")), "kubernetes.io/pv-protection"),
        (VolumeAttributesClass(metadata=ObjectMeta(name="v")), "kubernetes.io/vac-protection"),
    ],
)
async def test_storage_is_held_until_nothing_uses_it(obj: Any, finalizer: str) -> None:
    plugin = StorageObjectInUseProtection()
    made = await admitted(plugin, creates(obj))
    assert made.metadata.finalizers == (finalizer,)
    assert await admitted(plugin, creates(made)) is made
    assert await admitted(plugin, creates(obj, subresource="status")) is obj


GROWS = storage_class("grows", allowVolumeExpansion=True)
UNFIT = (
    "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize"
)
BOUND = "Only bound persistent volume claims can be expanded"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (claim("grows"), claim("grows", "2Gi"), ""),
        (claim("stays"), claim("stays", "1Gi"), ""),
        (claim("stays", "2Gi"), claim("stays", "1Gi"), ""),
        (claim("stays"), claim("stays", "2Gi"), UNFIT),
        (claim("gone"), claim("gone", "2Gi"), UNFIT),
        (claim(""), claim("", "2Gi"), UNFIT),
        (claim("stays"), claim("grows", "2Gi"), UNFIT),
        (claim("grows", phase="Pending"), claim("grows", "2Gi"), BOUND),
    ],
)
async def test_a_claim_grows_where_its_class_allows_it(
    old: PersistentVolumeClaim, new: PersistentVolumeClaim, said: str
) -> None:
    plugin = PersistentVolumeClaimResize(Objects(GROWS, storage_class("stays")))
    await admitted(plugin, updates(old, new, subresource="status"))
    if not said:
        await admitted(plugin, updates(old, new))
        return
    with pytest.raises(Forbidden) as caught:
        await admitted(plugin, updates(old, new))
    assert caught.value.message == f'persistentvolumeclaims "data" is forbidden: {said}'
