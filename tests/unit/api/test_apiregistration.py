"""What may stand in an APIService. Source: kube-aggregator/pkg/apis/apiregistration/validation."""

from typing import Any

import pytest

from steersman.api.apiregistration import APIService, APIServiceSpec, ServiceReference
from steersman.api.apiregistration.validation import validate_service
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.object import replace

SERVICE = ServiceReference(namespace="default", name="api", port=443)
GOOD = APIService(
    metadata=ObjectMeta(name="v1.example.com"),
    spec=APIServiceSpec(
        group="example.com", version="v1", groupPriorityMinimum=1000, versionPriority=10, service=SERVICE
    ),
)


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"version": "v2"}, "metadata.name", 'must be `spec.version+"."+spec.group`: "v2.example.com"'),
        ({"group": "UPPER"}, "spec.group", "a lowercase RFC 1123 subdomain"),
        ({"group": "", "version": "v2"}, "spec.group", "only v1 may have an empty group"),
        ({"groupPriorityMinimum": 0}, "spec.groupPriorityMinimum", "must be positive and less than 20000"),
        ({"versionPriority": 1001}, "spec.versionPriority", "must be positive and less than 1000"),
        ({"service": ServiceReference(name="api", port=443)}, "spec.service.namespace", "Required value"),
        ({"service": replace(SERVICE, port=70000)}, "spec.service.port", "must be between 1 and 65535, inclusive"),
        (
            {"caBundle": b"x", "insecureSkipTLSVerify": True},
            "spec.insecureSkipTLSVerify",
            "may not be true if caBundle is present",
        ),
        ({"service": None, "caBundle": b"x"}, "spec.caBundle", "local APIServices may not have a caBundle"),
    ],
)
def test_a_rule_is_told_by_field_and_words(change: dict[str, Any], field: str, words: str) -> None:
    found = validate_service(replace(GOOD, spec=replace(GOOD.spec, **change)))
    assert any(one.field == field and words in one.message for one in found), found


def test_a_good_one_is_taken() -> None:
    assert not validate_service(GOOD)
