"""What makes the kinds of core/v1 wrong, in upstream's words: one subject a module. Every fault is collected."""

from steersman.api.core.validation.claims import validate_claim, validate_claim_status, validate_claim_update
from steersman.api.core.validation.endpoints import validate_endpoints
from steersman.api.core.validation.persistentvolumes import (
    validate_persistent_volume,
    validate_persistent_volume_update,
)
from steersman.api.core.validation.pods import validate_pod, validate_pod_template, validate_template
from steersman.api.core.validation.podsubresources import (
    validate_binding,
    validate_ephemeral_containers_update,
    validate_pod_resize,
    validate_pod_status,
)
from steersman.api.core.validation.podupdates import validate_pod_update
from steersman.api.core.validation.serviceaddresses import validate_service_change
from steersman.api.core.validation.services import validate_service, validate_service_status

__all__ = [
    "validate_binding",
    "validate_claim",
    "validate_claim_status",
    "validate_claim_update",
    "validate_endpoints",
    "validate_ephemeral_containers_update",
    "validate_persistent_volume",
    "validate_persistent_volume_update",
    "validate_pod",
    "validate_pod_resize",
    "validate_pod_status",
    "validate_pod_template",
    "validate_pod_update",
    "validate_service",
    "validate_service_change",
    "validate_service_status",
    "validate_template",
]
