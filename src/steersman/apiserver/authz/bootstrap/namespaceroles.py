"""The first roles that hold in one namespace, and who has them.

Source: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/namespace_policy.go.
"""

from steersman.apiserver.authz.bootstrap.policy import BootstrapBinding, BootstrapRole, allow

SYSTEM, PUBLIC = "kube-system", "kube-public"
READER, LOCKING, OWN = "extension-apiserver-authentication-reader", "system::leader-locking-", "system:controller:"
EVENTS = allow("create patch update", "core events.k8s.io", "events")
READ = "get list watch"


def _locking(name: str) -> BootstrapRole:
    rules = (allow("watch", "core", "configmaps"), allow("get update", "core", "configmaps", name))
    return BootstrapRole(LOCKING + name, rules)


NAMESPACE_ROLES: dict[str, tuple[BootstrapRole, ...]] = {
    SYSTEM: (
        BootstrapRole(READER, (allow(READ, "core", "configmaps", "extension-apiserver-authentication"),)),
        BootstrapRole(f"{OWN}bootstrap-signer", (allow(READ, "core", "secrets"),)),
        BootstrapRole(f"{OWN}cloud-provider", (allow(f"create {READ}", "core", "configmaps"),)),
        BootstrapRole(f"{OWN}token-cleaner", (allow(f"{READ} delete", "core", "secrets"), EVENTS)),
        _locking("kube-controller-manager"),
        _locking("kube-scheduler"),
    ),
    PUBLIC: (
        BootstrapRole(
            f"{OWN}bootstrap-signer",
            (allow(READ, "core", "configmaps"), allow("update", "core", "configmaps", "cluster-info"), EVENTS),
        ),
    ),
}
NAMESPACE_BINDINGS: dict[str, tuple[BootstrapBinding, ...]] = {
    SYSTEM: (
        BootstrapBinding(
            READER, users=("system:kube-controller-manager", "system:kube-scheduler"), name=f"system::{READER}"
        ),
        *(
            BootstrapBinding(f"{OWN}{name}", accounts=(f"{SYSTEM}/{name}",))
            for name in ("bootstrap-signer", "cloud-provider", "token-cleaner")
        ),
        *(
            BootstrapBinding(LOCKING + name, users=(f"system:{name}",), accounts=(f"{SYSTEM}/{name}",))
            for name in ("kube-controller-manager", "kube-scheduler")
        ),
    ),
    PUBLIC: (BootstrapBinding(f"{OWN}bootstrap-signer", accounts=(f"{SYSTEM}/bootstrap-signer",)),),
}
