"""The plugins put together: each by its name, made of what it needs."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from random import Random

from steersman.apiserver.admission.always import AlwaysAdmit, AlwaysDeny
from steersman.apiserver.admission.certificates import (
    CertificateApproval,
    CertificateSigning,
    CertificateSubjectRestriction,
)
from steersman.apiserver.admission.chain import AdmissionChain
from steersman.apiserver.admission.configuration import Configurations
from steersman.apiserver.admission.defaultclasses import DefaultIngressClass, DefaultStorageClass
from steersman.apiserver.admission.deviceaccess import DeviceAdminAccess
from steersman.apiserver.admission.eventratelimit import EventRateLimit, read_limits
from steersman.apiserver.admission.externalips import DenyServiceExternalIPs
from steersman.apiserver.admission.limitranger import LimitRanger
from steersman.apiserver.admission.lookup import Lookup
from steersman.apiserver.admission.names import enabled_names
from steersman.apiserver.admission.namespacelifecycle import NamespaceLifecycle
from steersman.apiserver.admission.namespaces import NamespaceAutoProvision, NamespaceExists
from steersman.apiserver.admission.noderestriction import NodeRestriction
from steersman.apiserver.admission.ownerreferences import OwnerReferencesPermissionEnforcement
from steersman.apiserver.admission.podnodeselector import PodNodeSelector, read_selectors
from steersman.apiserver.admission.podresize import PodResizeValidator
from steersman.apiserver.admission.podrules import (
    AlwaysPullImages,
    ExtendedResourceToleration,
    LimitPodHardAntiAffinityTopology,
)
from steersman.apiserver.admission.podsecurity.plugin import PodSecurity
from steersman.apiserver.admission.podsecurity.settings import read_settings
from steersman.apiserver.admission.podsecuritypolicy.plugin import PodSecurityPolicyAdmission
from steersman.apiserver.admission.podtolerations import PodTolerationRestriction, read_tolerations
from steersman.apiserver.admission.policy.mutating import MutatingPolicies
from steersman.apiserver.admission.policy.validating import ValidatingPolicies
from steersman.apiserver.admission.priority import Priority
from steersman.apiserver.admission.quotaconfiguration import read_limited
from steersman.apiserver.admission.reach import Reach
from steersman.apiserver.admission.resourcequota import QuotaWriter, ResourceQuotaAdmission
from steersman.apiserver.admission.runtimeclass import RuntimeClassAdmission
from steersman.apiserver.admission.served import Served
from steersman.apiserver.admission.serviceaccount import ServiceAccount
from steersman.apiserver.admission.storage import PersistentVolumeClaimResize, StorageObjectInUseProtection
from steersman.apiserver.admission.taints import DefaultTolerationSeconds, TaintNodesByCondition
from steersman.apiserver.admission.topologylabels import PodTopologyLabels
from steersman.apiserver.admission.webhookconfiguration import webhook_identities
from steersman.apiserver.admission.webhooks import MutatingWebhooks, ValidatingWebhooks
from steersman.apiserver.attributes import AdmissionPlugin, Authorizer
from steersman.apiserver.metrics.admission import AdmissionMetrics
from steersman.apiserver.webhooks.identities import Identities
from steersman.component.clock import Clock


@dataclass(frozen=True, slots=True)
class Parts:
    """What plugins are made of."""

    lookup: Lookup
    random: Random
    clock: Clock
    authorizer: Authorizer
    reach: Reach
    quotas: QuotaWriter
    served: Served
    configurations: Configurations = field(default_factory=Configurations)


def _identities(parts: Parts, plugin: str) -> Identities:
    return webhook_identities(plugin, parts.configurations.of(plugin))


PLUGINS: Mapping[str, Callable[[Parts], AdmissionPlugin]] = {
    "AlwaysAdmit": lambda _: AlwaysAdmit(),
    "NamespaceAutoProvision": lambda parts: NamespaceAutoProvision(parts.lookup, parts.served),
    "NamespaceLifecycle": lambda parts: NamespaceLifecycle(parts.lookup),
    "NamespaceExists": lambda parts: NamespaceExists(parts.lookup),
    "LimitPodHardAntiAffinityTopology": lambda _: LimitPodHardAntiAffinityTopology(),
    "LimitRanger": lambda parts: LimitRanger(parts.lookup),
    "ServiceAccount": lambda parts: ServiceAccount(parts.lookup, parts.random, parts.clock),
    "NodeRestriction": lambda parts: NodeRestriction(parts.lookup),
    "TaintNodesByCondition": lambda _: TaintNodesByCondition(),
    "AlwaysPullImages": lambda _: AlwaysPullImages(),
    "PodSecurity": lambda parts: PodSecurity(
        parts.lookup, parts.clock, read_settings(parts.configurations.of("PodSecurity"))
    ),
    "PodSecurityPolicy": lambda parts: PodSecurityPolicyAdmission(parts.lookup, parts.authorizer),
    "PodNodeSelector": lambda parts: PodNodeSelector(
        parts.lookup, read_selectors(parts.configurations.of("PodNodeSelector"))
    ),
    "Priority": lambda parts: Priority(parts.lookup),
    "DefaultTolerationSeconds": lambda _: DefaultTolerationSeconds(),
    "PodTolerationRestriction": lambda parts: PodTolerationRestriction(
        parts.lookup, read_tolerations(parts.configurations.of("PodTolerationRestriction"))
    ),
    "EventRateLimit": lambda parts: EventRateLimit(read_limits(parts.configurations.of("EventRateLimit")), parts.clock),
    "ExtendedResourceToleration": lambda _: ExtendedResourceToleration(),
    "DefaultStorageClass": lambda parts: DefaultStorageClass(parts.lookup),
    "StorageObjectInUseProtection": lambda _: StorageObjectInUseProtection(),
    "OwnerReferencesPermissionEnforcement": lambda parts: OwnerReferencesPermissionEnforcement(
        parts.authorizer, parts.served
    ),
    "PersistentVolumeClaimResize": lambda parts: PersistentVolumeClaimResize(parts.lookup),
    "RuntimeClass": lambda parts: RuntimeClassAdmission(parts.lookup),
    "CertificateApproval": lambda parts: CertificateApproval(parts.authorizer),
    "CertificateSigning": lambda parts: CertificateSigning(parts.authorizer),
    "CertificateSubjectRestriction": lambda _: CertificateSubjectRestriction(),
    "DefaultIngressClass": lambda parts: DefaultIngressClass(parts.lookup),
    "DenyServiceExternalIPs": lambda _: DenyServiceExternalIPs(),
    "PodTopologyLabels": lambda parts: PodTopologyLabels(parts.lookup),
    "PodResizeValidator": lambda parts: PodResizeValidator(parts.lookup),
    "MutatingAdmissionPolicy": lambda parts: MutatingPolicies(parts.reach),
    "MutatingAdmissionWebhook": lambda parts: MutatingWebhooks(
        parts.reach, _identities(parts, "MutatingAdmissionWebhook")
    ),
    "ValidatingAdmissionPolicy": lambda parts: ValidatingPolicies(parts.reach),
    "ValidatingAdmissionWebhook": lambda parts: ValidatingWebhooks(
        parts.reach, _identities(parts, "ValidatingAdmissionWebhook")
    ),
    "ResourceQuota": lambda parts: ResourceQuotaAdmission(
        parts.lookup, parts.quotas, parts.clock, read_limited(parts.configurations.of("ResourceQuota"))
    ),
    "AlwaysDeny": lambda _: AlwaysDeny(),
}


def admission_chain(
    parts: Parts,
    enabled: Collection[str] = (),
    disabled: Collection[str] = (),
    metrics: AdmissionMetrics | None = None,
) -> AdmissionChain:
    """The plugins that are on by default, with some more and without some.

    ConfigurationError where both is asked for, or where a plugin can't read its configuration.
    """
    named = tuple(PLUGINS[name](parts) for name in enabled_names(enabled, disabled))
    return AdmissionChain((*named, DeviceAdminAccess(parts.lookup)), metrics)
