"""The client over a dictionary keeps the contract where tests rely on it."""

from typing import Any

import pytest

from steersman.api import core
from steersman.api.meta import ObjectMeta
from steersman.client.interface import PatchType
from steersman.client.memory import MemoryClient
from steersman.component.clock import RealClock


@pytest.mark.parametrize(
    ("patch_type", "body", "ports"),
    [
        (PatchType.STRATEGIC, {"spec": {"ports": [{"port": 81, "name": "b"}]}}, {80, 81}),
        (PatchType.MERGE, {"spec": {"ports": [{"port": 81, "name": "b"}]}}, {81}),
        (PatchType.JSON, [{"op": "replace", "path": "/spec/ports/0/port", "value": 82}], {82}),
    ],
)
async def test_each_kind_of_patch_changes_what_it_would_on_a_server(
    patch_type: PatchType, body: Any, ports: set[int]
) -> None:
    client = MemoryClient(RealClock())
    spec = core.ServiceSpec(ports=(core.ServicePort(name="a", port=80),))
    await client.create(core.Service(metadata=ObjectMeta(name="web", namespace="default"), spec=spec))
    changed = await client.patch(core.Service, "web", "default", body, patch_type)
    assert {one.port for one in changed.spec.ports} == ports
