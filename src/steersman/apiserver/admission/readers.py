"""How each plugin that takes a configuration reads it, for those who want to know of errors before anything starts."""

from collections.abc import Callable, Mapping
from typing import Any

from steersman.apiserver.admission.configuration import Configurations
from steersman.apiserver.admission.eventratelimit import read_limits
from steersman.apiserver.admission.podnodeselector import read_selectors
from steersman.apiserver.admission.podsecurity.settings import read_settings
from steersman.apiserver.admission.podtolerations import read_tolerations
from steersman.apiserver.admission.quotaconfiguration import read_limited
from steersman.apiserver.admission.webhookconfiguration import webhook_identities

Read = Callable[[Mapping[str, Any] | None], object]

READERS: Mapping[str, Read] = {
    "PodSecurity": read_settings,
    "PodNodeSelector": read_selectors,
    "PodTolerationRestriction": read_tolerations,
    "EventRateLimit": read_limits,
    "MutatingAdmissionWebhook": lambda tree: webhook_identities("MutatingAdmissionWebhook", tree),
    "ValidatingAdmissionWebhook": lambda tree: webhook_identities("ValidatingAdmissionWebhook", tree),
    "ResourceQuota": read_limited,
}


def check_configurations(configurations: Configurations) -> None:
    """ConfigurationError for the first that can't be used. Reads the files they name."""
    for plugin, read in READERS.items():
        read(configurations.of(plugin))
