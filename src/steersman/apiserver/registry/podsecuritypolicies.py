"""PodSecurityPolicies, where they are served.

Source: pkg/registry/policy/podsecuritypolicy, pkg/printers/internalversion as of 1.20.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from steersman.api.policy.podsecuritypolicy import PodSecurityPolicy
from steersman.api.policy.podsecurityrules import default_policy, validate_policy
from steersman.apimachinery.status import Cause
from steersman.apiserver.registry.strategy import NAME_COLUMN, Column, Strategy


class PodSecurityPolicyStrategy(Strategy[PodSecurityPolicy]):
    """Strategy of pod security policies."""

    has_generation = False
    columns = (
        NAME_COLUMN,
        Column("Priv"),
        Column("Caps"),
        Column("SELinux"),
        Column("RunAsUser"),
        Column("FsGroup"),
        Column("SupGroup"),
        Column("ReadOnlyRootFs"),
        Column("Volumes"),
    )

    def default(self, obj: PodSecurityPolicy) -> PodSecurityPolicy:
        """See `default_policy`."""
        return default_policy(obj)

    def validate(self, obj: PodSecurityPolicy) -> Sequence[Cause]:
        """See `validate_policy`."""
        return validate_policy(obj)

    def row(self, obj: PodSecurityPolicy, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        spec = obj.spec
        return (
            obj.metadata.name,
            "true" if spec.privileged else "false",
            ",".join(spec.allowedCapabilities),
            spec.seLinux.rule,
            spec.runAsUser.rule,
            spec.fsGroup.rule,
            spec.supplementalGroups.rule,
            "true" if spec.readOnlyRootFilesystem else "false",
            ",".join(spec.volumes),
        )
