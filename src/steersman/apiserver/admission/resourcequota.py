"""ResourceQuota: what a namespace may use altogether, exact also when many write at once.

Writes into one namespace are judged one after the other; those that wait meanwhile are judged together and told of in
one update of each quota. Other API servers on the same store are met by comparing revisions.
Source: apiserver/pkg/admission/plugin/resourcequota.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from steersman.api.core import Pod, ResourceQuota
from steersman.api.meta import Kind
from steersman.api.quota.check import QuotaExceeded, Wanted, charged
from steersman.api.quota.limited import LimitedResource, ScopesUncovered, check_covered
from steersman.api.quota.usage import usage_of
from steersman.apimachinery.status import Conflict, NotFound, StatusError, forbidden, internal_error
from steersman.apiserver.admission.lookup import Lookup
from steersman.apiserver.admission.plugin import CREATE_UPDATE, Plugin
from steersman.apiserver.attributes import AdmissionAttributes, Operation
from steersman.component.clock import Clock

# Another server's writes, or the controller's, may come first a few times.
TRIES = 10

Update = Callable[[ResourceQuota], Awaitable[ResourceQuota]]


@dataclass(eq=False, slots=True)
class _Waiting:
    wanted: Wanted
    is_dry: bool
    verdict: asyncio.Future[None]


@dataclass(eq=False, slots=True)
class _Namespace:
    waiting: list[_Waiting] = field(default_factory=list)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class QuotaWriter:
    """How quotas are written; attached when there is a server to write to."""

    def __init__(self) -> None:
        self.update: Update | None = None

    def attach(self, update: Update) -> None:
        """Update writes a quota's status."""
        self.update = update


class ResourceQuotaAdmission(Plugin):
    """See the module. Must be the last plugin: what it counts is going to be stored."""

    name = "ResourceQuota"
    operations = CREATE_UPDATE

    def __init__(
        self, lookup: Lookup, writer: QuotaWriter, clock: Clock, limited: tuple[LimitedResource, ...] = ()
    ) -> None:
        self._lookup = lookup
        self._writer = writer
        self._clock = clock
        self._limited = limited
        self._namespaces: dict[str, _Namespace] = {}

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Count the write in, or refuse it."""
        obj, old = attributes.object, attributes.old_object
        if not isinstance(obj, Kind) or not self._is_counted(attributes):
            return
        if not self._limited and not any(True for _ in self._lookup.all(ResourceQuota, attributes.namespace)):
            return
        resource, now = attributes.resource, self._clock.now()
        is_new = attributes.operation is Operation.CREATE
        wanted = Wanted(
            obj,
            usage_of(obj, resource.plural, resource.group, now),
            {} if old is None else usage_of(old, resource.plural, resource.group, now),
            is_new,
        )
        if not is_new and wanted.after == wanted.before:
            return
        try:
            if self._limited:
                await self._lookup.catch_up()
                quotas = self._lookup.all(ResourceQuota, attributes.namespace)
                check_covered(self._limited, quotas, wanted, resource.plural, resource.group)
            await self._judge(attributes.namespace, wanted, is_dry=attributes.dry_run)
        except QuotaExceeded as error:
            raise forbidden(resource.group_resource, attributes.name, str(error)) from error
        except ScopesUncovered as error:
            # Upstream gives no reason here.
            raise StatusError(str(error)) from error

    def _is_counted(self, attributes: AdmissionAttributes) -> bool:
        if not attributes.namespace or attributes.resource.plural == "namespaces":
            return False
        is_resize = attributes.subresource == "resize" and isinstance(attributes.object, Pod)
        return is_resize or (not attributes.subresource and attributes.resource.stored)

    async def _judge(self, namespace: str, wanted: Wanted, *, is_dry: bool) -> None:
        verdict: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        place = self._namespaces.setdefault(namespace, _Namespace())
        place.waiting.append(_Waiting(wanted, is_dry, verdict))
        async with place.lock:
            if not verdict.done():
                batch, place.waiting = place.waiting, []
                await self._judge_all(namespace, batch)
        if not place.waiting and not place.lock.locked():
            self._namespaces.pop(namespace, None)
        await verdict

    async def _judge_all(self, namespace: str, batch: list[_Waiting]) -> None:
        """Judge a batch; each gets its verdict."""
        try:
            for _attempt in range(TRIES):
                if await self._has_judged(namespace, batch):
                    return
        finally:
            # Also when who judges is cancelled: the others must not wait for ever.
            for one in batch:
                if not one.verdict.done():
                    one.verdict.set_exception(internal_error(RuntimeError("the quota couldn't be counted")))

    async def _has_judged(self, namespace: str, batch: list[_Waiting]) -> bool:
        """False when a quota has changed meanwhile, so that all must be judged anew."""
        assert self._writer.update is not None
        await self._lookup.catch_up()
        stored = {one.metadata.name: one for one in self._lookup.all(ResourceQuota, namespace)}
        current: dict[str, ResourceQuota] = dict(stored)
        verdicts: list[QuotaExceeded | None] = []
        for one in batch:
            try:
                changed = charged(current.values(), one.wanted)
            except QuotaExceeded as error:
                verdicts.append(error)
                continue
            verdicts.append(None)
            if not one.is_dry:
                current |= {quota.metadata.name: quota for quota in changed}
        for name, quota in current.items():
            if quota is not stored[name]:
                try:
                    await self._writer.update(quota)
                except (Conflict, NotFound):
                    return False
        for one, refusal in zip(batch, verdicts, strict=True):
            if one.verdict.done():
                continue  # who asked is gone
            if refusal is None:
                one.verdict.set_result(None)
            else:
                one.verdict.set_exception(refusal)
        return True
