"""Declared defaults, on objects and on wire trees."""

from steersman.api import apps, core
from steersman.apimachinery.codec.json import from_wire, to_wire
from steersman.apimachinery.defaulting import apply_defaults, default_tree
from steersman.apimachinery.object import replace
from steersman.apimachinery.pruning import prune
from steersman.apimachinery.schema import schema_of

BARE = {
    "spec": {
        "template": {"spec": {"containers": [{"name": "a", "ports": [{"containerPort": 80}]}]}},
    }
}


def test_absent_fields_get_their_defaults_at_any_depth() -> None:
    made = apply_defaults(from_wire(BARE, apps.Deployment))
    assert made.spec.template.spec.containers[0].ports[0].protocol == "TCP"


def test_given_values_stay() -> None:
    port = core.ContainerPort(containerPort=80, protocol="UDP")
    made = apply_defaults(core.Pod(spec=core.PodSpec(containers=(core.Container(name="a", ports=(port,)),))))
    assert made.spec.containers[0].ports[0].protocol == "UDP"


def test_an_object_with_nothing_to_fill_in_is_returned_itself() -> None:
    made = apply_defaults(from_wire(BARE, apps.Deployment))
    assert apply_defaults(made) is made
    secret = core.Secret()
    changed = replace(secret, data={"a": b"x"})
    assert apply_defaults(changed) is changed


def test_a_wire_tree_is_filled_in_as_the_object_is() -> None:
    tree = to_wire(from_wire(BARE, apps.Deployment))
    default_tree(tree, schema_of(apps.Deployment))
    assert tree == to_wire(apply_defaults(from_wire(BARE, apps.Deployment)))


def test_pruning_takes_what_is_unknown_and_names_it() -> None:
    tree = {"metadata": {"labels": {"any": "x"}, "odd": 1}, "spec": {"containers": [{"name": "a", "b": {}}]}, "c": 1}
    assert prune(tree, schema_of(core.Pod)) == ["metadata.odd", "spec.containers[0].b", "c"]
    assert tree == {"metadata": {"labels": {"any": "x"}}, "spec": {"containers": [{"name": "a"}]}}
