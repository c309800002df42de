"""Cluster roles every cluster begins with, for users and for its own components.

Source: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go.
"""

from steersman.apiserver.authz.bootstrap.policy import BootstrapRole, allow, url

# What every node may do, where the Node authorizer doesn't look closer. Source: policy.go: NodeRules.
NODE_RULES = (
    allow("create", "authentication.k8s.io", "tokenreviews"),
    allow("create", "authorization.k8s.io", "localsubjectaccessreviews subjectaccessreviews"),
    allow("get list watch", "core", "services"),
    allow("create get list watch", "core", "nodes"),
    allow("patch update", "core", "nodes/status"),
    allow("patch update", "core", "nodes"),
    allow("create patch update", "core", "events"),
    allow("get list watch", "core", "pods"),
    allow("create delete", "core", "pods"),
    allow("patch update", "core", "pods/status"),
    allow("create", "core", "pods/eviction"),
    allow("get list watch", "core", "configmaps secrets"),
    allow("get", "core", "persistentvolumeclaims persistentvolumes"),
    allow("get", "core", "endpoints"),
    allow("create get list watch", "certificates.k8s.io", "certificatesigningrequests"),
    allow("create delete get patch update", "coordination.k8s.io", "leases"),
    allow("get", "storage.k8s.io", "volumeattachments"),
    allow("create", "core", "serviceaccounts/token"),
    allow("get patch update", "core", "persistentvolumeclaims/status"),
    allow("get list watch", "storage.k8s.io", "csidrivers"),
    allow("create delete get patch update", "storage.k8s.io", "csinodes"),
    allow("get list watch", "node.k8s.io", "runtimeclasses"),
    allow("get", "core", "serviceaccounts"),
    allow("get", "resource.k8s.io", "resourceclaims"),
    allow("create delete deletecollection get list patch update watch", "resource.k8s.io", "resourceslices"),
    allow("get list watch", "certificates.k8s.io", "clustertrustbundles"),
    allow("create get list watch", "certificates.k8s.io", "podcertificaterequests"),
)

