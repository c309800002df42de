"""The configuration of the two webhook plugins: who the server is to webhooks.

Source: apiserver/pkg/admission/plugin/webhook/config: kubeconfig.go.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from steersman.apimachinery.fielderrors import forbidden_field, invalid_value
from steersman.apimachinery.fieldpath import Path as FieldPath
from steersman.apimachinery.object import Object
from steersman.apiserver.admission.configuration import Expected
from steersman.apiserver.webhooks.identities import Identities, read_identities

KINDS = frozenset({
    ("apiserver.config.k8s.io/v1", "WebhookAdmissionConfiguration"),
    ("apiserver.config.k8s.io/v1alpha1", "WebhookAdmission"),
})  # fmt: skip


class WebhookAdmissionConfiguration(Object, api="apiserver.config.k8s.io/v1", package="k8s.io.apiserver.webhook.v1"):
    """The configuration as it is written."""

    kubeConfigFile: str = ""
    staticManifestsDir: str = ""


def webhook_identities(plugin: str, tree: Mapping[str, Any] | None) -> Identities:
    """The identities that a plugin's configuration names. Reads files. ConfigurationError for what can't be used."""
    if tree is None:
        return Identities()
    expected = Expected(plugin, KINDS)
    given = expected.read(tree, WebhookAdmissionConfiguration)
    faults = []
    file = Path(given.kubeConfigFile)
    if given.kubeConfigFile and not file.is_absolute():
        faults.append(invalid_value(FieldPath("kubeConfigFile"), str(file), "must be an absolute file path"))
    if given.staticManifestsDir:
        why = "requires the ManifestBasedAdmissionControlConfig feature gate"
        faults.append(forbidden_field(FieldPath("staticManifestsDir"), why))
    expected.check(faults)
    if not given.kubeConfigFile:
        return Identities()
    try:
        return read_identities(file)
    except (OSError, ValueError) as error:
        raise expected.error(str(error)) from error
