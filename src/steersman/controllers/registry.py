"""Every controller, and the settings some of them need."""

from dataclasses import dataclass
from typing import Any

from steersman.api.apps import ReplicaSet
from steersman.api.core import ReplicationController
from steersman.component.clock import Clock
from steersman.controllers.clusterroleaggregation.controller import ClusterRoleAggregationController
from steersman.controllers.deployment.controller import DeploymentController
from steersman.controllers.endpoints.controller import EndpointsController
from steersman.controllers.endpointslice.controller import EndpointSliceController
from steersman.controllers.garbagecollector.controller import GarbageCollector
from steersman.controllers.namespace.controller import NamespaceController
from steersman.controllers.nodeipam.controller import NodeIPAMController
from steersman.controllers.nodelifecycle.controller import NodeLifecycleController
from steersman.controllers.podgc.controller import PodGCController
from steersman.controllers.replicaset.controller import ReplicaSetController
from steersman.controllers.resourcequota.controller import ResourceQuotaController
from steersman.controllers.serviceaccount.controller import RootCAPublisher, ServiceAccountController
from steersman.controllers.serviceaddresses.controller import ServiceAddressController
from steersman.controllers.servicecidrs.controller import ServiceCIDRController
from steersman.controllers.tainteviction.controller import TaintEvictionController
from steersman.controllers.tokens.controller import Sign, TokenController
from steersman.controllers.validatingadmissionpolicystatus.controller import ValidatingAdmissionPolicyStatusController
from steersman.reconcile.controller import Controller


@dataclass(frozen=True, slots=True)
class Settings:
    """What the controllers need to know about the cluster.

    cluster_cidrs: the pod network; when empty nodes get no part of it from here. makes_token_secrets: every
    ServiceAccount gets a Secret with a token, as it did until 1.24.
    """

    ca_pem: str
    cluster_cidrs: tuple[str, ...]
    sign_token: Sign
    makes_token_secrets: bool = False
    node_mask_v4: int = 24


def all_controllers(settings: Settings, clock: Clock) -> tuple[Controller[Any, Any], ...]:
    """A fresh set of controllers; a set belongs to one manager."""
    controllers: list[Controller[Any, Any]] = [
        NamespaceController(),
        ServiceAccountController(),
        RootCAPublisher(settings.ca_pem),
        TokenController(settings.ca_pem, settings.sign_token, makes_tokens=settings.makes_token_secrets),
        DeploymentController(),
        ReplicaSetController(ReplicaSet),
        ReplicaSetController(ReplicationController),
        EndpointSliceController(),
        EndpointsController(),
        GarbageCollector(),
        NodeLifecycleController(clock),
        TaintEvictionController(clock),
        PodGCController(),
        ResourceQuotaController(clock),
        ServiceCIDRController(),
        ServiceAddressController(),
        ValidatingAdmissionPolicyStatusController(),
        ClusterRoleAggregationController(),
    ]
    if settings.cluster_cidrs:
        controllers.append(NodeIPAMController(settings.cluster_cidrs, settings.node_mask_v4))
    return tuple(controllers)
