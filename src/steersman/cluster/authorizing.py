"""The authorizers that the flags ask for.

Source: pkg/kubeapiserver/options/authorization.go.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from steersman.apiserver.attributes import AlwaysAllow, Authorizer, Nobody
from steersman.apiserver.authz.abac import ABACAuthorizer, ABACPolicy, PolicyError, read_policies
from steersman.apiserver.authz.bootstrap.clusterroles import NODE_RULES
from steersman.apiserver.authz.node import NodeAuthorizer
from steersman.apiserver.authz.noderelations import NodeRelations
from steersman.apiserver.authz.rbac import RBACAuthorizer
from steersman.apiserver.authz.union import Member, UnionAuthorizer
from steersman.apiserver.configurationfile import ConfigurationError
from steersman.apiserver.lookup import CollectionLookup
from steersman.apiserver.metrics.authorizers import AuthorizerMetrics
from steersman.cluster.authorizationflags import WEBHOOK, AuthorizationFlags
from steersman.cluster.errors import ClusterError
from steersman.component.clock import Clock, RealClock
from steersman.component.metrics import Registry

if TYPE_CHECKING:
    from steersman.apiserver.authz.reloading import Reloading

MODE_FLAGS = frozenset({
    "authorization-mode", "authorization-webhook-config-file", "authorization-webhook-version",
    "authorization-webhook-cache-authorized-ttl", "authorization-webhook-cache-unauthorized-ttl",
})  # fmt: skip


class AuthorizationError(ClusterError):
    """Modes and files that don't go together, or a file that can't be used."""


@dataclass(frozen=True, slots=True)
class Authorization:
    """Who decides about requests. reloading: what follows the file that says so, if there is one."""

    authorizer: UnionAuthorizer
    reloading: "Reloading | None" = None

    async def run(self) -> None:
        """Follow the file until cancelled."""
        if self.reloading is not None:
            await self.reloading.run()

    async def close(self) -> None:
        """Close the connections to webhooks."""
        if any(one.kind == WEBHOOK for one in self.authorizer.members):
            from steersman.apiserver.authz.reloading import close_webhooks

            await close_webhooks(self.authorizer.members)


@dataclass(frozen=True, slots=True)
class AuthorizationParts:
    """What authorizers are built into."""

    lookup: CollectionLookup
    clock: Clock
    random: Random
    metrics: Registry


def authorization_of(flags: AuthorizationFlags, parts: AuthorizationParts) -> Authorization:
    """Blocks for files. AuthorizationError."""
    metrics, here = AuthorizerMetrics(parts.metrics), _here(flags, parts.lookup)
    if flags.authorization_config is not None:
        return _configured(flags.authorization_config, parts, metrics, here)
    _check_modes(flags)
    members = []
    for mode in flags.authorization_mode:
        if mode == WEBHOOK:
            members.append(Member(mode, "default", _webhook(flags, parts, metrics)))
        else:
            members.append(Member(mode, mode.lower(), here[mode]()))
    return Authorization(UnionAuthorizer(members, metrics))


def check_authorization(flags: AuthorizationFlags, given: Collection[str]) -> None:
    """AuthorizationError for what doesn't go together, or a file that can't be used. Blocks.

    given: the names of the flags that were given, whatever they say.
    """
    if flags.authorization_config is None:
        _check_modes(flags)
    elif MODE_FLAGS & set(given):
        raise AuthorizationError(
            "--authorization-config can not be specified when --authorization-mode or --authorization-webhook-* flags "
            "are defined"
        )
    if flags.authorization_policy_file is not None:
        _policies(flags.authorization_policy_file)
    if flags.authorization_config is not None or WEBHOOK in flags.authorization_mode:
        authorization_of(flags, AuthorizationParts(CollectionLookup(), RealClock(), Random(), Registry()))


def _here(flags: AuthorizationFlags, lookup: CollectionLookup) -> Mapping[str, Callable[[], Authorizer]]:
    """The authorizers in this process, by mode."""
    makers: dict[str, Callable[[], Authorizer]] = {
        "AlwaysAllow": AlwaysAllow,
        "AlwaysDeny": Nobody,
        "Node": lambda: NodeAuthorizer(NodeRelations(lookup), NODE_RULES),
        "RBAC": lambda: RBACAuthorizer(lookup),
    }
    file = flags.authorization_policy_file
    if file is not None:
        makers["ABAC"] = lambda: ABACAuthorizer(_policies(file))
    return makers


def _configured(
    file: Path, parts: AuthorizationParts, metrics: AuthorizerMetrics, here: Mapping[str, Callable[[], Authorizer]]
) -> Authorization:
    # Expressions and all, which a start without them needn't wait for.
    from steersman.apiserver.authz.reloading import Reloading, Watched
    from steersman.cluster.webhookauthorizers import Makers

    makers = Makers(here, parts.clock, parts.random, metrics)
    try:
        content = file.read_bytes()
        union = UnionAuthorizer(makers.read(content), metrics)
    except (OSError, ConfigurationError) as error:
        raise AuthorizationError(f"authorization configuration {file}: {error}") from error
    return Authorization(union, Reloading(union, Watched(file, content, makers.read), parts.clock, parts.metrics))


def _webhook(flags: AuthorizationFlags, parts: AuthorizationParts, metrics: AuthorizerMetrics) -> Authorizer:
    from steersman.cluster.webhookauthorizers import Makers

    try:
        return Makers({}, parts.clock, parts.random, metrics).from_flags(flags)
    except ConfigurationError as error:
        raise AuthorizationError(str(error)) from error


def _check_modes(flags: AuthorizationFlags) -> None:
    modes = flags.authorization_mode
    has_policies, has_webhook = (
        flags.authorization_policy_file is not None,
        flags.authorization_webhook_config_file is not None,
    )
    if "ABAC" in modes and not has_policies:
        raise AuthorizationError("authorization-mode ABAC's authorization policy file not passed")
    if WEBHOOK in modes and not has_webhook:
        raise AuthorizationError("authorization-mode Webhook's authorization config file not passed")
    if has_policies and "ABAC" not in modes:
        raise AuthorizationError("cannot specify --authorization-policy-file without mode ABAC")
    if has_webhook and WEBHOOK not in modes:
        raise AuthorizationError("cannot specify --authorization-webhook-config-file without mode Webhook")


def _policies(file: Path) -> tuple[ABACPolicy, ...]:
    try:
        return read_policies(file.read_text())
    except (OSError, UnicodeDecodeError, PolicyError) as error:
        raise AuthorizationError(f"--authorization-policy-file {file}: {error}") from error
