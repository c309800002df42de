"""Which plugins are on, in upstream's order."""

from random import Random

from steersman.apiserver.admission.chain import AdmissionChain
from steersman.apiserver.admission.lookup import Lookup
from steersman.apiserver.admission.namespacelifecycle import NamespaceLifecycle
from steersman.apiserver.admission.noderestriction import NodeRestriction
from steersman.apiserver.admission.priority import Priority
from steersman.apiserver.admission.resourcequota import ResourceQuotaAdmission
from steersman.apiserver.admission.serviceaccount import ServiceAccount
from steersman.apiserver.admission.taints import DefaultTolerationSeconds, TaintNodesByCondition
from steersman.apiserver.admission.webhooks import MutatingWebhooks, Reach, ValidatingWebhooks


def default_chain(lookup: Lookup, random: Random, reach: Reach, quota: ResourceQuotaAdmission) -> AdmissionChain:
    """The plugins that are on by default."""
    return AdmissionChain(
        (
            NamespaceLifecycle(lookup),
            ServiceAccount(lookup, random),
            NodeRestriction(lookup),
            TaintNodesByCondition(),
            Priority(lookup),
            DefaultTolerationSeconds(),
            MutatingWebhooks(reach),
            ValidatingWebhooks(reach),
            quota,
        )
    )
