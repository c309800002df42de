"""Admission policies: rules about requests, written as CEL expressions."""

from enum import StrEnum
from typing import Annotated

from steersman.api.meta.kind import Kind
from steersman.api.meta.listmeta import Condition
from steersman.api.meta.objectmeta import LabelSelector
from steersman.apimachinery.markers import Atomic, Int64, ListMap, ListSet, MergeBy, OneOf, Required, Wire, always
from steersman.apimachinery.object import Object


class FailurePolicyType(StrEnum):
    """What a failure of the check itself means for the request."""

    IGNORE = "Ignore"
    FAIL = "Fail"


class MatchPolicyType(StrEnum):
    """Whether a rule also catches requests for other versions of its resources."""

    EXACT = "Exact"
    EQUIVALENT = "Equivalent"


class OperationType(StrEnum):
    """What a request does."""

    OPERATION_ALL = "*"
    CREATE = "CREATE"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    CONNECT = "CONNECT"


class PatchType(StrEnum):
    """How a mutation is written."""

    APPLY_CONFIGURATION = "ApplyConfiguration"
    JSON_PATCH = "JSONPatch"


class ReinvocationPolicyType(StrEnum):
    """Whether it is asked again when others changed the object after it."""

    NEVER = "Never"
    IF_NEEDED = "IfNeeded"


class ScopeType(StrEnum):
    """Whether a rule is about resources in namespaces, outside of them, or both."""

    CLUSTER = "Cluster"
    NAMESPACED = "Namespaced"
    ALL_SCOPES = "*"


class ValidationAction(StrEnum):
    """What a violation leads to."""

    DENY = "Deny"
    WARN = "Warn"
    AUDIT = "Audit"


class Rule(Object, package="k8s.io.api.admissionregistration.v1"):
    """Resources by group, version and name."""

    apiGroups: Annotated[tuple[str, ...], Wire(1), Atomic()] = ()
    apiVersions: Annotated[tuple[str, ...], Wire(2), Atomic()] = ()
    resources: Annotated[tuple[str, ...], Wire(3), Atomic()] = ()
    scope: Annotated[str | None, Wire(4), OneOf(ScopeType)] = None


class AuditAnnotation(Object, package="k8s.io.api.admissionregistration.v1"):
    """A note for the audit log, made by an expression."""

    key: Annotated[str, Wire(1), Required()] = always("")
    valueExpression: Annotated[str, Wire(2), Required()] = always("")


class MatchCondition(Object, package="k8s.io.api.admissionregistration.v1"):
    """An expression that must be true for a request to be looked at."""

    name: Annotated[str, Wire(1), Required()] = always("")
    expression: Annotated[str, Wire(2), Required()] = always("")


class RuleWithOperations(Rule, inline=2, package="k8s.io.api.admissionregistration.v1"):
    """Resources, and the operations on them."""

    operations: Annotated[tuple[str, ...], Wire(1), Atomic()] = ()


class NamedRuleWithOperations(RuleWithOperations, inline=2, atomic=True, package="k8s.io.api.admissionregistration.v1"):
    """Resources, the operations on them, and the names of the objects."""

    resourceNames: Annotated[tuple[str, ...], Wire(1), Atomic()] = ()


class MatchResources(Object, atomic=True, package="k8s.io.api.admissionregistration.v1"):
    """Which requests are looked at."""

    namespaceSelector: Annotated[LabelSelector | None, Wire(1)] = None
    objectSelector: Annotated[LabelSelector | None, Wire(2)] = None
    resourceRules: Annotated[tuple[NamedRuleWithOperations, ...], Wire(3), Atomic()] = ()
    excludeResourceRules: Annotated[tuple[NamedRuleWithOperations, ...], Wire(4), Atomic()] = ()
    matchPolicy: Annotated[str | None, Wire(7), OneOf(MatchPolicyType)] = None


class ParamKind(Object, atomic=True, package="k8s.io.api.admissionregistration.v1"):
    """The kind of a policy's parameters."""

    apiVersion: Annotated[str, Wire(1)] = ""
    kind: Annotated[str, Wire(2)] = ""


class Validation(Object, package="k8s.io.api.admissionregistration.v1"):
    """An expression that must be true, and what is said when it isn't."""

    expression: Annotated[str, Wire(1), Required()] = always("")
    message: Annotated[str, Wire(2)] = ""
    reason: Annotated[str | None, Wire(3)] = None
    messageExpression: Annotated[str, Wire(4)] = ""


class Variable(Object, atomic=True, package="k8s.io.api.admissionregistration.v1"):
    """An expression with a name, for use in others."""

    name: Annotated[str, Wire(1), Required()] = always("")
    expression: Annotated[str, Wire(2), Required()] = always("")


class ValidatingAdmissionPolicySpec(Object, package="k8s.io.api.admissionregistration.v1"):
    """What a policy looks at, and what it demands."""

    paramKind: Annotated[ParamKind | None, Wire(1)] = None
    matchConstraints: Annotated[MatchResources | None, Wire(2)] = None
    validations: Annotated[tuple[Validation, ...], Wire(3), Atomic()] = ()
    failurePolicy: Annotated[str | None, Wire(4), OneOf(FailurePolicyType)] = None
    auditAnnotations: Annotated[tuple[AuditAnnotation, ...], Wire(5), Atomic()] = ()
    matchConditions: Annotated[tuple[MatchCondition, ...], Wire(6), MergeBy("name"), ListMap("name")] = ()
    variables: Annotated[tuple[Variable, ...], Wire(7), MergeBy("name"), ListMap("name")] = ()


