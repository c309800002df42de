"""The resource table: what is served under which name, and what may be done with it.

A kind is served because it has a line here; everything generic (routes, discovery, OpenAPI, RBAC, informers) reads this
table.
"""

from dataclasses import dataclass
from functools import cache

from steersman.api import (
    admissionregistration,
    apiextensions,
    apiregistration,
    apps,
    authentication,
    authorization,
    autoscaling,
    batch,
    certificates,
    coordination,
    core,
    discovery,
    events,
    flowcontrol,
    networking,
    node,
    policy,
    rbac,
    resource,
    scheduling,
    storage,
)
from steersman.api.autoscaling import v2 as autoscaling_v2
from steersman.api.meta import Kind
from steersman.api.older.version import Older
from steersman.api.policy.podsecuritypolicy import PodSecurityPolicy
from steersman.apimachinery.object import GroupVersionKind, Object

STANDARD_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True, slots=True)
class Subresource:
    """A path below an object, such as `status`; its body may be of another kind than its parent's.

    also: apiVersions besides the kind's own that a body may say it is of.
    """

    name: str
    kind: type[Object]
    verbs: tuple[str, ...] = ("get", "patch", "update")
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Resource:
    """One line of the table. plural is the name in URLs; verbs are those of the collection and its objects.

    stored is False for review kinds, which answer a POST and leave nothing behind.
    stored_as: the type under which the objects are stored when it is another (an event has two groups).
    older: the objects are another resource's, shown in an older version. warning: what clients are told of its end.
    Source: api/core/v1/lifecycle.go, and the zz_generated.prerelease-lifecycle.go of each group.
    custom: it comes from a CustomResourceDefinition, which also names it in the singular and as a list.
    """

    object_type: type[Kind]
    plural: str
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[Subresource, ...] = ()
    verbs: tuple[str, ...] = STANDARD_VERBS
    stored: bool = True
    stored_as: type[Kind] | None = None
    older: Older | None = None
    warning: str = ""
    custom: bool = False
    singular_name: str = ""
    list_kind: str = ""

    @property
    def gvk(self) -> GroupVersionKind:
        """Group, version and kind of the objects."""
        gvk = self.object_type.__facts__.gvk
        assert gvk is not None, f"{self.object_type.__name__} declares no api"
        return gvk

    @property
    def group(self) -> str:
        """The API group, empty for core."""
        return self.gvk.group

    @property
    def version(self) -> str:
        """The version within the group."""
        return self.gvk.version

    @property
    def kind(self) -> str:
        """The kind's name."""
        return self.gvk.kind

    @property
    def has_objects(self) -> bool:
        """Whether they can be read, stored or made up for who asks; a review only answers."""
        return self.stored or "get" in self.verbs

    @property
    def singular(self) -> str:
        """The lower-case kind, as kubectl accepts it."""
        return self.singular_name or self.kind.lower()

    @property
    def list_name(self) -> str:
        """The kind of a list of these."""
        return self.list_kind or f"{self.kind}List"

    @property
    def stored_type(self) -> type[Kind]:
        """The type under which the objects are stored, the same for all versions of a resource."""
        return self.older.hub if self.older is not None else self.stored_as or self.object_type

    @property
    def group_resource(self) -> str:
        """`plural.group`, the way messages name a resource; the bare plural in core."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def subresource(self, name: str) -> Subresource | None:
        """The subresource of this name."""
        return next((sub for sub in self.subresources if sub.name == name), None)


def _status(kind: type[Kind]) -> Subresource:
    return Subresource("status", kind)


def _with_status(
    kind: type[Kind],
    plural: str,
    *short: str,
    namespaced: bool = True,
    categories: tuple[str, ...] = (),
    subresources: tuple[Subresource, ...] = (),
) -> Resource:
    return Resource(kind, plural, namespaced, short, categories, (_status(kind), *subresources))


def _review(kind: type[Kind], plural: str, namespaced: bool = False) -> Resource:
    return Resource(kind, plural, namespaced, verbs=("create",), stored=False)


ALL = ("all",)
SCALE = Subresource("scale", autoscaling.Scale)
CONNECT = ("create", "get")
PROXY = ("create", "delete", "get", "patch", "update")

POD_SUBRESOURCES = (
    Subresource("attach", core.PodAttachOptions, CONNECT),
    Subresource("binding", core.Binding, ("create",)),
    Subresource("ephemeralcontainers", core.Pod),
    Subresource("eviction", policy.Eviction, ("create",), also=("policy/v1beta1",)),
    Subresource("exec", core.PodExecOptions, CONNECT),
    Subresource("log", core.Pod, ("get",)),
    Subresource("portforward", core.PodPortForwardOptions, CONNECT),
    Subresource("proxy", core.PodProxyOptions, PROXY),
    Subresource("resize", core.Pod),
)

RESOURCES: tuple[Resource, ...] = (
    Resource(core.Binding, "bindings", verbs=("create",), stored=False),
    Resource(
        core.ComponentStatus, "componentstatuses", False, ("cs",), verbs=("get", "list"), stored=False,
        warning="v1 ComponentStatus is deprecated in v1.19+",
    ),
    Resource(core.ConfigMap, "configmaps", True, ("cm",)),
    Resource(
        core.Endpoints, "endpoints", True, ("ep",),
        warning="v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
    ),
    Resource(core.Event, "events", True, ("ev",)),
    Resource(core.LimitRange, "limitranges", True, ("limits",)),
    Resource(
        core.Namespace, "namespaces", False, ("ns",),
        verbs=("create", "delete", "get", "list", "patch", "update", "watch"),
        subresources=(Subresource("finalize", core.Namespace, ("update",)), _status(core.Namespace)),
    ),
    _with_status(
        core.Node, "nodes", "no", namespaced=False,
        subresources=(Subresource("proxy", core.NodeProxyOptions, PROXY),),
    ),
    _with_status(core.PersistentVolumeClaim, "persistentvolumeclaims", "pvc"),
    _with_status(core.PersistentVolume, "persistentvolumes", "pv", namespaced=False),
    _with_status(core.Pod, "pods", "po", categories=ALL, subresources=POD_SUBRESOURCES),
    Resource(core.PodTemplate, "podtemplates"),
    _with_status(core.ReplicationController, "replicationcontrollers", "rc", categories=ALL, subresources=(SCALE,)),
    _with_status(core.ResourceQuota, "resourcequotas", "quota"),
    Resource(core.Secret, "secrets"),
    Resource(
        core.ServiceAccount, "serviceaccounts", True, ("sa",),
        subresources=(Subresource("token", authentication.TokenRequest, ("create",)),),
    ),
    _with_status(
        core.Service, "services", "svc", categories=ALL,
        subresources=(Subresource("proxy", core.ServiceProxyOptions, PROXY),),
    ),
    Resource(apps.ControllerRevision, "controllerrevisions"),
    _with_status(apps.DaemonSet, "daemonsets", "ds", categories=ALL),
    _with_status(apps.Deployment, "deployments", "deploy", categories=ALL, subresources=(SCALE,)),
    _with_status(apps.ReplicaSet, "replicasets", "rs", categories=ALL, subresources=(SCALE,)),
    _with_status(apps.StatefulSet, "statefulsets", "sts", categories=ALL, subresources=(SCALE,)),
    Resource(events.Event, "events", True, ("ev",), stored_as=core.Event),
    _review(authentication.TokenReview, "tokenreviews"),
    _review(authentication.SelfSubjectReview, "selfsubjectreviews"),
    _review(authorization.LocalSubjectAccessReview, "localsubjectaccessreviews", namespaced=True),
    _review(authorization.SelfSubjectAccessReview, "selfsubjectaccessreviews"),
    _review(authorization.SelfSubjectRulesReview, "selfsubjectrulesreviews"),
    _review(authorization.SubjectAccessReview, "subjectaccessreviews"),
    Resource(admissionregistration.MutatingAdmissionPolicy, "mutatingadmissionpolicies", False),
    Resource(admissionregistration.MutatingAdmissionPolicyBinding, "mutatingadmissionpolicybindings", False),
    Resource(
        admissionregistration.MutatingWebhookConfiguration, "mutatingwebhookconfigurations", False,
        categories=("api-extensions",),
    ),
    _with_status(
        admissionregistration.ValidatingAdmissionPolicy, "validatingadmissionpolicies", namespaced=False,
        categories=("api-extensions",),
    ),
    Resource(
        admissionregistration.ValidatingAdmissionPolicyBinding, "validatingadmissionpolicybindings", False,
    ),
    Resource(
        admissionregistration.ValidatingWebhookConfiguration, "validatingwebhookconfigurations", False,
        categories=("api-extensions",),
    ),
    _with_status(
        apiextensions.CustomResourceDefinition, "customresourcedefinitions", "crd", "crds", namespaced=False,
        categories=("api-extensions",),
    ),
    _with_status(apiregistration.APIService, "apiservices", namespaced=False, categories=("api-extensions",)),
    _with_status(autoscaling_v2.HorizontalPodAutoscaler, "horizontalpodautoscalers", "hpa", categories=ALL),
    _with_status(batch.CronJob, "cronjobs", "cj", categories=ALL),
    _with_status(batch.Job, "jobs", categories=ALL),
    _with_status(
        certificates.CertificateSigningRequest, "certificatesigningrequests", "csr", namespaced=False,
        subresources=(Subresource("approval", certificates.CertificateSigningRequest),),
    ),
    Resource(coordination.Lease, "leases"),
    Resource(discovery.EndpointSlice, "endpointslices"),
    _with_status(flowcontrol.FlowSchema, "flowschemas", namespaced=False),
    _with_status(flowcontrol.PriorityLevelConfiguration, "prioritylevelconfigurations", namespaced=False),
    Resource(networking.IngressClass, "ingressclasses", False),
    _with_status(networking.Ingress, "ingresses", "ing"),
    Resource(networking.IPAddress, "ipaddresses", False, ("ip",)),
    Resource(networking.NetworkPolicy, "networkpolicies", True, ("netpol",)),
    _with_status(networking.ServiceCIDR, "servicecidrs", namespaced=False),
    Resource(node.RuntimeClass, "runtimeclasses", False),
    _with_status(policy.PodDisruptionBudget, "poddisruptionbudgets", "pdb"),
    Resource(rbac.ClusterRoleBinding, "clusterrolebindings", False),
    Resource(rbac.ClusterRole, "clusterroles", False),
    Resource(rbac.RoleBinding, "rolebindings"),
    Resource(rbac.Role, "roles"),
    Resource(resource.DeviceClass, "deviceclasses", False),
    _with_status(resource.DeviceTaintRule, "devicetaintrules", namespaced=False),
    _with_status(resource.ResourceClaim, "resourceclaims"),
    Resource(resource.ResourceClaimTemplate, "resourceclaimtemplates"),
    Resource(resource.ResourceSlice, "resourceslices", False),
    Resource(scheduling.PriorityClass, "priorityclasses", False, ("pc",)),
    Resource(storage.CSIDriver, "csidrivers", False),
    Resource(storage.CSINode, "csinodes", False),
    Resource(storage.CSIStorageCapacity, "csistoragecapacities"),
    Resource(storage.StorageClass, "storageclasses", False, ("sc",)),
    _with_status(storage.VolumeAttachment, "volumeattachments", namespaced=False),
    Resource(storage.VolumeAttributesClass, "volumeattributesclasses", False, ("vac",)),
)  # fmt: skip

# Served only where `--runtime-config` asks for them: what upstream had once.
OPTIONAL_RESOURCES: tuple[Resource, ...] = (
    Resource(
        PodSecurityPolicy, "podsecuritypolicies", False, ("psp",),
        warning="policy/v1beta1 PodSecurityPolicy is deprecated in v1.21+, unavailable in v1.25+",
    ),
)  # fmt: skip


@cache
def _by_type() -> dict[type[Object], Resource]:
    return {resource.object_type: resource for resource in (*RESOURCES, *OPTIONAL_RESOURCES)}


@cache
def _by_name() -> dict[tuple[str, str, str], Resource]:
    return {(resource.group, resource.version, resource.plural): resource for resource in RESOURCES}


@cache
def _by_kind() -> dict[GroupVersionKind, Resource]:
    return {resource.gvk: resource for resource in RESOURCES}


def resource_for(kind: type[Object]) -> Resource:
    """The line of a type; KeyError for a type that isn't served."""
    found = _by_type().get(kind) or kind.__facts__.resource
    if found is None:
        raise KeyError(kind)
    assert isinstance(found, Resource)
    return found


def resource_named(group: str, version: str, plural: str) -> Resource | None:
    """The line of a name in a URL."""
    return _by_name().get((group, version, plural))


def resource_of_kind(gvk: GroupVersionKind) -> Resource | None:
    """The line of what an object says it is."""
    return _by_kind().get(gvk)
