"""apiregistration.k8s.io/v1: who answers for which group version."""

from steersman.api.apiregistration.apiservice import (
    APIService,
    APIServiceCondition,
    APIServiceSpec,
    APIServiceStatus,
    ServiceReference,
)

__all__ = ["APIService", "APIServiceCondition", "APIServiceSpec", "APIServiceStatus", "ServiceReference"]
