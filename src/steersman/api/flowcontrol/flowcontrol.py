"""Priority and fairness: which requests wait for which."""

from typing import Annotated

from steersman.api.meta.kind import Kind
from steersman.apimachinery.markers import Atomic, Int32, ListMap, ListSet, MergeBy, Required, Wire, always
from steersman.apimachinery.object import Object
from steersman.apimachinery.times import Time


class FlowDistinguisherMethod(Object, package="k8s.io.api.flowcontrol.v1"):
    """By what the requests of a schema are told apart into flows."""

    type: Annotated[str, Wire(1), Required()] = always("")


class NonResourcePolicyRule(Object, package="k8s.io.api.flowcontrol.v1"):
    """Requests for paths that are no resources."""

    verbs: Annotated[tuple[str, ...], Wire(1), Required(), ListSet()] = always(())
    nonResourceURLs: Annotated[tuple[str, ...], Wire(6), Required(), ListSet()] = always(())


class ResourcePolicyRule(Object, package="k8s.io.api.flowcontrol.v1"):
    """Requests for resources."""

    verbs: Annotated[tuple[str, ...], Wire(1), Required(), ListSet()] = always(())
    apiGroups: Annotated[tuple[str, ...], Wire(2), Required(), ListSet()] = always(())
    resources: Annotated[tuple[str, ...], Wire(3), Required(), ListSet()] = always(())
    clusterScope: Annotated[bool, Wire(4)] = False
    namespaces: Annotated[tuple[str, ...], Wire(5), ListSet()] = always(())


class GroupSubject(Object, package="k8s.io.api.flowcontrol.v1"):
    """A group of users."""

    name: Annotated[str, Wire(1), Required()] = always("")


class ServiceAccountSubject(Object, package="k8s.io.api.flowcontrol.v1"):
    """A service account."""

    namespace: Annotated[str, Wire(1), Required()] = always("")
    name: Annotated[str, Wire(2), Required()] = always("")


class UserSubject(Object, package="k8s.io.api.flowcontrol.v1"):
    """A user."""

    name: Annotated[str, Wire(1), Required()] = always("")


class Subject(Object, package="k8s.io.api.flowcontrol.v1"):
    """Who makes requests; one of its fields is set."""

    kind: Annotated[str, Wire(1), Required()] = always("")
    user: Annotated[UserSubject | None, Wire(2)] = None
    group: Annotated[GroupSubject | None, Wire(3)] = None
    serviceAccount: Annotated[ServiceAccountSubject | None, Wire(4)] = None


class PolicyRulesWithSubjects(Object, package="k8s.io.api.flowcontrol.v1"):
    """Requests, by who makes them and what for."""

    subjects: Annotated[tuple[Subject, ...], Wire(1), Required(), Atomic()] = always(())
    resourceRules: Annotated[tuple[ResourcePolicyRule, ...], Wire(2), Atomic()] = ()
    nonResourceRules: Annotated[tuple[NonResourcePolicyRule, ...], Wire(3), Atomic()] = ()


class PriorityLevelConfigurationReference(Object, package="k8s.io.api.flowcontrol.v1"):
    """The level that requests are given."""

    name: Annotated[str, Wire(1), Required()] = always("")


class FlowSchemaSpec(Object, package="k8s.io.api.flowcontrol.v1"):
    """Which requests belong to the schema, their level, and how they are told apart into flows."""

    priorityLevelConfiguration: Annotated[PriorityLevelConfigurationReference, Wire(1), Required()] = always(
        PriorityLevelConfigurationReference
    )
    matchingPrecedence: Annotated[Int32, Wire(2)] = always(0)
    distinguisherMethod: Annotated[FlowDistinguisherMethod | None, Wire(3)] = None
    rules: Annotated[tuple[PolicyRulesWithSubjects, ...], Wire(4), Atomic()] = ()


