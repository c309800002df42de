"""Objects: frozen, changed by copies, checked by their markers."""

import pytest

from steersman.api import core, meta
from steersman.apimachinery.codec.json import decode, encode
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.object import replace
from steersman.apimachinery.validation import check_markers


def test_an_object_cannot_be_changed() -> None:
    pod = core.Pod()
    with pytest.raises(AttributeError):
        pod.metadata = meta.ObjectMeta()  # type: ignore[misc]  # that is the point


def test_replace_makes_a_changed_copy_and_leaves_the_original() -> None:
    pod = core.Pod(metadata=meta.ObjectMeta(name="a"))
    renamed = replace(pod, metadata=replace(pod.metadata, name="b"))
    assert (pod.metadata.name, renamed.metadata.name) == ("a", "b")
    assert renamed.spec is pod.spec


def test_lists_decode_to_tuples_so_that_objects_can_be_shared() -> None:
    pod = decode(b'{"spec":{"containers":[{"name":"a","args":["x"]}]}}', core.Pod)
    assert isinstance(pod.spec.containers, tuple)
    assert isinstance(pod.spec.containers[0].args, tuple)


def test_equal_objects_are_equal_and_encode_alike() -> None:
    text = b'{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"},"spec":{"containers":[]},"status":{}}'
    assert decode(text, core.Pod) == decode(text, core.Pod)
    assert encode(decode(text, core.Pod)) == text


def test_markers_forbid_in_upstreams_words() -> None:
    port = core.ContainerPort(containerPort=80, protocol="ICMP")
    containers = (core.Container(name="a", ports=(port,)), core.Container())
    pod = core.Pod(spec=core.PodSpec(containers=containers, restartPolicy="Sometimes"))
    found = {cause.field: cause.message for cause in check_markers(pod)}
    assert found["spec.containers[0].ports[0].protocol"] == (
        'Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"'
    )
    assert found["spec.containers[1].name"] == "Required value"
    assert found["spec.restartPolicy"] == (
        'Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"'
    )


def test_types_that_word_it_otherwise_can_be_left_out() -> None:
    spec = core.PodSpec(containers=(core.Container(),))
    assert check_markers(spec, Path("spec"), frozenset({core.Container})) == []
    assert [cause.field for cause in check_markers(spec, Path("spec"))] == ["spec.containers[0].name"]
