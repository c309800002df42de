"""What the status of a ValidatingAdmissionPolicy says of the types of its expressions."""

from typing import Any

import pytest

from steersman.api.admissionregistration import ValidatingAdmissionPolicy
from steersman.api.apiextensions import CustomResourceDefinition
from steersman.apimachinery.codec.json import from_wire
from steersman.apimachinery.object import replace
from steersman.controllers.validatingadmissionpolicystatus.checking import check
from steersman.controllers.validatingadmissionpolicystatus.controller import ValidatingAdmissionPolicyStatusController

from .world import World, key

DEPLOYMENTS = {"apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["deployments"]}
CUSTOM = {"apiGroups": ["example.com"], "apiVersions": ["v1"], "resources": ["gadgets"]}

COMPARED = """ERROR: <input>:1:22: found no matching overload for '_==_' applied to '(int, string)'
 | object.spec.replicas == 'three'
 | .....................^"""


def policy(
    *expressions: str, rules: tuple[Any, ...] = (DEPLOYMENTS,), generation: int = 2, **spec: Any
) -> ValidatingAdmissionPolicy:
    whole = {
        "matchConstraints": {"resourceRules": [{**one, "operations": ["*"]} for one in rules]},
        "validations": [{"expression": text} for text in expressions],
        **spec,
    }
    return from_wire({"metadata": {"name": "p", "generation": generation}, "spec": whole}, ValidatingAdmissionPolicy)


def definition(*, established: bool = True) -> CustomResourceDefinition:
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}}}
    names = {"plural": "gadgets", "singular": "gadget", "kind": "Gadget", "listKind": "GadgetList"}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    conditions = [{"type": "Established", "status": "True" if established else "False"}]
    tree = {
        "metadata": {"name": "gadgets.example.com"},
        "spec": {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]},
        "status": {"acceptedNames": names, "conditions": conditions},
    }
    return from_wire(tree, CustomResourceDefinition)


def told(one: ValidatingAdmissionPolicy, *definitions: CustomResourceDefinition) -> dict[str, str]:
    return {warning.fieldRef: warning.warning for warning in check(one, definitions)}


@pytest.mark.parametrize(
    "text",
    [
        "object.spec.replicas > 1 && oldObject.metadata.name == object.metadata.generateName",
        "object.metadata.labels['a'] == 'b' && object.metadata.creationTimestamp < timestamp('2030-01-01T00:00:00Z')",
        "object.spec.template.spec.containers.all(c, c.image.startsWith('x') && !has(c.securityContext.privileged))",
        "[object.spec.strategy.rollingUpdate.maxSurge].all(x, type(x) == int || x == '1')",
        "request.userInfo.username != namespaceObject.metadata.name && authorizer.path('/x').check('get').allowed()",
    ],
)
def test_what_is_right_is_not_told_of(text: str) -> None:
    assert told(policy(text)) == {}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("object.foo == 'bar'", "ERROR: <input>:1:7: undefined field 'foo'\n | object.foo == 'bar'\n | ......^"),
        ("object.spec.replicas == 'three'", COMPARED),
    ],
)
def test_a_warning_says_which_kind_and_where(text: str, why: str) -> None:
    assert told(policy("true", text)) == {"spec.validations[1].expression": f"apps/v1, Kind=Deployment: {why}\n"}


def test_each_kind_of_the_rules_is_told_of_in_order() -> None:
    both = {
        "apiGroups": ["apps"],
        "apiVersions": ["v1"],
        "resources": ["replicasets", "deployments", "deployments/scale"],
    }
    pods = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods", "*"]}
    every = {"apiGroups": ["*"], "apiVersions": ["v1"], "resources": ["services"]}
    (warning,) = told(policy("has(object.spec.strategy)", rules=(both, pods, every))).values()
    assert [line.split(": ")[0] for line in warning.split("\n") if "Kind" in line] == [
        "/v1, Kind=Pod",
        "apps/v1, Kind=ReplicaSet",
    ]


def test_types_of_custom_resources_come_from_their_definitions() -> None:
    one = policy("object.spec.size > 'x'", "object.metadata.labels.size() > 0", rules=(CUSTOM,))
    (warning,) = told(one, definition()).values()
    assert "example.com/v1, Kind=Gadget: ERROR: <input>:1:18: found no matching overload for '_>_'" in warning
    assert told(one, definition(established=False)) == told(one) == {}


def test_params_and_variables_have_types_too() -> None:
    kind = {"apiVersion": "v1", "kind": "ConfigMap"}
    one = policy("params.data.x == variables.most", "params.foo == ''", paramKind=kind,
                 variables=[{"name": "most", "expression": "object.spec.replicas"}])  # fmt: skip
    assert {ref: "(string, int)" in text or "'foo'" in text for ref, text in told(one).items()} == {
        "spec.validations[0].expression": True,
        "spec.validations[1].expression": True,
    }
    unknown = policy("params.foo == 1", paramKind={"apiVersion": "nowhere/v1", "kind": "Thing"})
    assert told(unknown) == {}


def test_what_is_wrong_with_a_variable_is_not_told_where_it_is_used() -> None:
    one = policy("variables.bad", variables=[{"name": "bad", "expression": "object.spec.replicas == 'x'"}])
    assert told(one) == {}
    assert list(told(policy("variables.missing"))) == ["spec.validations[0].expression"]


def test_message_expressions_are_looked_at() -> None:
    validations = [{"expression": "true", "messageExpression": "object.spec.replicas + 'x'"}]
    assert list(told(policy(validations=validations))) == ["spec.validations[0].messageExpression"]


def test_each_spec_is_looked_at_once() -> None:
    world = World(policy("object.foo == 1"))
    controller = ValidatingAdmissionPolicyStatusController()
    world.settle(controller, key("p", ""))
    (found,) = world.all(ValidatingAdmissionPolicy)
    assert (found.status.observedGeneration, _fields(found)) == (2, ["spec.validations[0].expression"])
    world.update(replace(policy("object.spec.replicas == 1", generation=3), status=found.status))
    world.settle(controller, key("p", ""))
    (found,) = world.all(ValidatingAdmissionPolicy)
    assert (found.status.observedGeneration, _fields(found)) == (3, [])
    assert found.status.typeChecking is not None


def _fields(found: ValidatingAdmissionPolicy) -> list[str]:
    checked = found.status.typeChecking
    return [one.fieldRef for one in checked.expressionWarnings] if checked is not None else []
