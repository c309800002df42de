"""A server with policies on, for their tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.api.server import CONFIG, Answer, Served, serving

from steersman.apiserver.admission.chain import AdmissionChain
from steersman.apiserver.admission.plugin import Plugin
from steersman.apiserver.admission.policy.mutating import MutatingPolicies
from steersman.apiserver.admission.policy.validating import ValidatingPolicies
from steersman.apiserver.admission.reach import Reach
from steersman.apiserver.app import Deps
from steersman.apiserver.attributes import AdmissionAttributes, AdmitEverybody, AlwaysAllow, Operation
from steersman.apiserver.locations import Locator
from steersman.apiserver.lookup import CollectionLookup
from steersman.apiserver.metrics.admission import AdmissionMetrics
from steersman.apiserver.webhooks.caller import WebhookCaller
from steersman.apiserver.webhooks.versions import Versions
from steersman.component.clock import RealClock
from steersman.component.http.client import connect_tcp
from steersman.component.metrics import Registry
from steersman.storage.memory import MemoryStore

GROUP = "/apis/admissionregistration.k8s.io/v1"
MAPS = "/api/v1/namespaces/default/configmaps"
RULE = {"operations": ["*"], "apiGroups": [""], "apiVersions": ["*"], "resources": ["configmaps"]}
EVERYTHING: dict[str, Any] = {"namespaceSelector": {}, "objectSelector": {}, "resourceRules": [RULE]}


class Noting(Plugin):
    """Keeps what the audit log would say."""

    operations = frozenset(Operation)

    def __init__(self) -> None:
        self.noted: dict[str, str] = {}

    async def validate(self, attributes: AdmissionAttributes) -> None:
        self.noted.update(attributes.annotations)


@dataclass
class Ruled:
    """A server with policies on."""

    server: Served
    noted: dict[str, str] = field(default_factory=dict)
    metrics: Registry = field(default_factory=Registry)

    async def forbid(self, name: str, *expressions: Any, actions: tuple[str, ...] = ("Deny",), **more: Any) -> None:
        rules = [one if isinstance(one, dict) else {"expression": one} for one in expressions]
        spec = {"matchConstraints": EVERYTHING, "validations": rules, **more}
        await self.make("validatingadmissionpolicies", name, spec)
        if actions:
            await self.bind(name, validationActions=list(actions))

    async def bind(self, name: str, binding: str = "", kind: str = "validating", **spec: Any) -> None:
        await self.make(f"{kind}admissionpolicybindings", binding or f"{name}-b", {"policyName": name, **spec})

    async def change(self, name: str, *mutations: dict[str, Any], **more: Any) -> None:
        spec = {"matchConstraints": EVERYTHING, "mutations": list(mutations), "reinvocationPolicy": "Never", **more}
        await self.make("mutatingadmissionpolicies", name, spec)
        await self.bind(name, kind="mutating", **({"paramRef": more["paramRef"]} if "paramRef" in more else {}))

    async def make(self, plural: str, name: str, spec: Any) -> None:
        made = await self.server.post(f"{GROUP}/{plural}", {"metadata": {"name": name}, "spec": spec})
        assert made.status == 201, made.json
        # A consistent read: from now on everybody sees it.
        await self.server.get(f"{GROUP}/{plural}")

    async def create(self, name: str = "a", namespace: str = "default", **data: str) -> Answer:
        body = {"metadata": {"name": name, "labels": {"made": "here"}}, "data": data}
        return await self.server.post(f"/api/v1/namespaces/{namespace}/configmaps", body)


@asynccontextmanager
async def ruled() -> AsyncIterator[Ruled]:
    clock, random = RealClock(), Random(1)
    lookup, noting = CollectionLookup(), Noting()
    metrics = Registry()
    reach = Reach(lookup, random, AdmissionMetrics(metrics, clock))
    chain = AdmissionChain((MutatingPolicies(reach), ValidatingPolicies(reach), noting))
    deps = Deps(MemoryStore(clock), clock, AdmitEverybody(), AlwaysAllow(), CONFIG, admission=chain)
    async with serving(deps) as server:
        collections = server.server.collections
        lookup.attach(collections)
        caller = WebhookCaller(Locator(collections, random), connect_tcp)
        reach.attach(caller, Versions(server.server.table, collections), AlwaysAllow())
        for name in ("default", "other"):
            body = {"metadata": {"name": name, "labels": {"env": name}}}
            made = await server.post("/api/v1/namespaces", body)
            assert made.status == 201, made.json
        yield Ruled(server, noting.noted, metrics)


def applied(expression: str) -> dict[str, Any]:
    return {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": expression}}


def patched(expression: str) -> dict[str, Any]:
    return {"patchType": "JSONPatch", "jsonPatch": {"expression": expression}}
