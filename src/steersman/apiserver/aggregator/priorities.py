"""In which order groups and their versions are told, as the APIServices of the built-in ones say.

Source: cmd/kube-apiserver/app/aggregator.go: apiVersionPriorities; crdregistration_controller.go for custom resources.
"""

from collections.abc import Mapping

GROUPS: Mapping[str, int] = {
    "": 18000, "apps": 17800, "events.k8s.io": 17750, "authentication.k8s.io": 17700, "authorization.k8s.io": 17600,
    "autoscaling": 17500, "batch": 17400, "certificates.k8s.io": 17300, "networking.k8s.io": 17200, "extensions": 17150,
    "policy": 17100, "rbac.authorization.k8s.io": 17000, "storage.k8s.io": 16800, "apiextensions.k8s.io": 16700,
    "admissionregistration.k8s.io": 16700, "scheduling.k8s.io": 16600, "coordination.k8s.io": 16500,
    "node.k8s.io": 16300, "discovery.k8s.io": 16200, "flowcontrol.apiserver.k8s.io": 16100,
    "internal.apiserver.k8s.io": 16000, "resource.k8s.io": 15900,
}  # fmt: skip
# The aggregator itself has no APIService, and comes first.
OWN_GROUP = "apiregistration.k8s.io"
STABLE, UNSTABLE = 15, 9
CUSTOM_GROUP, CUSTOM_VERSION = 1000, 100


def version_priority(group: str, version: str) -> int:
    """That of a version within its group."""
    if not group:
        return 1
    return UNSTABLE if "alpha" in version or "beta" in version else STABLE
