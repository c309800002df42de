"""Attribute-based access control: a file of policies, one JSON object a line; a request that one covers is allowed.

Source: pkg/auth/authorizer/abac; pkg/apis/abac/v1beta1: ConvertToInternal.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace

from steersman.apiserver.attributes import Decision
from steersman.apiserver.request import RequestInfo
from steersman.apiserver.user import AUTHENTICATED_GROUP, UserInfo

ALL = "*"
VERSIONS = ("abac.authorization.kubernetes.io/v1beta1", "abac.authorization.kubernetes.io/v0")
READS = ("get", "list", "watch")


class PolicyError(Exception):
    """A line that is no policy; the message says which."""


@dataclass(frozen=True, slots=True)
class ABACPolicy:
    """Who may do what. An empty field covers nothing, but for user and group: one of them is enough."""

    user: str = ""
    group: str = ""
    readonly: bool = False
    apiGroup: str = ""  # as the file writes it
    resource: str = ""
    namespace: str = ""
    nonResourcePath: str = ""  # as the file writes it

    def allows(self, user: UserInfo, request: RequestInfo) -> bool:
        """Whether it is about this user and covers the request."""
        if not self._is_about(user) or (self.readonly and request.verb not in READS):
            return False
        if request.is_resource:
            return (
                self.namespace in (ALL, request.namespace)
                and self.resource in (ALL, request.resource)
                and self.apiGroup in (ALL, request.group)
            )
        pattern = self.nonResourcePath
        if pattern in (ALL, request.path):
            return True
        return pattern.endswith(ALL) and request.path.startswith(pattern[:-1])

    def _is_about(self, user: UserInfo) -> bool:
        if not self.user and not self.group:
            return False
        return self.user in ("", user.name) and (not self.group or self.group in user.groups)


class ABACAuthorizer:
    """Allows what a policy allows."""

    def __init__(self, policies: Iterable[ABACPolicy]) -> None:
        self._policies = tuple(policies)

    def authorize(self, user: UserInfo, request: RequestInfo) -> Decision:
        """Source of Authorizer.authorize."""
        if any(policy.allows(user, request) for policy in self._policies):
            return Decision(True)
        return Decision(False, "No policy matched.")


def read_policies(text: str) -> tuple[ABACPolicy, ...]:
    """The policies of a file; empty lines and those that begin with # don't count. PolicyError."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            found.append(_policy(line, f"line {number}"))
    return tuple(found)


def _policy(line: str, where: str) -> ABACPolicy:
    try:
        written = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise PolicyError(f"{where}: {error}") from error
    if not isinstance(written, dict):
        raise PolicyError(f"{where}: it is no object")
    version = written.get("apiVersion", VERSIONS[1])
    if version not in VERSIONS or written.get("kind", "Policy") != "Policy":
        raise PolicyError(f"{where}: it is no Policy of {VERSIONS[0]}")
    if version == VERSIONS[1]:
        return _older(written, where)
    return _made(written.get("spec"), where)


def _made(spec: object, where: str) -> ABACPolicy:
    if not isinstance(spec, dict):
        raise PolicyError(f"{where}: it has no spec")
    known = {one.name: bool if one.name == "readonly" else str for one in fields(ABACPolicy)}
    for name, value in spec.items():
        if name not in known:
            raise PolicyError(f"{where}: there is no field {name}")
        if not isinstance(value, known[name]):
            raise PolicyError(f"{where}: {name} isn't {'true or false' if name == 'readonly' else 'a text'}")
    policy = ABACPolicy(**spec)
    if ALL in (policy.user, policy.group):
        # Everybody is everybody who has logged in.
        return replace(policy, user="", group=AUTHENTICATED_GROUP)
    return policy


def _older(written: Mapping[str, object], where: str) -> ABACPolicy:
    """The first form, where what isn't said is everything. Source: pkg/apis/abac/v0/conversion.go."""
    known = {"user", "group", "readonly", "resource", "namespace", "kind", "apiVersion"}
    if unknown := set(written) - known:
        raise PolicyError(f"{where}: there is no field {min(unknown)}")
    spec = {name: value for name, value in written.items() if name not in ("kind", "apiVersion")}
    about = {} if spec.get("user") or spec.get("group") else {"group": AUTHENTICATED_GROUP}
    limits = {name: spec.get(name) or ALL for name in ("resource", "namespace")}
    whole = {} if spec.get("resource") or spec.get("namespace") else {"nonResourcePath": ALL}
    return _made({**spec, **about, **limits, **whole, "apiGroup": ALL}, where)
