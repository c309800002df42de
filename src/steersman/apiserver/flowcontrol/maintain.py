"""Keeps the first flow schemas and priority levels: made where they are missing, brought up to date where one may.

A suggested one belongs to the server as long as its annotation says so; without the annotation, as long as nobody has
changed it. Mandatory ones always do. Looked at when one of them changes, where upstream looks once a minute.
Source: pkg/registry/flowcontrol/ensurer, pkg/registry/flowcontrol/rest/storage_flowcontrol.go.
"""

import asyncio
from collections.abc import Iterable
from typing import Any, TypeVar

from steersman.api.flowcontrol import FlowSchema, PriorityLevelConfiguration
from steersman.api.flowcontrol.mandatory import EXEMPT
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import AlreadyExists, Conflict, NotFound, StatusError
from steersman.apiserver.flowcontrol.bootstrap import AUTOUPDATE, first_levels, first_schemas
from steersman.client.interface import Client
from steersman.component.clock import Clock
from steersman.component.log import get_logger
from steersman.storage.interface import StoreError

_log = get_logger(__name__)

PRODUCER = "api-priority-and-fairness-config-producer-v1"
Configuration = TypeVar("Configuration", FlowSchema, PriorityLevelConfiguration)
# What Go's ParseBool understands.
TRUE, FALSE = frozenset({"1", "t", "T", "TRUE", "true", "True"}), frozenset({"0", "f", "F", "FALSE", "false", "False"})
LOOK_AGAIN_SECONDS = 10.0
TRIES = 5


def revised(current: Configuration, wanted: Configuration, is_mandatory: bool) -> Configuration | None:
    """What is to be stored in place of what is there; None if it may stay."""
    keeps_up = is_mandatory or _is_ours(current)
    spec: Any = wanted.spec
    if isinstance(current, PriorityLevelConfiguration) and current.metadata.name == EXEMPT and current.spec.exempt:
        spec = replace(spec, exempt=current.spec.exempt)  # an administrator may change it
    is_annotated = _says(current) is keeps_up
    if is_annotated and (not keeps_up or spec == current.spec):
        return None
    annotations = {**current.metadata.annotations}
    if not is_annotated:
        annotations[AUTOUPDATE] = "true" if keeps_up else "false"
    metadata = replace(current.metadata, annotations=annotations)
    return replace(current, metadata=metadata, spec=spec if keeps_up else current.spec)


def _says(current: FlowSchema | PriorityLevelConfiguration) -> bool | None:
    value = current.metadata.annotations.get(AUTOUPDATE, "")
    return True if value in TRUE else False if value in FALSE else None


def _is_ours(current: FlowSchema | PriorityLevelConfiguration) -> bool:
    says = _says(current)
    return current.metadata.generation == 1 if says is None else says


async def seed_flow_control(client: Client) -> None:
    """All first levels and schemas are there; those of former versions that nobody has taken over aren't."""
    await _seed(client, PriorityLevelConfiguration, first_levels())
    await _seed(client, FlowSchema, first_schemas())


async def _seed(client: Client, kind: type[Configuration], wanted: Iterable[tuple[Configuration, bool]]) -> None:
    present = {one.metadata.name: one for one in (await client.list(kind)).items}
    names = set()
    for one, is_mandatory in wanted:
        names.add(one.metadata.name)
        await _ensure(client, present.get(one.metadata.name), one, is_mandatory)
    for name in set(present) - names:
        if _says(present[name]):
            await _remove(client, kind, name)


async def _ensure(client: Client, current: Configuration | None, wanted: Configuration, is_mandatory: bool) -> None:
    for _ in range(TRIES):
        try:
            if current is None:
                await client.create(wanted)
            elif (changed := revised(current, wanted, is_mandatory)) is not None:
                await client.update(changed)
            return
        except (AlreadyExists, Conflict, NotFound):
            # Another server that starts too, or an administrator, was faster.
            try:
                current = await client.get(type(wanted), wanted.metadata.name)
            except NotFound:
                current = None


async def _remove(client: Client, kind: type[Configuration], name: str) -> None:
    try:
        await client.delete(kind, name)
    except NotFound:
        pass


async def keep_flow_control(client: Client, clock: Clock, changed: asyncio.Event) -> None:
    """Until cancelled: whenever one has changed, all are looked at again."""
    while True:
        await changed.wait()
        changed.clear()
        try:
            await seed_flow_control(client)
        except (StatusError, StoreError) as error:
            _log.warning("flow schemas and priority levels aren't kept up", error=str(error))
            changed.set()
            await clock.sleep(LOOK_AGAIN_SECONDS)
