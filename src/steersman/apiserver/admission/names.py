"""The names of the plugins in the order they are asked, which is upstream's, and which of them are on.

Kept apart from the plugins themselves: whoever reads flags needs the names alone.
Source: pkg/kubeapiserver/options/plugins.go.
"""

from collections.abc import Collection

from steersman.apiserver.admission.errors import ConfigurationError

ORDER = (
    "AlwaysAdmit",
    "NamespaceAutoProvision",
    "NamespaceLifecycle",
    "NamespaceExists",
    "LimitPodHardAntiAffinityTopology",
    "LimitRanger",
    "ServiceAccount",
    "NodeRestriction",
    "TaintNodesByCondition",
    "AlwaysPullImages",
    "PodSecurity",
    "PodSecurityPolicy",
    "PodNodeSelector",
    "Priority",
    "DefaultTolerationSeconds",
    "PodTolerationRestriction",
    "EventRateLimit",
    "ExtendedResourceToleration",
    "DefaultStorageClass",
    "StorageObjectInUseProtection",
    "OwnerReferencesPermissionEnforcement",
    "PersistentVolumeClaimResize",
    "RuntimeClass",
    "CertificateApproval",
    "CertificateSigning",
    "CertificateSubjectRestriction",
    "DefaultIngressClass",
    "DenyServiceExternalIPs",
    "PodTopologyLabels",
    "PodResizeValidator",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionWebhook",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionWebhook",
    "ResourceQuota",
    "AlwaysDeny",
)
# Upstream leaves NodeRestriction to those who set clusters up, and they all turn it on. StorageObjectInUseProtection
# is on there; here no controller takes its finalizers away yet, so that whoever turns it on must bring one.
OFF = frozenset({
    "StorageObjectInUseProtection",
    "NamespaceAutoProvision",
    "AlwaysAdmit",
    "NamespaceExists",
    "LimitPodHardAntiAffinityTopology",
    "AlwaysPullImages",
    "PodNodeSelector",
    "PodTolerationRestriction",
    "EventRateLimit",
    "ExtendedResourceToleration",
    "OwnerReferencesPermissionEnforcement",
    "DenyServiceExternalIPs",
    "AlwaysDeny",
    "PodSecurityPolicy",
})  # fmt: skip


def plugin_names(text: str) -> tuple[str, ...]:
    """Names with commas between. ValueError for one that isn't known."""
    names = tuple(filter(None, (word.strip() for word in text.split(","))))
    unknown = [name for name in names if name not in ORDER]
    if unknown:
        raise ValueError(f'plugin "{unknown[0]}" is unknown')
    return names


def enabled_names(enabled: Collection[str], disabled: Collection[str]) -> tuple[str, ...]:
    """What is on by default, with some turned on and some off, in order.

    ConfigurationError where both is asked for.
    """
    both = sorted(set(enabled) & set(disabled))
    if both:
        raise ConfigurationError(
            f"[{' '.join(both)}] in enable-admission-plugins and disable-admission-plugins overlapped"
        )
    return tuple(name for name in ORDER if name in enabled or (name not in OFF and name not in disabled))
