"""Which schema, level and flow a request belongs to: found once for each kind of request, then remembered.

Source: apiserver/pkg/util/flowcontrol/apf_controller.go: startRequest, digestFlowSchemasLocked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from steersman.api.flowcontrol import FlowSchema
from steersman.api.flowcontrol.mandatory import CATCH_ALL, EXEMPT, MANDATORY_FLOW_SCHEMAS
from steersman.api.meta import ObjectMeta
from steersman.apiserver.flowcontrol.levels import Level
from steersman.apiserver.flowcontrol.matching import in_order, schema_matches
from steersman.apiserver.flowcontrol.metrics import FlowMetrics, FlowSeries
from steersman.apiserver.flowcontrol.queueset import Flow
from steersman.apiserver.flowcontrol.sharding import deal, flow_hash
from steersman.apiserver.request import RequestInfo
from steersman.apiserver.user import UserInfo

# Distinct requests that are remembered; paths that are no resources are as many as a client likes.
REMEMBERED = 8192
Key = tuple[str, tuple[str, ...], str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class Class:
    """What requests of one kind have in common. lines: those of their answers that name schema and level."""

    schema: FlowSchema
    level: Level
    flow: Flow
    lines: bytes
    series: FlowSeries


class Classifier:
    """Classifies by the schemas and levels of one moment."""

    def __init__(self, schemas: Sequence[FlowSchema], levels: Mapping[str, Level], metrics: FlowMetrics) -> None:
        self._metrics = metrics
        self._levels = levels
        self._schemas = _with_mandatory([one for one in in_order(schemas) if _level_of(one) in levels])
        self._known: dict[Key, Class] = {}
        self._classes: dict[tuple[str, str], Class] = {}

    def classify(self, user: UserInfo, info: RequestInfo) -> Class:
        """The class of a request."""
        what = info.resource if info.is_resource else info.path
        key = (user.name, user.groups, info.verb, what, info.subresource, info.namespace, info.group)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            known = self._known[key] = self._found(user, info)
        return known

    def _found(self, user: UserInfo, info: RequestInfo) -> Class:
        schema = next((one for one in self._schemas if schema_matches(one, user, info)), None)
        if schema is None:
            schema = next(one for one in self._schemas if one.metadata.name == CATCH_ALL)
        level = self._levels[_level_of(schema)]
        distinguisher = _distinguisher(schema, user, info) if level.queues.shape.queues > 1 else ""
        name = (schema.metadata.name, distinguisher)
        if name not in self._classes:
            if len(self._classes) >= REMEMBERED:
                self._classes.clear()
            self._classes[name] = self._made(schema, level, distinguisher)
        return self._classes[name]

    def _made(self, schema: FlowSchema, level: Level, distinguisher: str) -> Class:
        name, shape = schema.metadata.name, level.queues.shape
        hand: tuple[int, ...] = ()
        if shape.queues > 0:
            hand = deal(flow_hash(name, distinguisher), shape.queues, shape.hand_size)
        # Uids, not names: what an administrator calls them is nobody's business. Spelled as Go's net/http spells them.
        lines = (
            f"X-Kubernetes-Pf-Flowschema-Uid: {schema.metadata.uid}\r\n"
            f"X-Kubernetes-Pf-Prioritylevel-Uid: {level.config.metadata.uid}\r\n"
        )
        series = self._metrics.series(name, level.name)
        return Class(schema, level, Flow(name, distinguisher, hand), lines.encode(), series)


def _level_of(schema: FlowSchema) -> str:
    return schema.spec.priorityLevelConfiguration.name


def _distinguisher(schema: FlowSchema, user: UserInfo, info: RequestInfo) -> str:
    method = schema.spec.distinguisherMethod
    if method is None:
        return ""
    return user.name if method.type == "ByUser" else info.namespace


def _with_mandatory(schemas: list[FlowSchema]) -> list[FlowSchema]:
    """Where an administrator has taken one away, it still counts until it is made again."""
    present = {one.metadata.name for one in schemas}
    imagined = {
        name: FlowSchema(metadata=ObjectMeta(name=name), spec=spec)
        for name, spec in MANDATORY_FLOW_SCHEMAS.items()
        if name not in present
    }
    first = [imagined[EXEMPT]] if EXEMPT in imagined else []
    last = [imagined[CATCH_ALL]] if CATCH_ALL in imagined else []
    return [*first, *schemas, *last]