class ExpressionWarning(Object, package="k8s.io.api.admissionregistration.v1"):
    """Something doubtful about an expression."""

    fieldRef: Annotated[str, Wire(2), Required()] = always("")
    warning: Annotated[str, Wire(3), Required()] = always("")


class TypeChecking(Object, package="k8s.io.api.admissionregistration.v1"):
    """What checking the types of a policy's expressions found."""

    expressionWarnings: Annotated[tuple[ExpressionWarning, ...], Wire(1), Atomic()] = ()


class ValidatingAdmissionPolicyStatus(Object, package="k8s.io.api.admissionregistration.v1"):
    """What was found out about a policy."""

    observedGeneration: Annotated[Int64, Wire(1)] = 0
    typeChecking: Annotated[TypeChecking | None, Wire(2)] = None
    conditions: Annotated[tuple[Condition, ...], Wire(3), ListMap("type")] = ()


class ValidatingAdmissionPolicy(
    Kind, api="admissionregistration.k8s.io/v1", package="k8s.io.api.admissionregistration.v1"
):
    """Demands on requests, written as expressions; in force where a binding says so."""

    spec: Annotated[ValidatingAdmissionPolicySpec, Wire(2)] = always(ValidatingAdmissionPolicySpec)
    status: Annotated[ValidatingAdmissionPolicyStatus, Wire(3)] = always(ValidatingAdmissionPolicyStatus)


class ParamRef(Object, atomic=True, package="k8s.io.api.admissionregistration.v1"):
    """The parameters that a binding gives to its policy."""

    name: Annotated[str, Wire(1)] = ""
    namespace: Annotated[str, Wire(2)] = ""
    selector: Annotated[LabelSelector | None, Wire(3)] = None
    parameterNotFoundAction: Annotated[str | None, Wire(4)] = None


class ValidatingAdmissionPolicyBindingSpec(Object, package="k8s.io.api.admissionregistration.v1"):
    """Which policy, with which parameters, for which requests, and to what end."""

    policyName: Annotated[str, Wire(1), Required()] = ""
    paramRef: Annotated[ParamRef | None, Wire(2)] = None
    matchResources: Annotated[MatchResources | None, Wire(3)] = None
    validationActions: Annotated[tuple[str, ...], Wire(4), Required(), ListSet()] = ()


class ValidatingAdmissionPolicyBinding(
    Kind, api="admissionregistration.k8s.io/v1", package="k8s.io.api.admissionregistration.v1"
):
    """Puts a policy in force."""

    spec: Annotated[ValidatingAdmissionPolicyBindingSpec, Wire(2), Required()] = always(
        ValidatingAdmissionPolicyBindingSpec
    )


class ApplyConfiguration(Object, package="k8s.io.api.admissionregistration.v1"):
    """A change as an object that is applied."""

    expression: Annotated[str, Wire(1)] = ""


class JSONPatch(Object, package="k8s.io.api.admissionregistration.v1"):
    """A change as a JSON patch."""

    expression: Annotated[str, Wire(1)] = ""


class Mutation(Object, package="k8s.io.api.admissionregistration.v1"):
    """A change of the object in a request."""

    patchType: Annotated[str, Wire(2), Required(), OneOf(PatchType)] = always("")
    applyConfiguration: Annotated[ApplyConfiguration | None, Wire(3)] = None
    jsonPatch: Annotated[JSONPatch | None, Wire(4)] = None


class MutatingAdmissionPolicySpec(Object, package="k8s.io.api.admissionregistration.v1"):
    """What a policy looks at, and what it changes."""

    paramKind: Annotated[ParamKind | None, Wire(1)] = None
    matchConstraints: Annotated[MatchResources | None, Wire(2)] = None
    variables: Annotated[tuple[Variable, ...], Wire(3), Atomic()] = ()
    mutations: Annotated[tuple[Mutation, ...], Wire(4), Atomic()] = ()
    failurePolicy: Annotated[str | None, Wire(5), OneOf(FailurePolicyType)] = None
    matchConditions: Annotated[tuple[MatchCondition, ...], Wire(6), MergeBy("name"), ListMap("name")] = ()
    reinvocationPolicy: Annotated[str, Wire(7), OneOf(ReinvocationPolicyType)] = ""


class MutatingAdmissionPolicy(
    Kind, api="admissionregistration.k8s.io/v1", package="k8s.io.api.admissionregistration.v1"
):
    """Changes of requests, written as expressions; in force where a binding says so."""

    spec: Annotated[MutatingAdmissionPolicySpec, Wire(2)] = always(MutatingAdmissionPolicySpec)


class MutatingAdmissionPolicyBindingSpec(Object, package="k8s.io.api.admissionregistration.v1"):
    """Which policy, with which parameters, for which requests."""

    policyName: Annotated[str, Wire(1)] = ""
    paramRef: Annotated[ParamRef | None, Wire(2)] = None
    matchResources: Annotated[MatchResources | None, Wire(3)] = None


class MutatingAdmissionPolicyBinding(
    Kind, api="admissionregistration.k8s.io/v1", package="k8s.io.api.admissionregistration.v1"
):
    """Puts a policy in force."""

    spec: Annotated[MutatingAdmissionPolicyBindingSpec, Wire(2)] = always(MutatingAdmissionPolicyBindingSpec)
