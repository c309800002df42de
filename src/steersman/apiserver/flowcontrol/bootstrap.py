"""The flow schemas and priority levels that a server begins with, besides the mandatory ones.

Source: apiserver/pkg/apis/flowcontrol/bootstrap/default.go: suggested objects.
"""

from collections.abc import Iterable

from steersman.api.flowcontrol import (
    FlowDistinguisherMethod,
    FlowSchema,
    FlowSchemaSpec,
    GroupSubject,
    LimitedPriorityLevelConfiguration,
    LimitResponse,
    NonResourcePolicyRule,
    PolicyRulesWithSubjects,
    PriorityLevelConfiguration,
    PriorityLevelConfigurationReference,
    PriorityLevelConfigurationSpec,
    QueuingConfiguration,
    ResourcePolicyRule,
    ServiceAccountSubject,
    Subject,
    UserSubject,
)
from steersman.api.flowcontrol.mandatory import EXEMPT, MANDATORY_FLOW_SCHEMAS, MANDATORY_PRIORITY_LEVELS
from steersman.api.meta import ObjectMeta

AUTOUPDATE = "apf.kubernetes.io/autoupdate-spec"
ALL = ("*",)
EVERYTHING = ResourcePolicyRule(verbs=ALL, apiGroups=ALL, resources=ALL, namespaces=ALL, clusterScope=True)
EVERY_PATH = NonResourcePolicyRule(verbs=ALL, nonResourceURLs=ALL)
PROBES = NonResourcePolicyRule(verbs=("get",), nonResourceURLs=("/healthz", "/readyz", "/livez"))
NODES = ResourcePolicyRule(
    verbs=ALL, apiGroups=("",), resources=("nodes", "nodes/status"), namespaces=ALL, clusterScope=True
)
LEASES = ResourcePolicyRule(verbs=ALL, apiGroups=("coordination.k8s.io",), resources=("leases",), namespaces=ALL)
ELECTION = ResourcePolicyRule(
    verbs=("get", "create", "update"), apiGroups=("coordination.k8s.io",), resources=("leases",), namespaces=ALL
)
BY_USER, BY_NAMESPACE = "ByUser", "ByNamespace"


def _groups(*names: str) -> tuple[Subject, ...]:
    return tuple(Subject(kind="Group", group=GroupSubject(name=name)) for name in names)


def _users(*names: str) -> tuple[Subject, ...]:
    return tuple(Subject(kind="User", user=UserSubject(name=name)) for name in names)


EVERYBODY = _groups("system:unauthenticated", "system:authenticated")
SYSTEM_ACCOUNTS = (
    Subject(kind="ServiceAccount", serviceAccount=ServiceAccountSubject(namespace="kube-system", name="*")),
)


def _schema(level: str, precedence: int, method: str, rules: PolicyRulesWithSubjects) -> FlowSchemaSpec:
    return FlowSchemaSpec(
        priorityLevelConfiguration=PriorityLevelConfigurationReference(name=level),
        matchingPrecedence=precedence,
        distinguisherMethod=FlowDistinguisherMethod(type=method) if method else None,
        rules=(rules,),
    )


def _all_of(subjects: tuple[Subject, ...]) -> PolicyRulesWithSubjects:
    return PolicyRulesWithSubjects(subjects=subjects, resourceRules=(EVERYTHING,), nonResourceRules=(EVERY_PATH,))


def _resources_of(subjects: tuple[Subject, ...], *rules: ResourcePolicyRule) -> PolicyRulesWithSubjects:
    return PolicyRulesWithSubjects(subjects=subjects, resourceRules=rules)


def _level(shares: int, lendable: int, queues: int, hand: int) -> PriorityLevelConfigurationSpec:
    queuing = QueuingConfiguration(queues=queues, handSize=hand, queueLengthLimit=50)
    return PriorityLevelConfigurationSpec(
        type="Limited",
        limited=LimitedPriorityLevelConfiguration(
            nominalConcurrencyShares=shares,
            lendablePercent=lendable,
            limitResponse=LimitResponse(type="Queue", queuing=queuing),
        ),
    )


SUGGESTED_PRIORITY_LEVELS = {
    "system": _level(30, 33, 64, 6),
    "node-high": _level(40, 25, 64, 6),
    "leader-election": _level(10, 0, 16, 4),
    "workload-high": _level(40, 50, 128, 6),
    "workload-low": _level(100, 90, 128, 6),
    "global-default": _level(20, 50, 128, 6),
}
MANAGER, SCHEDULER = "system:kube-controller-manager", "system:kube-scheduler"
SUGGESTED_FLOW_SCHEMAS = {
    "system-nodes": _schema("system", 500, BY_USER, _all_of(_groups("system:nodes"))),
    "system-node-high": _schema("node-high", 400, BY_USER, _resources_of(_groups("system:nodes"), NODES, LEASES)),
    "probes": _schema(EXEMPT, 2, "", PolicyRulesWithSubjects(subjects=EVERYBODY, nonResourceRules=(PROBES,))),
    "system-leader-election": _schema(
        "leader-election", 100, BY_USER, _resources_of((*_users(MANAGER, SCHEDULER), *SYSTEM_ACCOUNTS), ELECTION)
    ),
    "kube-controller-manager": _schema("workload-high", 800, BY_NAMESPACE, _all_of(_users(MANAGER))),
    "kube-scheduler": _schema("workload-high", 800, BY_NAMESPACE, _all_of(_users(SCHEDULER))),
    "kube-system-service-accounts": _schema("workload-high", 900, BY_NAMESPACE, _all_of(SYSTEM_ACCOUNTS)),
    "service-accounts": _schema("workload-low", 9000, BY_USER, _all_of(_groups("system:serviceaccounts"))),
    "global-default": _schema("global-default", 9900, BY_USER, _all_of(EVERYBODY)),
}


def first_levels() -> Iterable[tuple[PriorityLevelConfiguration, bool]]:
    """Every level to begin with, and whether it is mandatory."""
    for name, spec in {**MANDATORY_PRIORITY_LEVELS, **SUGGESTED_PRIORITY_LEVELS}.items():
        yield PriorityLevelConfiguration(metadata=_meta(name), spec=spec), name in MANDATORY_PRIORITY_LEVELS


def first_schemas() -> Iterable[tuple[FlowSchema, bool]]:
    """Every schema to begin with, and whether it is mandatory."""
    for name, spec in {**MANDATORY_FLOW_SCHEMAS, **SUGGESTED_FLOW_SCHEMAS}.items():
        yield FlowSchema(metadata=_meta(name), spec=spec), name in MANDATORY_FLOW_SCHEMAS


def _meta(name: str) -> ObjectMeta:
    return ObjectMeta(name=name, annotations={AUTOUPDATE: "true"})
