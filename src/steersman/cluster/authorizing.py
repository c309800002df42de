"""The authorizers that the flags ask for."""

from collections.abc import Callable, Mapping
from pathlib import Path

from steersman.apiserver.attributes import AlwaysAllow, Authorizer, Nobody
from steersman.apiserver.authz.abac import ABACAuthorizer, ABACPolicy, PolicyError, read_policies
from steersman.apiserver.authz.bootstrap.clusterroles import NODE_RULES
from steersman.apiserver.authz.node import NodeAuthorizer
from steersman.apiserver.authz.noderelations import NodeRelations
from steersman.apiserver.authz.rbac import RBACAuthorizer
from steersman.apiserver.authz.union import UnionAuthorizer
from steersman.apiserver.lookup import CollectionLookup
from steersman.cluster.authorizationflags import AuthorizationFlags
from steersman.cluster.errors import ClusterError


class AuthorizationError(ClusterError):
    """Modes and files that don't go together, or a file that can't be used."""


def authorizer_of(flags: AuthorizationFlags, lookup: CollectionLookup) -> UnionAuthorizer:
    """Blocks for the file of policies. AuthorizationError."""
    makers: Mapping[str, Callable[[], Authorizer]] = {
        "ABAC": lambda: ABACAuthorizer(_policies(flags.authorization_policy_file)),
        "AlwaysAllow": AlwaysAllow,
        "AlwaysDeny": Nobody,
        "Node": lambda: NodeAuthorizer(NodeRelations(lookup), NODE_RULES),
        "RBAC": lambda: RBACAuthorizer(lookup),
    }
    check_authorization(flags)
    return UnionAuthorizer([makers[mode]() for mode in flags.authorization_mode])


def check_authorization(flags: AuthorizationFlags) -> None:
    """AuthorizationError for what doesn't go together, or a file that can't be used. Blocks."""
    wants_file, file = "ABAC" in flags.authorization_mode, flags.authorization_policy_file
    if wants_file and file is None:
        raise AuthorizationError("authorization-mode ABAC's authorization policy file not passed")
    if file is not None and not wants_file:
        raise AuthorizationError("cannot specify --authorization-policy-file without mode ABAC")
    if file is not None:
        _policies(file)


def _policies(file: Path | None) -> tuple[ABACPolicy, ...]:
    assert file is not None
    try:
        return read_policies(file.read_text())
    except (OSError, UnicodeDecodeError, PolicyError) as error:
        raise AuthorizationError(f"--authorization-policy-file {file}: {error}") from error