class FlowSchemaCondition(Object, package="k8s.io.api.flowcontrol.v1"):
    """One observation about a schema."""

    type: Annotated[str, Wire(1), Required()] = ""
    status: Annotated[str, Wire(2)] = ""
    lastTransitionTime: Annotated[Time | None, Wire(3)] = None
    reason: Annotated[str, Wire(4)] = ""
    message: Annotated[str, Wire(5)] = ""


class FlowSchemaStatus(Object, package="k8s.io.api.flowcontrol.v1"):
    """What was found out about a schema."""

    conditions: Annotated[tuple[FlowSchemaCondition, ...], Wire(1), MergeBy("type"), ListMap("type")] = ()


class FlowSchema(Kind, api="flowcontrol.apiserver.k8s.io/v1", package="k8s.io.api.flowcontrol.v1"):
    """Sorts requests into flows, and gives them a priority level."""

    spec: Annotated[FlowSchemaSpec, Wire(2), Required()] = always(FlowSchemaSpec)
    status: Annotated[FlowSchemaStatus, Wire(3)] = always(FlowSchemaStatus)


class ExemptPriorityLevelConfiguration(Object, package="k8s.io.api.flowcontrol.v1"):
    """A level whose requests never wait."""

    nominalConcurrencyShares: Annotated[Int32 | None, Wire(1)] = None
    lendablePercent: Annotated[Int32 | None, Wire(2)] = None


class QueuingConfiguration(Object, package="k8s.io.api.flowcontrol.v1"):
    """How requests of a level are queued."""

    queues: Annotated[Int32, Wire(1)] = always(0)
    handSize: Annotated[Int32, Wire(2)] = always(0)
    queueLengthLimit: Annotated[Int32, Wire(3)] = always(0)


class LimitResponse(Object, package="k8s.io.api.flowcontrol.v1"):
    """What happens to requests beyond the limit."""

    type: Annotated[str, Wire(1), Required()] = always("")
    queuing: Annotated[QueuingConfiguration | None, Wire(2)] = None


class LimitedPriorityLevelConfiguration(Object, package="k8s.io.api.flowcontrol.v1"):
    """A level's share of the server, and what happens beyond it."""

    nominalConcurrencyShares: Annotated[Int32 | None, Wire(1)] = None
    limitResponse: Annotated[LimitResponse, Wire(2), Required()] = always(LimitResponse)
    lendablePercent: Annotated[Int32 | None, Wire(3)] = None
    borrowingLimitPercent: Annotated[Int32 | None, Wire(4)] = None


class PriorityLevelConfigurationSpec(Object, package="k8s.io.api.flowcontrol.v1"):
    """Whether the level is limited, and how."""

    type: Annotated[str, Wire(1), Required()] = always("")
    limited: Annotated[LimitedPriorityLevelConfiguration | None, Wire(2)] = None
    exempt: Annotated[ExemptPriorityLevelConfiguration | None, Wire(3)] = None


class PriorityLevelConfigurationCondition(Object, package="k8s.io.api.flowcontrol.v1"):
    """One observation about a level."""

    type: Annotated[str, Wire(1), Required()] = ""
    status: Annotated[str, Wire(2)] = ""
    lastTransitionTime: Annotated[Time | None, Wire(3)] = None
    reason: Annotated[str, Wire(4)] = ""
    message: Annotated[str, Wire(5)] = ""


class PriorityLevelConfigurationStatus(Object, package="k8s.io.api.flowcontrol.v1"):
    """What was found out about a level."""

    conditions: Annotated[
        tuple[PriorityLevelConfigurationCondition, ...], Wire(1), MergeBy("type"), ListMap("type")
    ] = ()


class PriorityLevelConfiguration(Kind, api="flowcontrol.apiserver.k8s.io/v1", package="k8s.io.api.flowcontrol.v1"):
    """How much of the server the requests of a level may take."""

    spec: Annotated[PriorityLevelConfigurationSpec, Wire(2), Required()] = always(PriorityLevelConfigurationSpec)
    status: Annotated[PriorityLevelConfigurationStatus, Wire(3)] = always(PriorityLevelConfigurationStatus)
