"""The API server's flags about authorization.

Source: pkg/kubeapiserver/options/authorization.go.
"""

from dataclasses import dataclass
from pathlib import Path

from steersman.cluster.auditflags import AuditFlags, one_of
from steersman.cluster.flagtexts import flag, path, seconds, words

WEBHOOK = "Webhook"
MODES = ("ABAC", "AlwaysAllow", "AlwaysDeny", "Node", "RBAC", WEBHOOK)


def modes(text: str) -> tuple[str, ...]:
    """Modes with commas between. ValueError for one that there isn't, or that stands twice."""
    found = words(text)
    for one in found:
        if one not in MODES:
            raise ValueError(f"authorization mode {one} is none of {', '.join(MODES)}")
    if len(set(found)) < len(found):
        raise ValueError("an authorization mode stands twice")
    if not found:
        raise ValueError("at least one authorization mode must be passed")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationFlags(AuditFlags):
    """The flags as read, with those of the groups before."""

    authorization_mode: tuple[str, ...] = flag(
        ("Node", "RBAC"), modes, f"who is asked, in order, whether a request is allowed: {', '.join(MODES)}"
    )
    authorization_policy_file: Path | None = flag(  # noqa: RUF009  # a path doesn't change
        None, path, "a file of policies, a JSON object a line, for the mode ABAC"
    )
    authorization_config: Path | None = flag(  # noqa: RUF009  # a path doesn't change
        None, path, "a file that says who decides about requests, in which order; it is read again when it changes"
    )
    authorization_webhook_config_file: Path | None = flag(  # noqa: RUF009  # a path doesn't change
        None, path, "a kubeconfig of the server that is asked in the mode Webhook"
    )
    authorization_webhook_version: str = flag(
        "v1beta1", one_of("v1", "v1beta1"), "the version of SubjectAccessReview it is asked in"
    )
    authorization_webhook_cache_authorized_ttl: float = flag(
        300.0, seconds, "how long it holds that something is allowed"
    )
    authorization_webhook_cache_unauthorized_ttl: float = flag(30.0, seconds, "how long it holds that it isn't")
