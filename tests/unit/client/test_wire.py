import json

import pytest

from steersman.api.apps import Deployment
from steersman.api.core import Node, Pod
from steersman.apimachinery.codec.json import DecodeError
from steersman.apimachinery.status import Expired, NotFound, StatusError
from steersman.client import wire
from steersman.client.interface import EventType, Propagation


def test_paths_name_group_namespace_object_and_subresource() -> None:
    assert wire.path_of(Pod, "default", "web", "status") == "/api/v1/namespaces/default/pods/web/status"
    assert wire.path_of(Pod, None) == "/api/v1/pods"
    assert wire.path_of(Deployment, "a b", "x/y") == "/apis/apps/v1/namespaces/a%20b/deployments/x%2Fy"
    assert wire.path_of(Node, "ignored", "n") == "/api/v1/nodes/n"


def test_only_parameters_that_say_something_are_sent() -> None:
    assert wire.with_query("/p", {"limit": "", "labelSelector": "a=b,c"}) == "/p?labelSelector=a%3Db%2Cc"
    assert wire.with_query("/p", {"limit": ""}) == "/p"


def test_a_list_is_read_with_its_revision_and_continuation_though_items_name_no_kind() -> None:
    document = {
        "kind": "PodList",
        "apiVersion": "v1",
        "metadata": {"resourceVersion": "42", "continue": "more", "remainingItemCount": 7},
        "items": [{"metadata": {"name": "a"}, "spec": {"nodeName": "n", "unknownField": 1}}],
    }
    found = wire.read_list(json.dumps(document).encode(), Pod)
    assert (found.resource_version, found.continue_, found.remaining) == ("42", "more", 7)
    assert (found.items[0].kind, found.items[0].metadata.name, found.items[0].spec.nodeName) == ("Pod", "a", "n")
    assert wire.read_list(b'{"metadata":{"resourceVersion":"1"},"items":null}', Pod).items == ()


def test_watch_lines_become_events_and_an_error_line_is_raised() -> None:
    event = wire.read_event(b'{"type":"MODIFIED","object":{"metadata":{"name":"a","resourceVersion":"5"}}}', Pod)
    assert (event.type, event.object.metadata.name) == (EventType.MODIFIED, "a")
    failure = b'{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}'
    with pytest.raises(Expired, match="too old"):
        wire.read_event(failure, Pod)
    with pytest.raises(DecodeError):
        wire.read_event(b"<html>", Pod)


def test_an_error_is_the_status_in_the_body_or_else_what_the_body_says() -> None:
    body = b'{"kind":"Status","code":404,"reason":"NotFound","message":"pods \\"a\\" not found"}'
    assert isinstance(wire.read_error(404, body), NotFound)
    error = wire.read_error(502, b"bad gateway\n")
    assert isinstance(error, StatusError)
    assert (error.code, str(error)) == (502, "bad gateway")


def test_delete_options_carry_policy_and_preconditions() -> None:
    options = json.loads(wire.delete_options(0, Propagation.FOREGROUND, "u", None))
    assert options == {
        "kind": "DeleteOptions",
        "apiVersion": "v1",
        "gracePeriodSeconds": 0,
        "propagationPolicy": "Foreground",
        "preconditions": {"uid": "u"},
    }
    assert "preconditions" not in json.loads(wire.delete_options(None, None))
