"""Who has the first roles.

Source: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go: ClusterRoleBindings.
"""

from steersman.apiserver.authz.bootstrap.controllerroles import CONTROLLER_ROLES
from steersman.apiserver.authz.bootstrap.policy import BootstrapBinding

AUTHENTICATED, UNAUTHENTICATED = "system:authenticated", "system:unauthenticated"
CONTROLLER_PREFIX = "system:controller:"

CLUSTER_ROLE_BINDINGS: tuple[BootstrapBinding, ...] = (
    BootstrapBinding("cluster-admin", groups=("system:masters",)),
    BootstrapBinding("system:monitoring", groups=("system:monitoring",)),
    BootstrapBinding("system:discovery", groups=(AUTHENTICATED,)),
    BootstrapBinding("system:basic-user", groups=(AUTHENTICATED,)),
    BootstrapBinding("system:public-info-viewer", groups=(AUTHENTICATED, UNAUTHENTICATED)),
    BootstrapBinding("system:node-proxier", users=("system:kube-proxy",)),
    BootstrapBinding("system:kube-controller-manager", users=("system:kube-controller-manager",)),
    BootstrapBinding("system:kube-dns", accounts=("kube-system/kube-dns",)),
    BootstrapBinding("system:kube-scheduler", users=("system:kube-scheduler",)),
    BootstrapBinding("system:volume-scheduler", users=("system:kube-scheduler",)),
    BootstrapBinding("system:service-account-issuer-discovery", groups=("system:serviceaccounts",)),
    # What nodes may do is the Node authorizer's to say: nobody has their role.
    BootstrapBinding("system:node"),
    # Each node's agent is its service proxy and builds its pod network, too.
    BootstrapBinding("system:node-proxier", groups=("system:nodes",), name="steersman:node-networks"),
    *(
        BootstrapBinding(role.name, accounts=(f"kube-system/{role.name.removeprefix(CONTROLLER_PREFIX)}",))
        for role in CONTROLLER_ROLES
    ),
)
