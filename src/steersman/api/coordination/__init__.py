"""coordination.k8s.io/v1."""

from steersman.api.coordination.lease import Lease, LeaseSpec

__all__ = ["Lease", "LeaseSpec"]
