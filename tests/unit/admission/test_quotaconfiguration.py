"""What may be used only where a quota covers it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.admission.asking import Objects, creates, pod

from steersman.api.core import (
    PersistentVolumeClaim,
    PersistentVolumeClaimSpec,
    ResourceQuota,
    VolumeResourceRequirements,
)
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.codec.json import from_wire
from steersman.apimachinery.quantity import Quantity
from steersman.apimachinery.status import Forbidden, StatusError
from steersman.apiserver.admission.errors import ConfigurationError
from steersman.apiserver.admission.quotaconfiguration import read_limited
from steersman.apiserver.admission.resourcequota import QuotaWriter, ResourceQuotaAdmission
from steersman.component.clock import FakeClock

HEAD = {"apiVersion": "apiserver.config.k8s.io/v1", "kind": "ResourceQuotaConfiguration"}
GOLD = "gold.storageclass.storage.k8s.io/requests.storage"
CRITICAL = {"scopeName": "PriorityClass", "operator": "In", "values": ["critical"]}
CLAIMS = {"resource": "persistentvolumeclaims", "matchContains": [".storageclass.storage.k8s.io/requests.storage"]}
PODS = {"resource": "pods", "matchScopes": [CRITICAL]}


def quota(hard: dict[str, str], **spec: Any) -> ResourceQuota:
    metadata = {"name": "q", "namespace": "default"}
    used = dict.fromkeys(hard, "0")
    return from_wire(
        {"metadata": metadata, "spec": {"hard": hard, **spec}, "status": {"hard": hard, "used": used}}, ResourceQuota
    )


def plugin(*quotas: ResourceQuota) -> ResourceQuotaAdmission:
    async def update(one: ResourceQuota) -> ResourceQuota:
        return one

    writer = QuotaWriter()
    writer.attach(update)
    limited = read_limited({**HEAD, "limitedResources": [CLAIMS, PODS]})
    return ResourceQuotaAdmission(Objects(*quotas), writer, FakeClock(datetime(2026, 1, 1, tzinfo=UTC)), limited)


def claim(class_: str | None) -> PersistentVolumeClaim:
    resources = VolumeResourceRequirements(requests={"storage": Quantity("1Gi")})
    spec = PersistentVolumeClaimSpec(storageClassName=class_, resources=resources)
    return PersistentVolumeClaim(metadata=ObjectMeta(name="data", namespace="default"), spec=spec)


async def test_what_is_limited_needs_a_quota_that_covers_it() -> None:
    await plugin().validate(creates(claim(None)))
    await plugin(quota({GOLD: "5Gi"})).validate(creates(claim("gold")))
    for quotas in ((), (quota({"requests.storage": "5Gi"}),)):
        with pytest.raises(Forbidden) as caught:
            await plugin(*quotas).validate(creates(claim("gold")))
        said = f'persistentvolumeclaims "data" is forbidden: insufficient quota to consume: {GOLD}'
        assert caught.value.message == said


async def test_scopes_that_are_limited_need_a_quota_that_has_them() -> None:
    critical = pod(priorityClassName="critical")
    await plugin().validate(creates(pod()))
    await plugin(quota({"pods": "5"}, scopeSelector={"matchExpressions": [CRITICAL]})).validate(creates(critical))
    with pytest.raises(StatusError) as caught:
        await plugin(quota({"pods": "5"})).validate(creates(critical))
    assert caught.value.message == "insufficient quota to match these scopes: [{PriorityClass In [critical]}]"


def test_limits_name_a_resource() -> None:
    assert read_limited(None) == ()
    assert read_limited({"apiVersion": "resourcequota.admission.k8s.io/v1beta1", "kind": "Configuration"}) == ()
    with pytest.raises(ConfigurationError, match=r"limitedResources\[0\].resource: Required value"):
        read_limited({**HEAD, "limitedResources": [{}]})
