"""Messages here are what upstream's own tests and clients have seen; their exact words are the point."""

import pytest

from steersman.apimachinery import formats
from steersman.apimachinery.fielderrors import (
    duplicate,
    forbidden_field,
    invalid_value,
    not_supported,
    required,
    too_long,
    too_many,
)
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.status import Cause, Invalid, forbidden_to, from_status, invalid, not_found, server_timeout

CONTAINERS = Path("spec").child("containers")


def test_paths_read_as_upstream_writes_them() -> None:
    assert CONTAINERS.at(0).child("env").key("A") == "spec.containers[0].env[A]"


@pytest.mark.parametrize(
    ("cause", "message"),
    [
        (required(CONTAINERS), "Required value"),
        (required(CONTAINERS, "say it"), "Required value: say it"),
        (invalid_value(CONTAINERS, "x\n", "no"), 'Invalid value: "x\\n": no'),
        (invalid_value(CONTAINERS, 7, "no"), "Invalid value: 7: no"),
        (invalid_value(CONTAINERS, {"a": ["b"]}, "no"), 'Invalid value: {"a":["b"]}: no'),
        (not_supported(CONTAINERS, "x", ["A", "B"]), 'Unsupported value: "x": supported values: "A", "B"'),
        (forbidden_field(CONTAINERS, "no"), "Forbidden: no"),
        (duplicate(CONTAINERS, "x"), 'Duplicate value: "x"'),
        (too_long(CONTAINERS, 63), "Too long: may not be more than 63 bytes"),
        (too_many(CONTAINERS, 9, 1), "Too many: 9: must have at most 1 item"),
    ],
)
def test_field_errors_read_as_upstream_writes_them(cause: Cause, message: str) -> None:
    assert cause.message == message
    assert cause.field == "spec.containers"


def test_one_cause_stands_bare_and_several_in_brackets_without_repeats() -> None:
    one, other = required("spec.a"), forbidden_field("spec.b", "no")
    assert invalid("Pod", "x", [one]).message == 'Pod "x" is invalid: spec.a: Required value'
    error = invalid("Deployment.apps", "x", [one, other, one])
    assert error.message == 'Deployment.apps "x" is invalid: [spec.a: Required value, spec.b: Forbidden: no]'
    assert (error.details.kind, error.details.group, len(error.details.causes)) == ("Deployment", "apps", 3)


def test_an_error_survives_the_wire_as_the_same_class() -> None:
    error = invalid("Pod", "x", [required("spec.containers")])
    again = from_status(error.to_status())
    assert type(again) is Invalid
    assert again.to_status() == error.to_status()


def test_forbidden_names_the_user_the_verb_and_the_place() -> None:
    error = forbidden_to("u", "list", "pods", namespace="default")
    assert error.message == (
        'pods is forbidden: User "u" cannot list resource "pods" in API group "" in the namespace "default"'
    )
    assert forbidden_to("u", "get", "nodes", name="n").message == (
        'nodes "n" is forbidden: User "u" cannot get resource "nodes" in API group "" at the cluster scope'
    )
    scale = forbidden_to("u", "update", "deployments/scale.apps", name="d", namespace="n")
    assert scale.message == (
        'deployments.apps "d" is forbidden: User "u" cannot update resource "deployments/scale" in API group "apps" '
        'in the namespace "n"'
    )
    assert scale.details.kind == "deployments"


def test_details_say_what_the_error_is_about() -> None:
    assert not_found("deployments.apps", "x").to_status()["details"] == {
        "name": "x", "group": "apps", "kind": "deployments",
    }  # fmt: skip
    assert server_timeout("pods", "get", 3).to_status()["details"] == {
        "name": "get", "kind": "pods", "retryAfterSeconds": 3,
    }  # fmt: skip


LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)


def test_names_are_judged_in_upstreams_words() -> None:
    assert formats.dns1123_label("a-1") == []
    assert formats.dns1123_label("A") == [LABEL]
    assert formats.dns1123_label("a.b") == ["must not contain dots"]
    assert formats.dns1123_label("a" * 64) == ["must be no more than 63 characters"]
    assert formats.dns1123_label("a\n") == [LABEL]
    assert formats.dns1123_subdomain("a_b") == [SUBDOMAIN]
    assert formats.dns1123_subdomain("é") == [SUBDOMAIN]
    assert formats.dns1035_label("1a") != []


def test_label_keys_and_values_are_judged_in_upstreams_words() -> None:
    assert formats.qualified_name("example.com/MyName") == []
    assert formats.qualified_name("a/") == [
        "name part must be non-empty",
        (
            "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
            "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
            "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
        ),
    ]
    assert formats.qualified_name("/a") == ["prefix part must be non-empty"]
    assert formats.label_value("") == []
    assert formats.label_value("a b") == [
        (
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must "
            "start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for "
            "validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
        )
    ]


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("10.0.0.1", []),
        ("FE80::1", []),
        ("10.0.0.01", ["must not have leading 0s"]),
        ("::ffff:1.2.3.4", ["must not be an IPv4-mapped IPv6 address"]),
        ("fe80::1%eth0", ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]),
        ("10.0.0", ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]),
    ],
)
def test_addresses_are_judged_strictly(value: str, complaint: list[str]) -> None:
    assert formats.ip_address(value) == complaint


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("10.0.0.0/8", []),
        ("10.0.0.1/8", ["must not have bits set beyond the prefix length"]),
        ("10.0.0.0/08", ["must not have leading 0s in IP or prefix length"]),
        ("10.0.0.0", ["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"]),
        ("10.0.0.0/33", ["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"]),
        ("2001:db8::/32", []),
    ],
)
def test_networks_are_judged_strictly(value: str, complaint: list[str]) -> None:
    assert formats.cidr(value) == complaint
