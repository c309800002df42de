"""Which APIs are served, by the administrator's word."""

import pytest

from steersman.api.resources import RESOURCES
from steersman.apiserver.runtimeconfig import served_resources

POLICIES = ("policy/v1beta1", "podsecuritypolicies")


def served(**config: bool) -> set[tuple[str, str]]:
    return {(one.gvk.api_version, one.plural) for one in served_resources(config)}


def test_by_default_nothing_is_added_or_left_out() -> None:
    assert list(served_resources({})) == list(RESOURCES)
    assert POLICIES not in served()


@pytest.mark.parametrize(
    ("config", "is_served"),
    [
        ({"policy/v1beta1/podsecuritypolicies": True}, True),
        ({"policy/v1beta1": True}, True),
        ({"policy/v1beta1": True, "policy/v1beta1/podsecuritypolicies": False}, False),
        ({"api/beta": True}, True),
        ({"api/all": True}, True),
        ({"api/all": True, "api/beta": False}, False),
        ({"api/ga": True}, False),
    ],
)
def test_the_narrowest_word_counts(config: dict[str, bool], is_served: bool) -> None:
    assert (POLICIES in served(**config)) is is_served


def test_versions_are_turned_off_but_not_the_core() -> None:
    assert ("apps/v1", "deployments") not in served(**{"apps/v1": False})
    assert ("apps/v1", "deployments") in served(**{"apps/v1/daemonsets": False})
    assert ("v1", "pods") in served(**{"api/all": False})
