"""Expressions about requests: which variables they have, and how they are compiled.

Source: apiserver/pkg/admission/plugin/cel: compile.go, composition.go.
"""

from dataclasses import dataclass

from steersman.api.admissionregistration.patchtypes import find_type, make
from steersman.apimachinery.cel.environment import Environment, Program
from steersman.apimachinery.cel.source import CELError
from steersman.apimachinery.cel.types import BOOL, DYN, INT, NULL, STRING, TIMESTAMP, Type, list_of, map_of

_TEXTS = list_of(STRING)
_LABELS = map_of(STRING, STRING)
RESOURCE_CHECK = Type("kubernetes.authorization.ResourceCheck")
AUTHORIZER = Type("kubernetes.authorization.Authorizer", fields={"requestResource": RESOURCE_CHECK})
_KIND = Type("kubernetes.GroupVersionKind", fields={"group": STRING, "version": STRING, "kind": STRING})
_RESOURCE = Type("kubernetes.GroupVersionResource", fields={"group": STRING, "version": STRING, "resource": STRING})
_USER = Type(
    "kubernetes.UserInfo",
    fields={"username": STRING, "uid": STRING, "groups": _TEXTS, "extra": map_of(STRING, _TEXTS)},
)
REQUEST = Type(
    "kubernetes.AdmissionRequest",
    fields={
        "kind": _KIND,
        "resource": _RESOURCE,
        "subResource": STRING,
        "requestKind": _KIND,
        "requestResource": _RESOURCE,
        "requestSubResource": STRING,
        "name": STRING,
        "namespace": STRING,
        "operation": STRING,
        "userInfo": _USER,
        "dryRun": BOOL,
        "options": DYN,
    },
)
_CONDITION = Type(
    "kubernetes.NamespaceCondition",
    fields={
        "status": STRING, "type": STRING, "lastTransitionTime": TIMESTAMP, "message": STRING, "reason": STRING,
    },
)  # fmt: skip
_METADATA = Type(
    "kubernetes.NamespaceMetadata",
    fields={
        "name": STRING,
        "generateName": STRING,
        "namespace": STRING,
        "labels": _LABELS,
        "annotations": _LABELS,
        "UID": STRING,
        "creationTimestamp": TIMESTAMP,
        "deletionGracePeriodSeconds": INT,
        "deletionTimestamp": TIMESTAMP,
        "generation": INT,
        "resourceVersion": STRING,
        "finalizers": _TEXTS,
    },
)
NAMESPACE = Type(
    "kubernetes.Namespace",
    fields={
        "metadata": _METADATA,
        "spec": Type("kubernetes.NamespaceSpec", fields={"finalizers": _TEXTS}),
        "status": Type("kubernetes.NamespaceStatus", fields={"conditions": list_of(_CONDITION), "phase": STRING}),
    },
)
VARIABLES = "kubernetes.variables"
# Types of variables that keep what they are for those who use them.
_PLAIN = frozenset({"bool", "bytes", "double", "duration", "int", "null", "string", "timestamp", "uint"})


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an expression can't be used, as `Invalid value` says it."""

    why: str


Compiled = Program | Fault


@dataclass(frozen=True, slots=True)
class Shown:
    """The types of what differs from request to request; without a schema they are anything."""

    object: Type = DYN
    params: Type = DYN


class Expressions:
    """Compiles the expressions of one policy, or of one webhook; variables are known from where they were compiled."""

    def __init__(self, *, has_params: bool = False, has_variables: bool = True, shown: Shown | None = None) -> None:
        shown = shown or Shown()
        self._plain = {"object": shown.object, "oldObject": shown.object, "request": REQUEST}
        self._plain["namespaceObject"] = NAMESPACE
        if has_params:
            self._plain["params"] = shown.params
        self._found: dict[str, Type] = {}
        if has_variables:
            self._plain["variables"] = Type(VARIABLES, fields=self._found)

    def compile(self, text: str, *results: Type, has_authorizer: bool = True, can_patch: bool = False) -> Compiled:
        """The program of an expression that has one of these types, if any are given."""
        known = {**self._plain, "authorizer": AUTHORIZER} if has_authorizer else self._plain
        environment = Environment(known, find_type, make) if can_patch else Environment(known)
        try:
            program = environment.compile(text)
        except CELError as error:
            return Fault(str(error))
        # What isn't known to be of the type won't do, unlike elsewhere.
        if results and program.result not in results:
            names = " ".join(map(_name, results))
            wanted = names if len(results) == 1 else f"one of [{names}]"
            return Fault(f"must evaluate to {wanted} but got {_name(program.result)}")
        return program

    def faults(self, text: str) -> str:
        """What is wrong with an expression of whatever type, line by line; empty when nothing is."""
        try:
            Environment({**self._plain, "authorizer": AUTHORIZER}).check(text)
        except CELError as error:
            return str(error)
        return ""

    def variable(self, name: str, text: str) -> Compiled:
        """The program of a variable, which those compiled later may use as `variables.name`."""
        compiled = self.compile(text)
        self._found[name] = DYN if isinstance(compiled, Fault) else _kept(compiled.result)
        return compiled


def _name(one: Type) -> str:
    return "null_type" if one == NULL else str(one)


def _kept(one: Type) -> Type:
    if one.name in _PLAIN:
        return one
    if one.name in ("list", "map"):
        return Type(one.name, tuple(map(_kept, one.params)))
    return DYN
