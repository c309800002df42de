"""The Pod Security Standards' levels and versions, and what a namespace's labels ask for.

Source: k8s.io/pod-security-admission/api.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

from steersman.apimachinery.fielderrors import invalid_value
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.status import Cause

PREFIX = "pod-security.kubernetes.io/"
LABELS = Path("metadata.labels")
_VERSION = re.compile(r"v1\.(0|[1-9][0-9]*)", re.ASCII)

T = TypeVar("T")


class Level(StrEnum):
    """How much pods may do, from everything to little."""

    PRIVILEGED = "privileged"
    BASELINE = "baseline"
    RESTRICTED = "restricted"

    @property
    def strictness(self) -> int:
        """Higher is stricter."""
        return list(Level).index(self)


@dataclass(frozen=True, slots=True)
class Version:
    """The Kubernetes release whose standards count; minor is None for the latest."""

    minor: int | None = None

    def __str__(self) -> str:
        return "latest" if self.minor is None else f"v1.{self.minor}"


@dataclass(frozen=True, slots=True)
class LevelVersion:
    """A level as of a release."""

    level: Level = Level.PRIVILEGED
    version: Version = Version()

    def __str__(self) -> str:
        return f"{self.level}:{self.version}"

    def is_like(self, other: "LevelVersion") -> bool:
        """Both mean the same: privileged does in every release."""
        return self == other or self.level is other.level is Level.PRIVILEGED


@dataclass(frozen=True, slots=True)
class Policy:
    """What is enforced, what is noted in the audit log, and what clients are warned of."""

    enforce: LevelVersion = LevelVersion()
    audit: LevelVersion = LevelVersion()
    warn: LevelVersion = LevelVersion()

    @property
    def is_privileged(self) -> bool:
        """Everything is allowed, and nobody wants to know."""
        return self.enforce.level is self.audit.level is self.warn.level is Level.PRIVILEGED

    def is_like(self, other: "Policy") -> bool:
        """Both mean the same."""
        modes = ((self.enforce, other.enforce), (self.audit, other.audit), (self.warn, other.warn))
        return all(one.is_like(another) for one, another in modes)


def read_level(text: str) -> Level:
    """A level by its name. ValueError in upstream's words."""
    try:
        return Level(text)
    except ValueError:
        raise ValueError("must be one of privileged, baseline, restricted") from None


def read_version(text: str) -> Version:
    """`latest` or `v1.x`. ValueError in upstream's words."""
    if text == "latest":
        return Version()
    found = _VERSION.fullmatch(text)
    if found is None:
        raise ValueError('must be "latest" or "v1.x"')
    return Version(int(found[1]))


def policy_of(labels: Mapping[str, str], defaults: Policy) -> tuple[Policy, list[Cause]]:
    """The policy of a namespace, and what is wrong with its labels.

    There is always a policy: what can't be read is enforced as restricted, and neither noted nor warned of.
    """
    faults: list[Cause] = []

    def read(label: str, reader: Callable[[str], T], default: T, otherwise: T) -> T:
        text = labels.get(PREFIX + label)
        if text is None:
            return default
        try:
            return reader(text)
        except ValueError as error:
            faults.append(invalid_value(LABELS.key(PREFIX + label), text, str(error)))
            return otherwise

    def mode(name: str, default: LevelVersion, otherwise: Level) -> LevelVersion:
        level = read(name, read_level, default.level, otherwise)
        return LevelVersion(level, read(f"{name}-version", read_version, default.version, Version()))

    if not any(label.startswith(PREFIX) for label in labels):
        return defaults, faults
    enforce = mode("enforce", defaults.enforce, Level.RESTRICTED)
    is_given = labels.get(PREFIX + "enforce") in set(Level)
    audit = mode("audit", defaults.audit, Level.PRIVILEGED)
    warn = mode("warn", defaults.warn, Level.PRIVILEGED)
    # Who asks for more than the default is to be told of workloads that won't get pods.
    if PREFIX + "warn" not in labels and is_given and enforce.level.strictness > warn.level.strictness:
        warn = replace(warn, level=enforce.level)
        if PREFIX + "warn-version" not in labels:
            warn = replace(warn, version=enforce.version)
    return Policy(enforce, audit, warn), faults
