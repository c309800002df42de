"""The flags of leader election, under kube-controller-manager's and kube-scheduler's names.

Source: component-base/config/options: BindLeaderElectionFlags.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from steersman.cluster.flagtexts import FlagError, flag, seconds, yes_or_no

# Source: client-go tools/leaderelection: JitterFactor.
JITTER = 1.2


@dataclass(frozen=True, slots=True, kw_only=True)
class ElectionFlags:
    """The flags as read. Unless it is said, leaders are elected where several API servers can be: on an etcd.

    A cluster on its own database has one control plane; its controllers needn't wait for the lease of a predecessor
    that was killed, and write nothing while idle.
    """

    leader_elect: bool | None = flag(
        None, yes_or_no, "whether controllers and scheduler work only while they hold a lease; as a rule on etcd"
    )
    leader_elect_lease_duration: float = flag(15.0, seconds, "how long others honour a lease, 15s")
    leader_elect_renew_deadline: float = flag(10.0, seconds, "how long a leader tries to renew it, 10s")
    leader_elect_retry_period: float = flag(2.0, seconds, "how long between two tries, 2s")
    leader_elect_resource_namespace: str = flag("kube-system", str, "where the leases are")


def helps() -> dict[str, str]:
    """What each flag is for, by its name without leading hyphens."""
    return {one.name.replace("_", "-"): str(one.metadata["help"]) for one in fields(ElectionFlags)}


def read_flags(texts: Mapping[str, str]) -> ElectionFlags:
    """The flags of texts by name. FlagError for what can't be read or doesn't go together."""
    known = {one.name.replace("_", "-"): one for one in fields(ElectionFlags)}
    values = {}
    for name, text in texts.items():
        try:
            values[known[name].name] = known[name].metadata["read"](text)
        except ValueError as error:
            raise FlagError(f"--{name} {text}: {error}") from error
    flags = ElectionFlags(**values)
    if flags.leader_elect_lease_duration <= flags.leader_elect_renew_deadline:
        raise FlagError("leaseDuration must be greater than renewDeadline")
    if flags.leader_elect_renew_deadline <= flags.leader_elect_retry_period * JITTER:
        raise FlagError("renewDeadline must be greater than retryPeriod*JitterFactor")
    return flags
