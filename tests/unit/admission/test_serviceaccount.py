"""Service accounts of pods."""

import asyncio
from random import Random

import pytest
from tests.unit.admission.asking import Objects, admitted, creates, pod

from steersman.api.core import ServiceAccount as Account
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.status import Forbidden
from steersman.apiserver.admission.serviceaccount import ServiceAccount
from steersman.component.clock import FakeClock


def account(name: str = "default") -> Account:
    return Account(metadata=ObjectMeta(name=name, namespace="default"))


async def test_an_account_made_a_moment_ago_is_found() -> None:
    plugin = ServiceAccount(Objects(late=[account("robot")]), Random(1), FakeClock())
    made = await admitted(plugin, creates(pod(serviceAccountName="robot")))
    assert made.spec.serviceAccount == "robot"
    assert made.spec.volumes[0].name.startswith("kube-api-access-")


async def test_one_waits_for_the_default_account_but_not_for_others() -> None:
    clock, objects = FakeClock(), Objects()
    plugin = ServiceAccount(objects, Random(1), clock)
    with pytest.raises(Forbidden, match='error looking up service account default/x: serviceaccount "x" not found'):
        await admitted(plugin, creates(pod(serviceAccountName="x")))
    waiting = asyncio.create_task(admitted(plugin, creates(pod())))
    await clock.advance(0.5)
    assert not waiting.done()
    objects.objects.append(account())
    await clock.advance(0.5)
    assert (await waiting).spec.serviceAccountName == "default"
    given_up = asyncio.create_task(admitted(ServiceAccount(Objects(), Random(1), clock), creates(pod())))
    for _ in range(10):
        await clock.advance(0.2)
    with pytest.raises(Forbidden, match='serviceaccount "default" not found'):
        await given_up