CLUSTER_ROLES: tuple[BootstrapRole, ...] = (
    BootstrapRole(
        "admin",
        aggregates="admin",
    ),
    BootstrapRole(
        "cluster-admin",
        rules=(
            allow("*", "*", "*"),
            url("*", "*"),
        ),
    ),
    BootstrapRole(
        "edit",
        aggregates="edit",
        aggregates_to="admin",
    ),
    BootstrapRole(
        "system:aggregate-to-admin",
        rules=(
            allow("create", "authorization.k8s.io", "localsubjectaccessreviews"),
            allow(
                "create delete deletecollection get list patch update watch",
                "rbac.authorization.k8s.io",
                "rolebindings roles",
            ),
        ),
        aggregates_to="admin",
    ),
    BootstrapRole(
        "system:aggregate-to-edit",
        rules=(
            allow("get list watch", "core", "pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy"),
            allow("impersonate", "core", "serviceaccounts"),
            allow(
                "create delete deletecollection patch update",
                "core",
                "pods pods/attach pods/exec pods/portforward pods/proxy",
            ),
            allow(
                "create delete deletecollection patch update",
                "core",
                "configmaps endpoints persistentvolumeclaims replicationcontrollers "
                "replicationcontrollers/scale secrets serviceaccounts services services/proxy",
            ),
            allow(
                "create delete deletecollection patch update",
                "apps",
                "daemonsets deployments deployments/rollback deployments/scale replicasets "
                "replicasets/scale statefulsets statefulsets/scale",
            ),
            allow("create delete deletecollection patch update", "autoscaling", "horizontalpodautoscalers"),
            allow("create delete deletecollection patch update", "batch", "cronjobs jobs"),
            allow(
                "create delete deletecollection patch update",
                "extensions",
                "daemonsets deployments deployments/rollback deployments/scale ingresses networkpolicies "
                "replicasets replicasets/scale replicationcontrollers/scale",
            ),
            allow("create delete deletecollection patch update", "policy", "poddisruptionbudgets"),
            allow("create delete deletecollection patch update", "networking.k8s.io", "ingresses networkpolicies"),
        ),
        aggregates_to="edit",
    ),
    BootstrapRole(
        "system:aggregate-to-view",
        rules=(
            allow(
                "get list watch",
                "core",
                "configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods "
                "replicationcontrollers replicationcontrollers/scale serviceaccounts services "
                "services/status",
            ),
            allow(
                "get list watch",
                "core",
                "bindings events limitranges namespaces/status pods/log pods/status "
                "replicationcontrollers/status resourcequotas resourcequotas/status",
            ),
            allow("get list watch", "core", "namespaces"),
            allow(
                "get list watch",
                "apps",
                "controllerrevisions daemonsets daemonsets/status deployments deployments/scale "
                "deployments/status replicasets replicasets/scale replicasets/status statefulsets "
                "statefulsets/scale statefulsets/status",
            ),
            allow("get list watch", "autoscaling", "horizontalpodautoscalers horizontalpodautoscalers/status"),
            allow("get list watch", "batch", "cronjobs cronjobs/status jobs jobs/status"),
            allow(
                "get list watch",
                "extensions",
                "daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses "
                "ingresses/status networkpolicies replicasets replicasets/scale replicasets/status "
                "replicationcontrollers/scale",
            ),
            allow("get list watch", "policy", "poddisruptionbudgets poddisruptionbudgets/status"),
            allow("get list watch", "networking.k8s.io", "ingresses ingresses/status networkpolicies"),
        ),
        aggregates_to="view",
    ),
    BootstrapRole(
        "system:auth-delegator",
        rules=(
            allow("create", "authentication.k8s.io", "tokenreviews"),
            allow("create", "authorization.k8s.io", "subjectaccessreviews"),
        ),
    ),
    BootstrapRole(
        "system:basic-user",
        rules=(
            allow("create", "authorization.k8s.io", "selfsubjectaccessreviews selfsubjectrulesreviews"),
            allow("create", "authentication.k8s.io", "selfsubjectreviews"),
        ),
    ),
    BootstrapRole(
        "system:certificates.k8s.io:certificatesigningrequests:nodeclient",
        rules=(allow("create", "certificates.k8s.io", "certificatesigningrequests/nodeclient"),),
    ),
    BootstrapRole(
        "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient",
        rules=(allow("create", "certificates.k8s.io", "certificatesigningrequests/selfnodeclient"),),
    ),
    BootstrapRole(
        "system:certificates.k8s.io:kube-apiserver-client-approver",
        rules=(allow("approve", "certificates.k8s.io", "signers", "kubernetes.io/kube-apiserver-client"),),
    ),
    BootstrapRole(
        "system:certificates.k8s.io:kube-apiserver-client-kubelet-approver",
        rules=(allow("approve", "certificates.k8s.io", "signers", "kubernetes.io/kube-apiserver-client-kubelet"),),
    ),
    BootstrapRole(
        "system:certificates.k8s.io:kubelet-serving-approver",
        rules=(allow("approve", "certificates.k8s.io", "signers", "kubernetes.io/kubelet-serving"),),
    ),
    BootstrapRole(
        "system:certificates.k8s.io:legacy-unknown-approver",
        rules=(allow("approve", "certificates.k8s.io", "signers", "kubernetes.io/legacy-unknown"),),
    ),
    BootstrapRole(
        "system:discovery",
        rules=(url("get", "/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/"),),
    ),
    BootstrapRole(
        "system:kube-aggregator",
        rules=(allow("get list watch", "core", "endpoints services"),),
    ),
    BootstrapRole(
        "system:kube-controller-manager",
        rules=(
            allow("create patch update", "core events.k8s.io", "events"),
            allow("create", "coordination.k8s.io", "leases"),
            allow("get update", "coordination.k8s.io", "leases", "kube-controller-manager"),
            allow("create", "core", "endpoints"),
            allow("get update", "core", "endpoints", "kube-controller-manager"),
            allow("create", "core", "secrets serviceaccounts"),
            allow("delete", "core", "secrets"),
            allow("get", "core", "configmaps namespaces secrets serviceaccounts"),
            allow("update", "core", "secrets serviceaccounts"),
            allow("create", "authentication.k8s.io", "tokenreviews"),
            allow("create", "authorization.k8s.io", "subjectaccessreviews"),
            allow("list watch", "*", "*"),
            allow("create", "core", "serviceaccounts/token"),
        ),
    ),
    BootstrapRole(
        "system:kube-dns",
        rules=(allow("list watch", "core", "endpoints services"),),
    ),
    BootstrapRole(
        "system:kube-scheduler",
        rules=(
            allow("create patch update", "core events.k8s.io", "events"),
            allow("create", "coordination.k8s.io", "leases"),
            allow("get update", "coordination.k8s.io", "leases", "kube-scheduler"),
            allow("create", "core", "endpoints"),
            allow("get update", "core", "endpoints", "kube-scheduler"),
            allow("get list watch", "core", "nodes"),
            allow("delete get list watch", "core", "pods"),
            allow("create", "core", "bindings pods/binding"),
            allow("patch update", "core", "pods/status"),
            allow("get list watch", "core", "replicationcontrollers services"),
            allow("get list watch", "apps", "replicasets"),
            allow("get list watch", "apps", "statefulsets"),
            allow("get list watch", "policy", "poddisruptionbudgets"),
            allow("get list watch", "core", "persistentvolumeclaims persistentvolumes"),
            allow("create", "authentication.k8s.io", "tokenreviews"),
            allow("create", "authorization.k8s.io", "subjectaccessreviews"),
            allow("get list watch", "storage.k8s.io", "csinodes"),
        ),
    ),
    BootstrapRole(
        "system:kubelet-api-admin",
        rules=(
            allow("get list watch", "core", "nodes"),
            allow("proxy", "core", "nodes"),
            allow("*", "core", "nodes/log nodes/metrics nodes/proxy nodes/spec nodes/stats"),
        ),
    ),
    BootstrapRole(
        "system:monitoring",
        rules=(url("get", "/healthz /healthz/* /livez /livez/* /metrics /readyz /readyz/*"),),
    ),
    BootstrapRole("system:node", rules=NODE_RULES),
    BootstrapRole(
        "system:node-bootstrapper",
        rules=(allow("create get list watch", "certificates.k8s.io", "certificatesigningrequests"),),
    ),
    BootstrapRole(
        "system:node-problem-detector",
        rules=(
            allow("get", "core", "nodes"),
            allow("patch", "core", "nodes/status"),
            allow("create patch update", "core events.k8s.io", "events"),
        ),
    ),
    BootstrapRole(
        "system:node-proxier",
        rules=(
            allow("list watch", "core", "endpoints services"),
            allow("get list watch", "core", "nodes"),
            allow("create patch update", "core events.k8s.io", "events"),
            allow("list watch", "discovery.k8s.io", "endpointslices"),
        ),
    ),
    BootstrapRole(
        "system:persistent-volume-provisioner",
        rules=(
            allow("create delete get list watch", "core", "persistentvolumes"),
            allow("get list update watch", "core", "persistentvolumeclaims"),
            allow("get list watch", "storage.k8s.io", "storageclasses"),
            allow("watch", "core", "events"),
            allow("create patch update", "core events.k8s.io", "events"),
        ),
    ),
    BootstrapRole(
        "system:public-info-viewer",
        rules=(url("get", "/healthz /livez /readyz /version /version/"),),
    ),
    BootstrapRole(
        "system:service-account-issuer-discovery",
        rules=(url("get", "/.well-known/openid-configuration /openid/v1/jwks"),),
    ),
    BootstrapRole(
        "system:volume-scheduler",
        rules=(
            allow("get list patch update watch", "core", "persistentvolumes"),
            allow("get list watch", "storage.k8s.io", "storageclasses"),
            allow("get list patch update watch", "core", "persistentvolumeclaims"),
        ),
    ),
    BootstrapRole(
        "view",
        aggregates="view",
        aggregates_to="edit",
    ),
)
