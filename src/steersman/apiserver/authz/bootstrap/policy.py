"""How the first roles are written down, compactly: verbs, groups and resources as words in a string."""

from dataclasses import dataclass

from steersman.api.rbac import PolicyRule


@dataclass(frozen=True, slots=True)
class BootstrapRole:
    """A cluster role. aggregates: it is made of all roles that say `aggregates_to` the same word."""

    name: str
    rules: tuple[PolicyRule, ...] = ()
    aggregates: str = ""
    aggregates_to: str = ""


@dataclass(frozen=True, slots=True)
class BootstrapBinding:
    """A cluster role binding of the same name as its role, unless one is given."""

    role: str
    groups: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    name: str = ""


def allow(verbs: str, groups: str, resources: str, names: str = "") -> PolicyRule:
    """A rule about resources; the group `core` stands for the one without a name."""
    return PolicyRule(
        verbs=tuple(verbs.split()),
        apiGroups=tuple("" if group == "core" else group for group in groups.split()),
        resources=tuple(resources.split()),
        resourceNames=tuple(names.split()),
    )


def url(verbs: str, urls: str) -> PolicyRule:
    """A rule about paths that aren't resources."""
    return PolicyRule(verbs=tuple(verbs.split()), nonResourceURLs=tuple(urls.split()))
