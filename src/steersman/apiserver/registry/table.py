"""Which strategy each kind has; kinds without a line have the generic one."""

from collections.abc import Mapping
from typing import Any

from steersman.api import apps, coordination, core, discovery, events, policy, rbac, scheduling
from steersman.api.admissionregistration import (
    MutatingAdmissionPolicy,
    MutatingAdmissionPolicyBinding,
    MutatingWebhookConfiguration,
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding,
    ValidatingWebhookConfiguration,
)
from steersman.api.apiextensions import CustomResourceDefinition
from steersman.api.apiregistration import APIService
from steersman.api.batch import CronJob, Job
from steersman.api.certificates import CertificateSigningRequest
from steersman.api.flowcontrol import FlowSchema, PriorityLevelConfiguration
from steersman.api.meta import Kind
from steersman.api.networking import Ingress, IngressClass, IPAddress, NetworkPolicy, ServiceCIDR
from steersman.api.node import RuntimeClass
from steersman.api.policy.podsecuritypolicy import PodSecurityPolicy
from steersman.api.resource import DeviceClass, DeviceTaintRule, ResourceClaim, ResourceClaimTemplate, ResourceSlice
from steersman.api.storage import (
    CSIDriver,
    CSINode,
    CSIStorageCapacity,
    StorageClass,
    VolumeAttachment,
    VolumeAttributesClass,
)
from steersman.apiserver.registry import (
    admissionregistration,
    apiextensions,
    apiregistration,
    batch,
    certificates,
    cluster,
    config,
    flowcontrol,
    limits,
    network,
    networking,
    pods,
    podsecuritypolicies,
    resource,
    runtimeclasses,
    storage,
    volumes,
    workloads,
)
from steersman.apiserver.registry import rbac as roles
from steersman.apiserver.registry.strategy import Strategy

STRATEGIES: Mapping[type[Kind], type[Strategy[Any]]] = {
    MutatingAdmissionPolicy: admissionregistration.MutatingPolicyStrategy,
    MutatingAdmissionPolicyBinding: admissionregistration.MutatingBindingStrategy,
    MutatingWebhookConfiguration: admissionregistration.MutatingWebhooksStrategy,
    ValidatingAdmissionPolicy: admissionregistration.ValidatingPolicyStrategy,
    ValidatingAdmissionPolicyBinding: admissionregistration.ValidatingBindingStrategy,
    ValidatingWebhookConfiguration: admissionregistration.ValidatingWebhooksStrategy,
    APIService: apiregistration.APIServiceStrategy,
    CertificateSigningRequest: certificates.CertificateSigningRequestStrategy,
    PodSecurityPolicy: podsecuritypolicies.PodSecurityPolicyStrategy,
    CustomResourceDefinition: apiextensions.CustomResourceDefinitionStrategy,
    core.ComponentStatus: cluster.ComponentStatusStrategy,
    core.ConfigMap: config.ConfigMapStrategy,
    core.Endpoints: network.EndpointsStrategy,
    core.Event: config.EventStrategy,
    core.LimitRange: limits.LimitRangeStrategy,
    core.Namespace: cluster.NamespaceStrategy,
    core.Node: cluster.NodeStrategy,
    core.PersistentVolume: volumes.PersistentVolumeStrategy,
    core.PersistentVolumeClaim: volumes.ClaimStrategy,
    core.Pod: pods.PodStrategy,
    core.PodTemplate: pods.PodTemplateStrategy,
    core.ReplicationController: workloads.ReplicationControllerStrategy,
    core.Secret: config.SecretStrategy,
    core.Service: network.ServiceStrategy,
    core.ServiceAccount: config.ServiceAccountStrategy,
    apps.ControllerRevision: workloads.ControllerRevisionStrategy,
    apps.DaemonSet: workloads.DaemonSetStrategy,
    apps.Deployment: workloads.DeploymentStrategy,
    apps.ReplicaSet: workloads.ReplicaSetStrategy,
    apps.StatefulSet: workloads.StatefulSetStrategy,
    CronJob: batch.CronJobStrategy,
    Job: batch.JobStrategy,
    coordination.Lease: cluster.LeaseStrategy,
    discovery.EndpointSlice: network.EndpointSliceStrategy,
    events.Event: config.EventsEventStrategy,
    FlowSchema: flowcontrol.FlowSchemaStrategy,
    PriorityLevelConfiguration: flowcontrol.PriorityLevelStrategy,
    IPAddress: networking.IPAddressStrategy,
    Ingress: networking.IngressStrategy,
    IngressClass: networking.IngressClassStrategy,
    NetworkPolicy: networking.NetworkPolicyStrategy,
    ServiceCIDR: networking.ServiceCIDRStrategy,
    policy.PodDisruptionBudget: config.BudgetStrategy,
    rbac.ClusterRole: roles.ClusterRoleStrategy,
    rbac.ClusterRoleBinding: roles.ClusterRoleBindingStrategy,
    rbac.Role: roles.RoleStrategy,
    rbac.RoleBinding: roles.RoleBindingStrategy,
    scheduling.PriorityClass: cluster.PriorityClassStrategy,
    DeviceClass: resource.DeviceClassStrategy,
    DeviceTaintRule: resource.DeviceTaintRuleStrategy,
    ResourceClaim: resource.ResourceClaimStrategy,
    ResourceClaimTemplate: resource.ResourceClaimTemplateStrategy,
    ResourceSlice: resource.ResourceSliceStrategy,
    RuntimeClass: runtimeclasses.RuntimeClassStrategy,
    CSIDriver: storage.CSIDriverStrategy,
    CSINode: storage.CSINodeStrategy,
    CSIStorageCapacity: storage.CSIStorageCapacityStrategy,
    StorageClass: storage.StorageClassStrategy,
    VolumeAttachment: storage.VolumeAttachmentStrategy,
    VolumeAttributesClass: storage.VolumeAttributesClassStrategy,
}
