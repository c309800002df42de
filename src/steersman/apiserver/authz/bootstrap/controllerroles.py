"""What each controller may do; a role `system:controller:NAME` is bound to the account kube-system/NAME.

Clusters have these roles since administrators and operators refer to them; the controllers of this cluster share one
identity and need none of them.
Source: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/controller_policy.go.
"""

from steersman.apiserver.authz.bootstrap.policy import BootstrapRole, allow

CONTROLLER_ROLES: tuple[BootstrapRole, ...] = (
    BootstrapRole(
        "system:controller:attachdetach-controller",
        rules=(
            allow("list watch", "core", "persistentvolumeclaims persistentvolumes"),
            allow("get list watch", "core", "nodes"),
            allow("patch update", "core", "nodes/status"),
            allow("list watch", "core", "pods"),
            allow("create patch update", "core events.k8s.io", "events"),
            allow("create delete get list watch", "storage.k8s.io", "volumeattachments"),
            allow("get list watch", "storage.k8s.io", "csidrivers"),
            allow("get list watch", "storage.k8s.io", "csinodes"),
        ),
    ),
    BootstrapRole(
        "system:controller:certificate-controller",
        rules=(
            allow("delete get list watch", "certificates.k8s.io", "certificatesigningrequests"),
            allow(
                "update", "certificates.k8s.io", "certificatesigningrequests/approval certificatesigningrequests/status"
            ),
            allow("approve", "certificates.k8s.io", "signers", "kubernetes.io/kube-apiserver-client-kubelet"),
            allow(
                "sign",
                "certificates.k8s.io",
                "signers",
                "kubernetes.io/kube-apiserver-client kubernetes.io/kube-apiserver-client-kubelet "
                "kubernetes.io/kubelet-serving kubernetes.io/legacy-unknown",
            ),
            allow("create", "authorization.k8s.io", "subjectaccessreviews"),
            allow("create patch update", "core events.k8s.io", "events"),
        ),
    ),
    BootstrapRole(
        "system:controller:clusterrole-aggregation-controller",
        rules=(allow("escalate get list patch update watch", "rbac.authorization.k8s.io", "clusterroles"),),
    ),
    BootstrapRole(
        "system:controller:cronjob-controller",
        rules=(
            allow("get list update watch", "batch", "cronjobs"),
            allow("create delete get list patch update watch", "batch", "jobs"),
            allow("update", "batch", "cronjobs/status"),
            allow("update", "batch", "cronjobs/finalizers"),
            allow("delete list", "core", "pods"),
            allow("create patch update", "core events.k8s.io", "events"),
        ),
    ),
    BootstrapRole(
        "system:controller:daemon-set-controller",
        rules=(
            allow("get list watch", "apps", "daemonsets"),
            allow("update", "apps", "daemonsets/status"),
            allow("update", "apps", "daemonsets/finalizers"),
            allow("list watch", "core", "nodes"),
            allow("create delete list patch watch", "core", "pods"),
            allow("create", "core", "pods/binding"),
            allow("create delete get list patch update watch", "apps", "controllerrevisions"),
            allow("create patch update", "core events.k8s.io", "events"),
        ),
    ),
    BootstrapRole(
        "system:controller:deployment-controller",
        rules=(
            allow("get list update watch", "apps", "deployments"),
            allow("update", "apps", "deployments/status"),
            allow("update", "apps", "deployments/finalizers"),
            allow("create delete get list patch update watch", "apps", "replicasets"),
            allow("get list update watch", "core", "pods"),
            allow("create patch update", "core events.k8s.io", "events"),
        ),
    ),
    BootstrapRole(
        "system:controller:disruption-controller",
        rules=(
            allow("get list watch", "apps", "deployments"),
            allow("get list watch", "apps", "replicasets"),
            allow("get list watch", "core", "replicationcontrollers"),
            allow("get list watch", "policy", "poddisruptionbudgets"),
            allow("get list watch", "apps", "statefulsets"),
            allow("update", "policy", "poddisruptionbudgets/status"),
            allow("get", "*", "*/scale"),
            allow("create patch update", "core events.k8s.io", "events"),
        ),
    ),
    BootstrapRole(
        "system:controller:endpoint-controller",
        rules=(
            allow("get list watch", "core", "pods services"),
            allow("create delete get list update", "core", "endpoints"),
            allow("create", "core", "endpoints/restricted"),
            allow("create patch update", "core events.k8s.io", "events"),
        ),
    ),
    BootstrapRole(
        "system:controller:endpointslice-controller",
        rules=(
            allow("get list watch", "core", "nodes pods services"),
            allow("update", "core", "services/finalizers"),
            allow("create delete get list update", "discovery.k8s.io", "endpointslices"),
            allow("create patch update", "core events.k8s.io", "events"),
        ),
    ),
    BootstrapRole(
        "system:controller:endpointslicemirroring-controller",
        rules=(
            allow("get list watch", "core", "endpoints services"),
            allow("update", "core", "services/finalizers"),
            allow("update", "core", "endpoints/finalizers"),
            allow("create delete get list update", "discovery.k8s.io", "endpointslices"),
            allow("create patch update", "core events.k8s.io", "events"),
        ),
    ),
    BootstrapRole(
        "system:controller:expand-controller",
        rules=(
            allow("get list patch update watch", "core", "persistentvolumes"),
            allow("patch update", "core", "persistentvolumeclaims/status"),
            allow("get list watch", "core", "persistentvolumeclaims"),
            allow("get list watch", "storage.k8s.io", "storageclasses"),
            allow("get", "core", "endpoints services"),
            allow("get", "core", "secrets"),
            allow("create patch update", "core events.k8s.io", "events"),
        ),
    ),
    BootstrapRole(
        "system:controller:generic-garbage-collector",
        rules=(
            allow("delete get list patch update watch", "*", "*"),
            allow("create patch update", "core events.k8s.io", "events"),
        ),
    ),
    BootstrapRole(
        "system:controller:horizontal-pod-autoscaler",
        rules=(
            allow("get list watch", "autoscaling", "horizontalpodautoscalers"),
            allow("update", "autoscaling", "horizontalpodautoscalers/status"),
            allow("get update", "*", "*/scale"),
            allow("list", "core", "pods"),
            allow("get", "core", "services/proxy", "http:heapster: https:heapster:"),
            allow("list", "metrics.k8s.io", "pods"),
            allow("get list", "custom.metrics.k8s.io", "*"),
            allow("create patch update", "core events.k8s.io", "events"),
        ),
    ),
    BootstrapRole(
        "system:controller:job-controller",
        rules=(
            allow("get list update watch", "batch", "jobs"),
            allow("update", "batch", "jobs/status"),
            allow("update", "batch", "jobs/finalizers"),
            allow("create delete list patch watch", "core", "pods"),
            allow("create patch update", "core events.k8s.io", "events"),
        ),
    ),
    BootstrapRole(
        "system:controller:namespace-controller",
        rules=(
            allow("delete get list watch", "core", "namespaces"),
            allow("update", "core", "namespaces/finalize namespaces/status"),
            allow("delete deletecollection get list", "*", "*"),
        ),
    ),
    BootstrapRole(
        "system:controller:node-controller",
        rules=(
            allow("delete get list patch update", "core", "nodes"),
            allow("patch update", "core", "nodes/status"),
            allow("update", "core", "pods/status"),
            allow("delete list", "core", "pods"),
            allow("create patch update", "core events.k8s.io", "events"),
        ),
    ),
    BootstrapRole(
        "system:controller:persistent-volume-binder",
        rules=(
            allow("create delete get list update watch", "core", "persistentvolumes"),
            allow("update", "core", "persistentvolumes/status"),
            allow("get list update watch", "core", "persistentvolumeclaims"),
            allow("update", "core", "persistentvolumeclaims/status"),
            allow("create delete get list watch", "core", "pods"),
            allow("get list watch", "storage.k8s.io", "storageclasses"),
            allow("create delete get update", "core", "endpoints"),
            allow("create delete get", "core", "services"),
            allow("get", "core", "secrets"),
            allow("get list", "core", "nodes"),
            allow("watch", "core", "events"),
            allow("create patch update", "core events.k8s.io", "events"),
        ),
    ),
    BootstrapRole(
        "system:controller:pod-garbage-collector",
        rules=(
            allow("delete list watch", "core", "pods"),
            allow("get list", "core", "nodes"),
        ),
    ),
    BootstrapRole(
        "system:controller:pv-protection-controller",
        rules=(
            allow("get list update watch", "core", "persistentvolumes"),
            allow("create patch update", "core events.k8s.io", "events"),
        ),
    ),
    BootstrapRole(
        "system:controller:pvc-protection-controller",
        rules=(
            allow("get list update watch", "core", "persistentvolumeclaims"),
            allow("get list watch", "core", "pods"),
            allow("create patch update", "core events.k8s.io", "events"),
        ),
    ),
    BootstrapRole(
        "system:controller:replicaset-controller",
        rules=(
            allow("get list update watch", "apps", "replicasets"),
            allow("update", "apps", "replicasets/status"),
            allow("update", "apps", "replicasets/finalizers"),
            allow("create delete list patch watch", "core", "pods"),
            allow("create patch update", "core events.k8s.io", "events"),
        ),
    ),
    BootstrapRole(
        "system:controller:replication-controller",
        rules=(
            allow("get list update watch", "core", "replicationcontrollers"),
            allow("update", "core", "replicationcontrollers/status"),
            allow("update", "core", "replicationcontrollers/finalizers"),
            allow("create delete list patch watch", "core", "pods"),
            allow("create patch update", "core events.k8s.io", "events"),
        ),
    ),
    BootstrapRole(
        "system:controller:resourcequota-controller",
        rules=(
            allow("list watch", "*", "*"),
            allow("update", "core", "resourcequotas/status"),
            allow("create patch update", "core events.k8s.io", "events"),
        ),
    ),
    BootstrapRole(
        "system:controller:root-ca-cert-publisher",
        rules=(
            allow("create update", "core", "configmaps"),
            allow("create patch update", "core events.k8s.io", "events"),
        ),
    ),
    BootstrapRole(
        "system:controller:route-controller",
        rules=(
            allow("list watch", "core", "nodes"),
            allow("patch", "core", "nodes/status"),
            allow("create patch update", "core events.k8s.io", "events"),
        ),
    ),
    BootstrapRole(
        "system:controller:service-account-controller",
        rules=(
            allow("create", "core", "serviceaccounts"),
            allow("create patch update", "core events.k8s.io", "events"),
        ),
    ),
    BootstrapRole(
        "system:controller:service-controller",
        rules=(
            allow("get list watch", "core", "services"),
            allow("patch update", "core", "services/status"),
            allow("list watch", "core", "nodes"),
            allow("create patch update", "core events.k8s.io", "events"),
        ),
    ),
    BootstrapRole(
        "system:controller:statefulset-controller",
        rules=(
            allow("list watch", "core", "pods"),
            allow("get list watch", "apps", "statefulsets"),
            allow("update", "apps", "statefulsets/status"),
            allow("update", "apps", "statefulsets/finalizers"),
            allow("create delete get patch update", "core", "pods"),
            allow("create delete get list patch update watch", "apps", "controllerrevisions"),
            allow("create get", "core", "persistentvolumeclaims"),
            allow("create patch update", "core events.k8s.io", "events"),
        ),
    ),
    BootstrapRole(
        "system:controller:ttl-controller",
        rules=(
            allow("list patch update watch", "core", "nodes"),
            allow("create patch update", "core events.k8s.io", "events"),
        ),
    ),
    BootstrapRole(
        "system:controller:validatingadmissionpolicy-status-controller",
        rules=(
            allow("get list watch", "admissionregistration.k8s.io", "validatingadmissionpolicies"),
            allow("get patch update", "admissionregistration.k8s.io", "validatingadmissionpolicies/status"),
            allow("create patch update", "core events.k8s.io", "events"),
        ),
    ),
)
