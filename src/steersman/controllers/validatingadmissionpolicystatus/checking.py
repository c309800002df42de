"""The expressions of a policy held against the types of the objects they are about. Pure.

Source: apiserver/pkg/admission/plugin/policy/validating/typechecking.go.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from steersman.api.admissionregistration import ExpressionWarning, ParamKind, Rule, ValidatingAdmissionPolicy
from steersman.api.admissionregistration.expressions import Expressions, Shown
from steersman.api.apiextensions import CustomResourceDefinition
from steersman.api.customresources import custom_kind
from steersman.api.meta import Kind
from steersman.api.resources import RESOURCES
from steersman.apimachinery.cel.schematypes import declared
from steersman.apimachinery.cel.types import DYN, Type
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.object import GroupVersionKind
from steersman.apimachinery.openapi.resolving import whole_schema

# More types than these aren't looked at, lest a policy with many rules take long.
MAX_TYPES = 10
VALIDATIONS = Path("spec").child("validations")


@dataclass(frozen=True, slots=True)
class Served:
    """A kind by the names that rules call it by, and where its type comes from."""

    gvk: GroupVersionKind
    names: tuple[str, str]
    source: type[Kind] | CustomResourceDefinition

    def type(self) -> Type:
        """The type of its objects, as far as it can be told."""
        kind = self.source if isinstance(self.source, type) else _custom_kind(self.source, self.gvk.version)
        found = declared(whole_schema(kind), is_root=True, name=self.gvk.kind)
        return found.kind if found is not None else DYN


def check(
    policy: ValidatingAdmissionPolicy, definitions: Iterable[CustomResourceDefinition]
) -> list[ExpressionWarning]:
    """What is doubtful about the expressions of a policy, given the custom resources there are."""
    served = (*_builtin(), *_custom(definitions))
    about = [(one.gvk, one.type()) for one in types_to_check(policy, served)]
    params = _params_type(policy.spec.paramKind, served)
    known = [(gvk, _expressions(policy, Shown(kind, params))) for gvk, kind in about]
    warnings: list[ExpressionWarning] = []
    for position, validation in enumerate(policy.spec.validations):
        for name in ("expression", "messageExpression"):
            text = getattr(validation, name)
            warning = _warning(text, known) if text or name == "expression" else ""
            if warning:
                field = str(VALIDATIONS.at(position).child(name))
                warnings.append(ExpressionWarning(fieldRef=field, warning=warning))
    return warnings


def types_to_check(policy: ValidatingAdmissionPolicy, served: Sequence[Served]) -> list[Served]:
    """The kinds that the rules name, without those of `*`; sorted, and no more of a rule than `MAX_TYPES`."""
    found: dict[GroupVersionKind, Served] = {}
    constraints = policy.spec.matchConstraints
    for rule in constraints.resourceRules if constraints is not None else ():
        for count, one in enumerate(_named(rule, served), 1):
            found[one.gvk] = one
            if count == MAX_TYPES:
                return _sorted(found.values())
    return _sorted(found.values())


def _sorted(found: Iterable[Served]) -> list[Served]:
    return sorted(found, key=lambda one: (one.gvk.group, one.gvk.version, one.gvk.kind))


def _named(rule: Rule, served: Sequence[Served]) -> Iterable[Served]:
    """The kinds of a rule. An empty group is any: so client-go's mapper of names reads it."""
    if any("*" in name for name in (*rule.apiGroups, *rule.apiVersions)):
        return
    resources = [name for name in rule.resources if not set("*/") & set(name)]
    for group, version, name in product(sorted(rule.apiGroups), sorted(rule.apiVersions), sorted(resources)):
        for one in served:
            if group in ("", one.gvk.group) and version == one.gvk.version and name.lower() in one.names:
                yield one


def _builtin() -> Iterable[Served]:
    return (Served(one.gvk, (one.plural, one.singular), one.object_type) for one in RESOURCES)


def _custom(definitions: Iterable[CustomResourceDefinition]) -> Iterable[Served]:
    for crd in definitions:
        if any((one.type, one.status) == ("Established", "True") for one in crd.status.conditions):
            names = crd.status.acceptedNames
            for version in crd.spec.versions:
                if version.served:
                    gvk = GroupVersionKind(crd.spec.group, version.name, names.kind)
                    yield Served(gvk, (names.plural, names.singular), crd)


def _custom_kind(crd: CustomResourceDefinition, version: str) -> type[Kind]:
    return custom_kind(crd, next(one for one in crd.spec.versions if one.name == version))


def _params_type(kind: ParamKind | None, served: Sequence[Served]) -> Type:
    if kind is None:
        return DYN
    wanted = GroupVersionKind.parse(kind.apiVersion, kind.kind)
    return next((one.type() for one in served if one.gvk == wanted), DYN)


def _expressions(policy: ValidatingAdmissionPolicy, shown: Shown) -> Expressions:
    known = Expressions(has_params=policy.spec.paramKind is not None, shown=shown)
    for one in policy.spec.variables:
        # What is wrong with a variable isn't told; those who use it take it for anything.
        known.variable(one.name, one.expression)
    return known


def _warning(text: str, known: Sequence[tuple[GroupVersionKind, Expressions]]) -> str:
    found = [(gvk, expressions.faults(text)) for gvk, expressions in known]
    return "\n".join(f"{gvk.group}/{gvk.version}, Kind={gvk.kind}: {why}\n" for gvk, why in found if why)
