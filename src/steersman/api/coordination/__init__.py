"""coordination.k8s.io/v1: leases, by which nodes and leaders show that they live."""

from steersman.api.coordination.lease import Lease, LeaseSpec

__all__ = ["Lease", "LeaseSpec"]
