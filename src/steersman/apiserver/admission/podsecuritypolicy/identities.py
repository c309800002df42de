"""The strategies for users, groups and SELinux labels: what a pod gets that says nothing, and what it may say. Pure.

Source: pkg/security/podsecuritypolicy/{user,group,selinux} as of 1.20.
"""

from collections.abc import Sequence

from steersman.api.core import SELinuxOptions
from steersman.api.policy.podsecuritypolicy import IDRange, IDStrategyOptions, SELinuxStrategyOptions
from steersman.api.policy.podsecurityrules import ANY, MAY, MUST, NOT_ROOT
from steersman.apimachinery.fielderrors import invalid_value, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.status import Cause


def is_usable_id(options: IDStrategyOptions | None, rules: Sequence[str] = (ANY, MUST, MAY)) -> bool:
    """A strategy that there is, with the ranges it needs."""
    if options is None:
        return True
    return options.rule in rules and (options.rule not in (MUST, MAY) or bool(options.ranges))


def default_id(options: IDStrategyOptions | None) -> int | None:
    """The number for who names none: the first that is allowed, where one must be named."""
    return options.ranges[0].min if options is not None and options.rule == MUST else None


def check_user(options: IDStrategyOptions, user: int | None, non_root: bool | None, path: Path) -> list[Cause]:
    """What is wrong with a container's user."""
    match options.rule:
        case "MustRunAs" if user is None:
            return [required(path.child("runAsUser"))]
        case "MustRunAs" if not _is_in(user, options.ranges):
            detail = f"must be in the ranges: {_listed(options.ranges)}"
            return [invalid_value(path.child("runAsUser"), user, detail)]
        case rule if rule == NOT_ROOT:
            return _check_not_root(user, non_root, path)
        case _:
            return []


def _check_not_root(user: int | None, non_root: bool | None, path: Path) -> list[Cause]:
    if non_root is None and user is None:
        return [required(path.child("runAsNonRoot"), "must be true")]
    if non_root is False:
        return [invalid_value(path.child("runAsNonRoot"), non_root, "must be true")]
    if user == 0:
        return [invalid_value(path.child("runAsUser"), user, "running with the root UID is forbidden")]
    return []


def check_groups(options: IDStrategyOptions | None, groups: Sequence[int], path: Path) -> list[Cause]:
    """What is wrong with groups, of which there must be some under MustRunAs."""
    if options is None or options.rule == ANY:
        return []
    faults = []
    if options.rule == MUST and not groups:
        faults.append(invalid_value(path, list(groups), "unable to validate empty groups against required ranges"))
    for group in groups:
        if not _is_in(group, options.ranges):
            detail = f"group {group} must be in the ranges: {_listed(options.ranges)}"
            faults.append(invalid_value(path, list(groups), detail))
    return faults


def _is_in(number: int | None, ranges: Sequence[IDRange]) -> bool:
    return number is not None and any(one.min <= number <= one.max for one in ranges)


def _listed(ranges: Sequence[IDRange]) -> str:
    return f"[{' '.join(f'{{{one.min} {one.max}}}' for one in ranges)}]"


def is_usable_label(options: SELinuxStrategyOptions) -> bool:
    """A strategy that there is, with the label it needs."""
    return options.rule == ANY or (options.rule == MUST and options.seLinuxOptions is not None)


def default_label(options: SELinuxStrategyOptions) -> SELinuxOptions | None:
    """The label for who names none."""
    return options.seLinuxOptions if options.rule == MUST else None


def check_label(options: SELinuxStrategyOptions, label: SELinuxOptions | None, path: Path) -> list[Cause]:
    """What is wrong with a label."""
    wanted = options.seLinuxOptions
    if options.rule != MUST or wanted is None:
        return []
    if label is None:
        return [required(path)]
    faults = []
    if not _is_same_level(wanted.level, label.level):
        faults.append(invalid_value(path.child("level"), label.level, f"must be {wanted.level}"))
    for field in ("role", "type", "user"):
        if getattr(wanted, field) != getattr(label, field):
            faults.append(invalid_value(path.child(field), getattr(label, field), f"must be {getattr(wanted, field)}"))
    return faults


def _is_same_level(one: str, other: str) -> bool:
    """Levels such as `s0:c1,c2` name their categories in any order."""
    if one == other:
        return True
    (first, colon, categories), (second, other_colon, others) = one.partition(":"), other.partition(":")
    if not colon or not other_colon or first != second:
        return False
    return sorted(categories.split(",")) == sorted(others.split(","))
