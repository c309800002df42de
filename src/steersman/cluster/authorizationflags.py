"""The API server's flags about authorization.

Source: pkg/kubeapiserver/options/authorization.go.
"""

from dataclasses import dataclass
from pathlib import Path

from steersman.cluster.auditflags import AuditFlags
from steersman.cluster.flagtexts import flag, path, words

MODES = ("ABAC", "AlwaysAllow", "AlwaysDeny", "Node", "RBAC")


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
